// The dialogs: filter, agreement, and the help, in which every action can be done and every key be changed.

import { json } from "./api.js";
import { $, count, el } from "./dom.js";
import { keyOf, spelled } from "./keys.js";
import { agreement } from "./panels.js";
import { set, settings } from "./settings.js";

const head = (id, title) => el("div", { class: "head" }, el("h2", { id: `${id}-title` }, title),
  el("button", { type: "button", class: "icon", "aria-label": "close", onclick: () => $(id).close() }, "×"));

/** A dialog that a click beside it closes. */
export function prepare(id) {
  const dialog = $(id);
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  return dialog;
}

// Filter.

const states = [["all", "all"], ["undecided", "undecided"], ["decided", "decided"], ["excluded", "excluded"]];
const keepings = [["all", "kept and dropped"], ["kept", "kept"], ["dropped", "dropped"]];

export class Filter {
  #values = {};
  #asked = 0;

  constructor(session, apply) {
    this.dialog = prepare("filter");
    Object.assign(this, { session, apply });
    const choices = (list) => list.map(([value, text]) => el("option", { value }, text));
    const fields = session.form.fields.filter((field) => field.choices.length);
    const select = (name, label, list) => el("label", {}, label, el("select", { name }, choices(list)));
    this.form = el("form", { method: "dialog" },
      select("state", "Decisions", states), select("kept", "Ingest", keepings),
      fields.length > 0 && select("chosen", "Decided as", [["", "anything"], ...fields.flatMap((field) =>
        field.choices.map((choice) => [`${field.name}=${choice.value}`, `${field.title}: ${choice.title}`]))]),
      el("label", {}, "Name contains", el("input", { name: "text", type: "search", autocomplete: "off", spellcheck: false })),
      !session.blind && el("label", { class: "wide" }, "Where (SQL)", el("input", { name: "where", type: "text", autocomplete: "off", spellcheck: false, placeholder: "frames > 30" })),
      el("p", { id: "found", class: "wide", role: "status" }),
      el("div", { class: "wide actions" }, el("button", { type: "button", onclick: () => this.clear() }, "Show all"), el("button", { class: "main" }, "Done")));
    this.form.addEventListener("input", (event) => this.#later(event.target.name === "where" ? 600 : 120));
    this.form.addEventListener("submit", () => { clearTimeout(this.#asked); this.#ask(); });
    this.dialog.append(head("filter", "Filter"), this.form);
  }

  open() { this.#count(); this.dialog.showModal(); this.form.elements.state.focus(); }

  clear() { this.form.reset(); this.#later(0); }

  #later(wait) { clearTimeout(this.#asked); this.#asked = setTimeout(() => this.#ask(), wait); }

  #count(text) { $("found").textContent = text ?? `${count(this.found ?? this.session.total)} of ${count(this.session.total)} clips`; }

  async #ask() {
    const values = Object.fromEntries(new FormData(this.form)), [field, value] = (values.chosen ?? "").split(/=(.*)/);
    const asked = { state: values.state, kept: values.kept, field, value, text: values.text.trim(), where: values.where?.trim() ?? "" };
    const given = Object.entries(asked).filter(([, one]) => one && one !== "all");
    if (JSON.stringify(given) === JSON.stringify(this.#values)) return;
    this.#values = given;
    try {
      const places = given.length ? (await json(`/api/filter?${new URLSearchParams(given)}`)).places : null;
      if (this.#values !== given) return;
      this.found = places?.length;
      this.#count(places?.length === 0 ? "No clip is like this." : undefined);
      if (places?.length !== 0) this.apply(places, given.map(([name, one]) => (name === "state" || name === "kept" ? one : name === "field" ? "" : one)).filter(Boolean).join(", "));
    } catch (refusal) {
      this.#values = null;
      this.#count(refusal.words ?? refusal.message);
    }
  }
}

// Agreement.

export async function showAgreement(blind) {
  const dialog = $("agreement"), body = el("div", {}, el("p", { class: "quiet" }, "counting…"));
  dialog.replaceChildren(head("agreement", "Agreement"), body);
  dialog.showModal();
  try {
    if (blind) throw new Error("In a blinded reading nobody sees how others decided.");
    body.replaceChildren(...agreement(await json("/api/agreement")));
  } catch (refusal) {
    body.replaceChildren(el("p", { class: "quiet" }, refusal.words ?? refusal.message));
  }
}

// Help.

const paces = [["complete", "when every choice is made"], ["clip", "after keep or exclude"], ["never", "never"]];

export class Help {
  constructor(session, keys, { act, changed, theme }) {
    this.dialog = prepare("help");
    Object.assign(this, { session, keys, act, changed, theme });
  }

  open() {
    this.#draw();
    this.dialog.showModal();
    this.dialog.scrollTop = 0;
  }

  #draw() {
    const option = (name, list) => el("select", { onchange: (event) => { set(name, event.target.value); if (name === "theme") this.theme(); } },
      list.map(([value, text]) => el("option", { value, selected: settings[name] === value }, text)));
    this.dialog.replaceChildren(
      head("help", "Keys and settings"),
      el("p", { class: "quiet" }, "Choose a name to do it. Choose a key, then press another, to change it."),
      el("div", { class: "groups" }, this.keys.groups.map((group) => el("section", {}, el("h3", {}, group.title),
        el("ul", {}, group.actions.map((action) => this.#action(action)))))),
      el("section", { class: "settings" }, el("h3", {}, "Settings"),
        el("label", {}, "To the next clip", option("advance", paces)),
        el("label", {}, "Colours", option("theme", [["dark", "dark"], ["light", "light"], ["auto", "as the system"]])),
        el("button", { type: "button", onclick: () => { this.keys.reset(); this.changed(); this.#draw(); } }, "Keys as they were")),
      el("p", { class: "quiet" }, "In the sheet the arrows move, Shift with an arrow or a click selects a range, a key decides all of it, Enter opens a clip."),
      el("p", { class: "quiet" }, `${this.session.program} · form version ${this.session.form.version}`));
  }

  #action({ name, text, ofForm }) {
    const keys = this.keys.of(name);
    const button = el("button", { type: "button", class: "key", "aria-label": `change the key of ${text}: ${keys.map(spelled).join(" or ") || "none"}` },
      keys.length ? keys.map((key) => el("kbd", {}, spelled(key))) : el("kbd", { class: "none" }, "none"));
    button.addEventListener("click", () => this.#listen(button, name));
    return el("li", { class: ofForm ? "ofForm" : "" },
      el("button", { type: "button", class: "link", onclick: () => { this.dialog.close(); this.act(name); } }, text), button);
  }

  /** The next key is that action's; Escape leaves it. */
  #listen(button, name) {
    button.replaceChildren(el("kbd", { class: "asked" }, "press a key"));
    const heard = (event) => {
      if (["Shift", "Control", "Alt", "Meta", "Tab"].includes(event.key)) return;
      event.preventDefault();
      event.stopPropagation();
      done();
      if (event.key !== "Escape") { this.keys.assign(name, keyOf(event)); this.changed(); }
      const at = this.dialog.scrollTop;
      this.#draw();
      this.dialog.scrollTop = at;
      this.dialog.querySelector(`[aria-label^="change the key of ${CSS.escape(this.keys.text(name))}:"]`)?.focus();
    };
    const done = () => { removeEventListener("keydown", heard, true); button.removeEventListener("blur", left); };
    const left = () => { done(); };
    addEventListener("keydown", heard, true);
    button.addEventListener("blur", left);
  }
}
