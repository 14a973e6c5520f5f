// What is shown of the clip that is looked at, and how one gets to the next.

import { act } from "./actions.js";
import { json } from "./api.js";
import { Clips } from "./clips.js";
import { Deciding } from "./deciding.js";
import { Filter, Help, prepare } from "./dialogs.js";
import { $, count, el, kbd, plural } from "./dom.js";
import { Form, inShort } from "./form.js";
import { Keys } from "./keys.js";
import * as panels from "./panels.js";
import { set, settings } from "./settings.js";
import { Sheet, Sprites } from "./sheet.js";
import { Stage } from "./stage.js";
import { Strip } from "./strip.js";

/** Tools at the foot: action, what stands on it, whether a narrow page has it too. */
const tools = [
  ["previous", "", "‹", true], ["next", "clip", "›", true], ["previousStudy", "", "«", false], ["nextStudy", "study", "»", false],
  ["undecided", "undecided", "○", true], ["undo", "undo", "↶", true], ["redo", "redo", "↷", false], ["source", "source", "", false],
  ["evidence", "evidence", "", false], ["predictions", "predictions", "", false], ["reveal", "reveal", "", false], ["sheet", "sheet", "▦", true],
  ["filter", "filter", "", false], ["help", "help", "☰", true],
];

export class Review {
  place = 0;
  since = performance.now();

  constructor(session) {
    this.session = session;
    this.form_ = session.form;
    this.fields = new Map(session.form.fields.map((field) => [field.name, field]));
    this.name = session.reading;
    this.clips = new Clips(session, (from, length) => this.#listArrived(from, length));
    this.keys = new Keys(session);
    this.sprites = new Sprites(session.tiles);
    this.deciding = new Deciding(this);
    const common = { clips: this.clips, form: this.form_, sprites: this.sprites };
    this.stage = new Stage({ swiped: (by) => act(this, by > 0 ? "next" : "previous") });
    this.strip = new Strip($("strip"), { ...common, open: (place) => this.go(place) });
    this.sheet = new Sheet($("sheet"), { ...common, open: (position) => { this.sheet.at = position; this.toggleSheet(false); }, moved: () => this.head() });
    const deciding = { choose: (field, value) => this.deciding.choose(field, value), write: (field, place, value) => this.deciding.decide(field, [[place, value]]) };
    this.form = new Form($("form"), session, this.keys, deciding);
    this.short = new Form($("choices"), session, this.keys, deciding, true);
    this.filter = new Filter(session, (places, words) => this.#filtered(places, words));
    this.help = new Help(session, this.keys, {
      act: (action) => act(this, action), theme: () => this.theme(), changed: () => { this.form.nameKeys(); this.short.nameKeys(); this.#tools(); },
    });
    $("range").addEventListener("click", () => $("range").setAttribute("aria-pressed", this.sheet.selecting = !this.sheet.selecting));
    prepare("agreement");
  }

  start() {
    const { session } = this;
    $("reading").textContent = [session.rater, session.role === "adjudicator" && "adjudicator", `round ${session.round}`].filter(Boolean).join(" · ");
    $("progress").max = Math.max(1, session.total);
    this.#tools();
    this.progress(session.decided);
    document.body.dataset.mode = "single";
    const before = Number(sessionStorage.getItem(`echoprep.place.${this.name}`) ?? NaN);
    this.deciding.outbox.run();
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
    this.facts = null;
    this.stage.facts(null);
    // Nothing of another clip stands beside this one; what is here already comes back before anything is drawn.
    for (const part of ["why", "labels", "predictions"]) $(part).style.visibility = "hidden";
    this.head();
    this.form.show(place, this.clips.decisions(place));
    this.strip.show(position, !this.sheet.shown);
    const near = [1, 2, 3, -1].map((by) => this.clips.place(position + by)).filter((one) => one !== undefined);
    this.clips.near(place, near);
    const clip = this.clips.frames(place), cold = !clip.arrived && !clip.still?.arrived;
    this.panels(place);
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

  async panels(place) {
    const asked = this.clips.facts(place);
    try {
      const facts = await asked;
      if (this.place !== place) return;
      this.facts = facts;
      this.stage.facts(facts);
      this.drawFacts();
    } catch (refusal) {
      if (this.place !== place) return;
      $("why").style.visibility = "";
      $("why").replaceChildren(el("p", { class: "quiet" }, refusal.words ?? refusal.message));
    }
  }

  drawFacts() {
    const { facts } = this;
    for (const part of ["why", "labels"]) $(part).style.visibility = "";
    $("why").replaceChildren(...panels.why(facts));
    $("labels").replaceChildren(...panels.labels(facts, settings.evidence, this.keys));
    const blinding = $("blinding");
    blinding.textContent = facts.revealed ? "revealed, recorded" : facts.blind ? "blinded" : "not blinded";
    blinding.dataset.state = facts.revealed ? "revealed" : facts.blind ? "blind" : "open";
    $("stage").dataset.kept = facts.kept;
    this.head();
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
    if (this.place !== place) return;
    box.style.visibility = "";
    box.replaceChildren(...panels.predictions(found, this.keys, (there) => this.go(there)));
  }

  head() {
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
      this.head();
      this.form.show(this.place, this.clips.decisions(this.place));
    }
    if (!this.sheet.shown) this.strip.show(this.clips.position(this.place));
    this.sheet.repaintAll();
  }

  progress(decided) {
    this.session.decided = decided;
    $("decided").replaceChildren(el("b", {}, count(decided)), " decided");
    $("progress").value = decided;
  }

  async studyBy(by) {
    const { clips } = this, start = this.place, mine = (await clips.known(start))?.study;
    let position = clips.position(start), place, study;
    const walk = async () => { position += by; place = clips.place(position); study = (await clips.known(place))?.study; };
    do await walk(); while (place !== undefined && study === mine);
    if (place === undefined || this.place !== start) return;
    // Backwards, to the study's first clip.
    for (const there = study; by < 0 && place !== undefined && study === there;) await walk();
    if (this.place === start) this.go(clips.place(by < 0 ? position + 1 : position));
  }

  async undecided() {
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
    if (this.sheet.shown) { this.sheet.hide(); this.sheet.show(this.clips.position(place)); this.head(); }
    if (place !== this.place) this.go(place); else { this.head(); this.strip.show(this.clips.position(place), !this.sheet.shown); }
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
      this.head();
    } else {
      const place = this.clips.place(this.sheet.at);
      this.sheet.hide();
      this.stage.player.play(this.playedOn);
      this.go(place);
    }
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


}
