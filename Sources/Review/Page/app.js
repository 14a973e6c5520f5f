// The page of `echoprep review` begins.

import { act, pressed } from "./actions.js";
import { json } from "./api.js";
import { $, el } from "./dom.js";
import { Review } from "./review.js";
import { settings } from "./settings.js";

const icon = new Blob(['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M8 2 2 13q6 3 12 0z" fill="#62b4ec"/></svg>'], { type: "image/svg+xml" });
document.head.append(el("link", { rel: "icon", href: URL.createObjectURL(icon) }));

const fault = (text) => { $("fault").hidden = !text; $("fault").replaceChildren(el("div", {}, el("h2", {}, "echoprep review"), el("p", {}, text))); };

async function begin() {
  for (;;) {
    try {
      const review = new Review(await json("/api/session"));
      fault("");
      return review;
    } catch (refusal) {
      if (refusal.status === undefined) throw refusal;
      if (refusal.status === 401) fault("This address is no longer valid. Open the one that echoprep review printed last; what you pressed is kept until then.");
      else fault(refusal.words);
      if (refusal.status === 401) return new Promise(() => {});
      await new Promise((done) => setTimeout(done, 1000));
    }
  }
}

document.documentElement.dataset.theme = settings.theme === "light" || (settings.theme === "auto" && matchMedia("(prefers-color-scheme: light)").matches) ? "light" : "dark";
const review = await begin();
addEventListener("keydown", (event) => pressed(review, event));
addEventListener("click", (event) => {
  const action = event.target.closest?.("[data-action]")?.dataset.action;
  if (action) act(review, action);
});
// A button that a pointer pressed does not take the space bar from the player.
addEventListener("mousedown", (event) => { if (event.target.closest?.("main button, footer button, header button")) event.preventDefault(); });
addEventListener("resize", () => { if (!review.sheet.shown && document.body.dataset.mode === "single") review.strip.show(review.clips.position(review.place)); });
matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => review.theme());
review.start();
