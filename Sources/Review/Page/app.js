// The page of `echoprep review`: what a key does, and what is shown of the clip that is looked at.

import { json } from "./api.js";
import { Clips } from "./clips.js";
import { Filter, Help, prepare, showAgreement } from "./dialogs.js";
import { $, count, el, kbd, plural } from "./dom.js";
import { Form, choose, complete, inShort } from "./form.js";
import { Keys } from "./keys.js";
import { Outbox } from "./outbox.js";
import * as panels from "./panels.js";
import { set, settings } from "./settings.js";
import { Sheet, Sprites } from "./sheet.js";
import { Stage } from "./stage.js";
import { Strip } from "./strip.js";

const mostAtOnce = 10000;

/** Tools at the foot: action, what stands on it, whether a narrow page has it too. */
const tools = [
  ["previous", "", "‹", true], ["next", "clip", "›", true], ["previousStudy", "", "«", false], ["nextStudy", "study", "»", false],
  ["undecided", "undecided", "○", true], ["undo", "undo", "↶", true], ["redo", "redo", "↷", false], ["source", "source", "", false],
  ["evidence", "evidence", "", false], ["predictions", "predictions", "", false], ["reveal", "reveal", "", false], ["sheet", "sheet", "▦", true],
  ["filter", "filter", "", false], ["help", "help", "☰", true],
];

class Review {
  place = 0;
  since = performance.now();

  constructor(session) {
    this.session = session;
    this.form_ = session.form;
    this.fields = new Map(session.form.fields.map((field) => [field.name, field]));
    this.name = session.reading ?? `${session.rater}.${session.round}.${session.total}.${session.form.version}`;
    this.clips = new Clips(session, (from, length) => this.#listArrived(from, length));
    this.keys = new Keys(session);
    this.sprites = new Sprites(session.tiles);
    this.outbox = new Outbox(this.name, {
      told: (state, waiting, refusal) => this.#told(state, waiting, refusal),
      answered: (entries, answer) => this.#answered(entries, answer),
      refused: (entry, refusal) => this.#refused(entry, refusal),
    });
    this.#decideWaiting();
    const common = { clips: this.clips, form: this.form_, sprites: this.sprites };
    this.stage = new Stage({ swiped: (by) => this.act(by > 0 ? "next" : "previous") });
    this.strip = new Strip($("strip"), { ...common, open: (place) => this.go(place) });
    this.sheet = new Sheet($("sheet"), { ...common, open: (position) => { this.sheet.at = position; this.toggleSheet(false); }, moved: () => this.#head() });
    const deciding = { choose: (field, value) => this.choose(field, value), write: (field, place, value) => this.decide(field, [[place, value]]) };
    this.form = new Form($("form"), session, this.keys, deciding);
    this.short = new Form($("choices"), session, this.keys, deciding, true);
    this.filter = new Filter(session, (places, words) => this.#filtered(places, words));
    this.help = new Help(session, this.keys, {
      act: (action) => this.act(action), theme: () => this.theme(), changed: () => { this.form.nameKeys(); this.short.nameKeys(); this.#tools(); },
    });
    $("range").addEventListener("click", () => $("range").setAttribute("aria-pressed", this.sheet.selecting = !this.sheet.selecting));
    prepare("agreement");
  }

  /** What was pressed and is not stored yet counts above what is. */
  #decideWaiting() {
    for (const { kind, places, decision } of this.outbox.waiting) if (kind === "decide") for (const place of places) this.clips.decide(place, decision.field, decision.value);
  }

  start() {
    const { session } = this;
    $("reading").textContent = [session.rater, session.role === "adjudicator" && "adjudicator", `round ${session.round}`].filter(Boolean).join(" · ");
    $("progress").max = Math.max(1, session.total);
    this.#tools();
    this.#progress(session.decided);
    document.body.dataset.mode = "single";
    const before = Number(sessionStorage.getItem(`echoprep.place.${this.name}`) ?? NaN);
    this.outbox.run();
    if (session.total) this.go(Number.isInteger(before) && before < session.total ? before : session.place ?? 0);
    else this.stage.say("No clip is in this reading.");
  }

  // Where one is.

  /** Shows the clip at `place`: what is here at once, the rest when it comes. */
  async go(place) {
    if (place === undefined || place === null) return;
    const began = performance.now(), current = () => this.place === place;
    this.place = place;
    this.since = began;
    sessionStorage.setItem(`echoprep.place.${this.name}`, place);
    const position = this.clips.position(place);
    this.stage.facts(null);
    this.#head();
    this.form.show(place, this.clips.decisions(place));
    this.strip.show(position, !this.sheet.shown);
    const near = [1, 2, 3, -1].map((by) => this.clips.place(position + by)).filter((one) => one !== undefined);
    this.clips.near(place, near);
    const clip = this.clips.frames(place), cold = !clip.arrived;
    this.#panels(place);
    try {
      await this.stage.show(clip, this.clips.at(place), current);
    } catch (error) {
      if (current() && error.name !== "AbortError") this.stage.failed(error, () => { if (current()) { this.clips.forgetFacts(place); this.go(place); } });
    }
    if (!current()) return;
    requestAnimationFrame(() => setTimeout(() => {
      performance.measure("clip shown", { start: began, detail: { place, cold } });
    }));
    this.clips.prefetch(place, near);
  }

  async #panels(place) {
    const asked = this.clips.facts(place);
    try {
      const facts = await asked;
      if (this.place !== place) return;
      this.facts = facts;
      this.stage.facts(facts);
      this.#facts();
    } catch (refusal) {
      if (this.place === place) $("why").replaceChildren(el("p", { class: "quiet" }, refusal.words ?? refusal.message));
    }
  }

  #facts() {
    const { facts } = this;
    $("why").replaceChildren(...panels.why(facts));
    $("labels").replaceChildren(...panels.labels(facts, settings.evidence, this.keys));
    const blinding = $("blinding");
    blinding.textContent = facts.revealed ? "revealed, recorded" : facts.blind ? "blinded" : "not blinded";
    blinding.dataset.state = facts.revealed ? "revealed" : facts.blind ? "blind" : "open";
    $("stage").dataset.kept = facts.kept;
    this.#head();
    this.#predictions();
  }

  async #predictions() {
    const { place } = this, box = $("predictions");
    box.hidden = !settings.predictions;
    if (!settings.predictions) return;
    let found;
    if (this.facts.blind) found = { words: "Hidden, as the labels are, until you reveal them." };
    else if (!this.session.run) found = { words: "No model was given: start echoprep review with --run RUN." };
    else {
      try { found = await json(`/api/clip/${place}/predictions`); } catch (refusal) { found = { words: refusal.words ?? refusal.message }; }
    }
    if (this.place === place) box.replaceChildren(...panels.predictions(found, this.keys, (there) => this.go(there)));
  }

  #head() {
    const { clips, sheet } = this;
    if (sheet.shown) {
      const [from, to] = sheet.range, name = clips.at(clips.place(sheet.at))?.name ?? "";
      $("where").replaceChildren(el("b", {}, to > from ? `${plural(to - from + 1, "clip")} selected` : name),
        el("span", {}, `${count(sheet.at + 1)} of ${count(clips.count)}`));
      this.short.show(clips.place(sheet.at), clips.decisions(clips.place(sheet.at)));
      return;
    }
    const clip = clips.at(this.place), position = clips.position(this.place);
    const [study, name] = clip ? [clip.name.slice(0, Math.max(0, clip.name.lastIndexOf("/"))), clip.name.split("/").pop()] : ["", ""];
    $("where").replaceChildren(...[study && el("span", { class: "study" }, study), el("b", {}, name),
      el("span", {}, `${count(position + 1)} of ${count(clips.count)}`)].filter(Boolean));
    const tag = clip && !clip.kept ? `dropped: ${clip.reason ?? ""}` : "";
    if ($("tag").textContent !== tag) $("tag").textContent = tag;
    $("tag").hidden = !tag;
    $("clip").setAttribute("aria-label", `clip ${position + 1} of ${clips.count}${tag && `, ${tag}`}, ${inShort(this.form_, clips.decisions(this.place)) || "undecided"}`);
  }

  #listArrived(from, length) {
    if (this.place >= from && this.place < from + length) {
      this.#head();
      this.form.show(this.place, this.clips.decisions(this.place));
    }
    if (!this.sheet.shown) this.strip.show(this.clips.position(this.place));
    this.sheet.repaintAll();
  }

  #progress(decided) {
    this.session.decided = decided;
    $("decided").replaceChildren(el("b", {}, count(decided)), " decided");
    $("progress").value = decided;
  }

  async #studyBy(by) {
    const { clips } = this, start = this.place, mine = (await clips.known(start))?.study;
    let position = clips.position(start), place, study;
    const walk = async () => { position += by; place = clips.place(position); study = (await clips.known(place))?.study; };
    do await walk(); while (place !== undefined && study === mine);
    if (place === undefined || this.place !== start) return;
    // Backwards, to the study's first clip.
    for (const there = study; by < 0 && place !== undefined && study === there;) await walk();
    if (this.place === start) this.go(clips.place(by < 0 ? position + 1 : position));
  }

  async #undecided() {
    const { clips } = this, start = this.sheet.shown ? clips.place(this.sheet.at) : this.place;
    const from = clips.position(start);
    const reach = (place) => { if (this.sheet.shown) this.sheet.move(clips.position(place) - this.sheet.at); else this.go(place); };
    for (let step = 1; step <= Math.min(2000, clips.count); step++) {
      const place = clips.place((from + step) % clips.count), clip = clips.at(place) ?? await clips.known(place);
      if (clip && !clips.decided(place)) return reach(place);
    }
    if (clips.places) return this.say("Everything in this filter is decided.");
    for (let after = start; ;) {
      let { place } = await json(`/api/next?from=${after}&step=1`);
      if (place === undefined || place === null) ({ place } = await json("/api/next?from=-1&step=1"));
      if (place === undefined || place === null || place === start) return this.say("Everything is decided.");
      await clips.known(place);
      if (!clips.decided(place)) return reach(place);
      if (place === after) return undefined;
      after = place;
    }
  }

  #filtered(places, words) {
    this.clips.places = places;
    $("filtered").hidden = !places;
    $("filtered").textContent = places ? `${words}: ${count(places.length)}` : "";
    const position = this.clips.position(this.place), place = this.clips.place(Math.min(position, this.clips.count - 1));
    if (this.sheet.shown) { this.sheet.hide(); this.sheet.show(this.clips.position(place)); this.#head(); }
    if (place !== this.place) this.go(place); else { this.#head(); this.strip.show(this.clips.position(place), !this.sheet.shown); }
  }

  toggleSheet(on = !this.sheet.shown) {
    if (on === this.sheet.shown) return;
    $("single").hidden = on;
    $("decisions").hidden = !on;
    document.body.dataset.mode = on ? "sheet" : "single";
    if (on) {
      this.playedOn = this.stage.player.playing;
      this.stage.player.play(false);
      this.sheet.show(this.clips.position(this.place));
      this.#head();
    } else {
      const place = this.clips.place(this.sheet.at);
      this.sheet.hide();
      this.stage.player.play(this.playedOn);
      this.go(place);
    }
  }

  // Deciding.

  choose(field, value) {
    const places = this.sheet.shown ? this.sheet.selected : [this.place];
    if (places.length > mostAtOnce) return this.say(`At most ${count(mostAtOnce)} clips are decided at once.`, true);
    const had = places.map((place) => this.clips.decisions(place)[field.name] ?? null);
    const all = had.every((one) => (field.kind === "many" ? String(one ?? "").split("|").includes(value) : one === value));
    return this.decide(field, places.map((place, n) => [place, all || field.kind === "many" && !String(had[n] ?? "").split("|").includes(value)
      ? choose(field, value, had[n]) : field.kind === "many" ? had[n] : value]));
  }

  /** Decides `field` of places, each with its value: shown at once, sent in order, said to be saved when it is. */
  decide(field, values) {
    const { clips, sheet } = this, before = values.map(([place]) => complete(this.form_, clips.decisions(place)));
    const now = performance.now(), seconds = Math.round((now - this.since) / values.length / 100) / 10;
    const groups = new Map();
    const studies = new Set();
    for (const [place, value] of values) {
      const study = field.unit === "study" ? clips.at(place)?.study : undefined;
      if (study !== undefined && studies.has(study)) continue;
      if (study !== undefined) studies.add(study);
      groups.set(value, [...(groups.get(value) ?? []), place]);
    }
    for (const [place, value] of values) clips.decide(place, field.name, value);
    for (const [value, places] of groups) this.outbox.add("decide", { places, decision: { field: field.name, value, note: null, seconds } });
    const [[place, value]] = values;
    const title = value === null ? `${field.title.toLowerCase()} taken back`
      : field.choices.length ? String(value).split("|").map((one) => field.choices.find((choice) => choice.value === one)?.title ?? one).join(", ") : field.title.toLowerCase();
    this.say(`${values.length > 1 ? plural(values.length, "clip") : clips.at(place)?.name.split("/").pop() ?? `clip ${place + 1}`}: ${title}`);
    this.#decided(field.unit === "study" ? null : values.map(([one]) => one));
    const done = !before[0] && complete(this.form_, clips.decisions(place));
    const on = values.length === 1 && field.choices.length > 0 && field.kind !== "many" && value !== null && (!sheet.shown || place === clips.place(sheet.at));
    if (on && (settings.advance === "complete" ? done : settings.advance === "clip" && field.name === "clip")) this.act("next");
    if (sheet.shown) this.since = now;
  }

  /** Paints what changed: tiles of `places`, or all where it was a study. */
  #decided(places) {
    if (places) this.sheet.repaint(places); else this.sheet.repaintAll();
    this.form.show(this.place, this.clips.decisions(this.place));
    this.strip.mark(this.place);
    this.#head();
  }

  #told(state, waiting, refusal) {
    const saving = $("saving"), was = saving.dataset.state;
    const text = state === "saved" ? "saved" : state === "saving" ? "saving…" : `${count(waiting)} not saved, trying again`;
    if (saving.textContent !== text) saving.textContent = text;
    saving.dataset.state = state.split(" ")[0];
    if (refusal && was !== "trying") this.say(refusal.status === 401 ? "Open the address that was printed last: what you press is kept." : "No answer: what you press is kept and sent again.", true);
    if (state === "saved" && was === "trying") this.say("The program answers again: all is saved.");
  }

  #answered(entries, answer) {
    const [{ kind, place }] = entries;
    if (Number.isInteger(answer.decided)) this.#progress(answer.decided);
    if (kind === "undo" || kind === "redo") {
      const changes = answer.decisions ?? [answer];
      for (const change of changes) if (Number.isInteger(change.place)) this.clips.decide(change.place, change.field, change.value ?? null);
      this.#decideWaiting();
      const [first] = changes, title = this.fields.get(first.field)?.title.toLowerCase() ?? first.field;
      this.say(changes.length > 1 ? `${kind === "undo" ? "undone" : "redone"}: ${plural(changes.length, "decision")}`
        : `${kind === "undo" ? "undone" : "redone"}: ${title} is ${first.value ?? "open"}`);
      if (!Number.isInteger(first.place)) return;
      // Not where the answer comes late: one is somewhere else by then.
      if (Date.now() - entries[0].pressed < 1500) {
        if (this.sheet.shown) this.sheet.move(this.clips.position(first.place) - this.sheet.at);
        else if (first.place !== this.place) this.go(first.place);
      }
      this.#decided(this.clips.ofStudy.has(first.field) ? null : changes.map((change) => change.place));
    }
    if (kind === "reveal") {
      this.clips.forgetFacts();
      if (this.clips.at(place)?.study === this.clips.at(this.place)?.study) this.#panels(this.place);
    }
  }

  #refused(entry, refusal) {
    if ((entry.kind === "undo" || entry.kind === "redo") && refusal.status === 404) return this.say(`Nothing to ${entry.kind}.`);
    if (entry.kind === "decide") for (const place of entry.places) this.clips.takeBack(place, entry.decision.field);
    this.say(`Not stored: ${refusal.words}`, true);
    this.#decided(null);
    return undefined;
  }

  // What is said, and how it looks.

  say(text, bad = false) {
    $("said").textContent = text;
    $("said").className = bad ? "bad" : "";
  }

  theme(name = settings.theme) {
    set("theme", name);
    const light = name === "light" || (name === "auto" && matchMedia("(prefers-color-scheme: light)").matches);
    document.documentElement.dataset.theme = light ? "light" : "dark";
  }

  #tools() {
    $("tools").replaceChildren(...tools.map(([action, text, sign, narrow]) => el("button",
      { type: "button", class: narrow ? "" : "wide", "data-action": action, title: this.keys.text(action), "aria-label": this.keys.text(action) },
      sign && el("span", { class: "sign", "aria-hidden": "true" }, sign), kbd(this.keys.first(action)), text && el("span", { class: "text" }, text))));
  }

  // Actions by name: a key, a button and the help all come here.

  act(name) {
    const { clips, sheet, stage } = this;
    const inSheet = { next: 1, previous: -1, nextStudy: sheet.columns, previousStudy: -sheet.columns };
    if (sheet.shown && name in inSheet) return sheet.move(inSheet[name]);
    if (sheet.shown && ["play", "frameBack", "frameOn", "source", "overlays", "evidence", "predictions", "reveal"].includes(name)) this.toggleSheet(false);
    const [field, value] = name.split(/=(.*)/);
    if (value) return this.choose(this.fields.get(field), value);
    if (value === "") {
      if (sheet.shown) this.toggleSheet(false);
      return this.form.edit(field);
    }
    const position = clips.position(this.place);
    const actions = {
      next: () => (position + 1 < clips.count ? this.go(clips.place(position + 1)) : this.say("This is the last clip.")),
      previous: () => (position > 0 ? this.go(clips.place(position - 1)) : this.say("This is the first clip.")),
      nextStudy: () => this.#studyBy(1),
      previousStudy: () => this.#studyBy(-1),
      undecided: () => this.#undecided().catch((refusal) => this.say(refusal.words ?? refusal.message, true)),
      sheet: () => this.toggleSheet(),
      filter: () => this.filter.open(),
      play: () => stage.player.play(),
      frameBack: () => stage.player.step(-1),
      frameOn: () => stage.player.step(1),
      slower: () => stage.player.pace(-1),
      faster: () => stage.player.pace(1),
      source: () => stage.toggleSource(),
      overlays: () => stage.toggleOverlays(),
      evidence: () => { set("evidence", !settings.evidence); if (this.facts) this.#facts(); },
      predictions: () => { set("predictions", !settings.predictions); if (this.facts) this.#facts(); $("details").scrollTop = 0; },
      reveal: () => (this.facts && !this.facts.blind ? this.say("Nothing is hidden here.") : this.outbox.add("reveal", { place: this.place })),
      undo: () => this.outbox.add("undo"),
      redo: () => this.outbox.add("redo"),
      label: () => this.say("This form has no label of your own: add a field with the key T to it (--form)."),
      agreement: () => showAgreement(this.session.blind),
      theme: () => this.theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"),
      help: () => this.help.open(),
    };
    return actions[name]?.();
  }

  pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const dialog = document.querySelector("dialog[open]");
    if (dialog) {
      if (event.key !== "Escape" && !(event.key === "?" && dialog.id === "help")) return;
      dialog.close();
      return event.preventDefault();
    }
    const { target } = event, tag = target.tagName, { sheet } = this;
    if (tag === "TEXTAREA" || tag === "SELECT" || (tag === "INPUT" && target.type !== "range")) return;
    if (target.type === "range" && event.key.startsWith("Arrow")) return;
    if (tag === "BUTTON" && (event.key === " " || event.key === "Enter")) return;
    if (sheet.shown) {
      const far = { Home: -Infinity, End: Infinity, PageUp: -sheet.page, PageDown: sheet.page }[event.key];
      const arrow = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: sheet.columns, ArrowUp: -sheet.columns }[event.key];
      const by = far ?? (event.shiftKey ? arrow : undefined);
      if (by !== undefined) { sheet.move(Number.isFinite(by) ? by : by > 0 ? this.clips.count : -this.clips.count, event.shiftKey); return event.preventDefault(); }
      if (event.key === "Enter") { this.toggleSheet(false); return event.preventDefault(); }
      if (event.key === "Escape") { if (sheet.anchor !== null) sheet.clear(); else this.toggleSheet(false); return event.preventDefault(); }
    } else if (event.key === "PageDown" || event.key === "PageUp") {
      $("details").scrollBy({ top: (event.key === "PageDown" ? 0.85 : -0.85) * $("details").clientHeight });
      return event.preventDefault();
    } else if (event.key === "Escape" && this.stage.source) {
      this.stage.toggleSource(false);
      return event.preventDefault();
    }
    const action = this.keys.action(event);
    if (!action) return;
    event.preventDefault();
    // A key that is held goes on through clips and frames, and decides once.
    if (event.repeat && !/^(next|previous|frame)/.test(action)) return;
    this.act(action);
  }
}

// The page begins.

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
addEventListener("keydown", (event) => review.pressed(event));
addEventListener("click", (event) => {
  const action = event.target.closest?.("[data-action]")?.dataset.action;
  if (action) review.act(action);
});
// A button that a pointer pressed does not take the space bar from the player.
addEventListener("mousedown", (event) => { if (event.target.closest?.("main button, footer button, header button")) event.preventDefault(); });
addEventListener("resize", () => { if (!review.sheet.shown && document.body.dataset.mode === "single") review.strip.show(review.clips.position(review.place)); });
matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => review.theme());
review.start();
