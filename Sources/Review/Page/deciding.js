// What a choice makes of a clip: shown at once, sent in order, said to be saved when it is.

import { act } from "./actions.js";
import { $, count, plural } from "./dom.js";
import { choose, complete } from "./form.js";
import { Outbox } from "./outbox.js";
import { settings } from "./settings.js";

const mostAtOnce = 10000;

export class Deciding {
  /** How many decisions each key made that can be undone, or redone, at once; of an earlier day, one by one. */
  #made = [];
  #undone = [];

  constructor(review) {
    Object.assign(this, { review, clips: review.clips });
    this.outbox = new Outbox(review.name, {
      told: (state, waiting, refusal) => this.told(state, waiting, refusal),
      answered: (entries, answer) => this.answered(entries, answer),
      refused: (entry, refusal) => this.refused(entry, refusal),
    });
    this.#decideWaiting();
  }

  /** What was pressed and is not stored yet counts above what is. */
  #decideWaiting() {
    for (const { kind, places, decision } of this.outbox.waiting) if (kind === "decide") for (const place of places) this.clips.decide(place, decision.field, decision.value);
  }

  choose(field, value) {
    const places = this.review.sheet.shown ? this.review.sheet.selected : [this.review.place];
    if (places.length > mostAtOnce) return this.review.say(`At most ${count(mostAtOnce)} clips are decided at once.`, true);
    const had = places.map((place) => this.clips.decisions(place)[field.name] ?? null);
    const all = had.every((one) => (field.kind === "many" ? String(one ?? "").split("|").includes(value) : one === value));
    return this.decide(field, places.map((place, n) => [place, all || field.kind === "many" && !String(had[n] ?? "").split("|").includes(value)
      ? choose(field, value, had[n]) : field.kind === "many" ? had[n] : value]));
  }

  /** Decides `field` of places, each with its value: shown at once, sent in order, said to be saved when it is. */
  decide(field, values) {
    const { clips, review } = this, { sheet } = review, before = values.map(([place]) => complete(this.review.form_, clips.decisions(place)));
    const now = performance.now(), seconds = Math.round((now - this.review.since) / values.length / 100) / 10;
    const groups = new Map();
    const studies = new Set();
    for (const [place, value] of values) {
      const study = field.unit === "study" ? clips.at(place)?.study : undefined;
      if (study !== undefined && studies.has(study)) continue;
      if (study !== undefined) studies.add(study);
      if (!groups.has(value)) groups.set(value, []);
      groups.get(value).push(place);
    }
    for (const [place, value] of values) clips.decide(place, field.name, value);
    this.#made.push([...groups.values()].reduce((sum, places) => sum + places.length, 0));
    this.#undone = [];
    for (const [value, places] of groups) this.outbox.add("decide", { places, decision: { field: field.name, value, note: null, seconds } });
    const [[place, value]] = values;
    const title = value === null ? `${field.title.toLowerCase()} taken back`
      : field.choices.length ? String(value).split("|").map((one) => field.choices.find((choice) => choice.value === one)?.title ?? one).join(", ") : field.title.toLowerCase();
    this.review.say(`${values.length > 1 ? plural(values.length, "clip") : clips.at(place)?.name.split("/").pop() ?? `clip ${place + 1}`}: ${title}`);
    this.#decided(field.unit === "study" ? null : values.map(([one]) => one));
    const done = !before[0] && complete(this.review.form_, clips.decisions(place));
    const on = values.length === 1 && field.choices.length > 0 && field.kind !== "many" && value !== null && (!sheet.shown || place === clips.place(sheet.at));
    if (on && (settings.advance === "complete" ? done : settings.advance === "clip" && field.name === "clip")) act(this.review, "next");
    if (sheet.shown) this.review.since = now;
  }

  undo() { this.#take("undo", this.#made, this.#undone); }
  redo() { this.#take("redo", this.#undone, this.#made); }

  #take(kind, from, to) {
    const count = from.pop() ?? 1;
    to.push(count);
    this.outbox.add(kind, { count });
  }

  /** Paints what changed: tiles of `places`, or all where it was a study. */
  #decided(places) {
    if (places) this.review.sheet.repaint(places); else this.review.sheet.repaintAll();
    this.review.form.show(this.review.place, this.clips.decisions(this.review.place));
    this.review.strip.mark(this.review.place);
    this.review.head();
  }

  told(state, waiting, refusal) {
    const saving = $("saving"), was = saving.dataset.state;
    const text = state === "saved" ? "saved" : state === "saving" ? "saving…" : `${count(waiting)} not saved, trying again`;
    if (saving.textContent !== text) saving.textContent = text;
    saving.dataset.state = state.split(" ")[0];
    if (refusal && was !== "trying") this.review.say(refusal.status === 401 ? "Open the address that was printed last: what you press is kept." : "No answer: what you press is kept and sent again.", true);
    if (state === "saved" && was === "trying") this.review.say("The program answers again: all is saved.");
  }

  answered(entries, answer) {
    const [{ kind, place }] = entries;
    if (Number.isInteger(answer.decided)) this.review.progress(answer.decided);
    if (kind === "undo" || kind === "redo") {
      const changes = answer.decisions;
      for (const change of changes) if (Number.isInteger(change.place)) this.clips.decide(change.place, change.field, change.value ?? null);
      this.#decideWaiting();
      const [first] = changes, title = this.review.fields.get(first.field)?.title.toLowerCase() ?? first.field;
      this.review.say(changes.length > 1 ? `${kind === "undo" ? "undone" : "redone"}: ${plural(changes.length, "decision")}`
        : `${kind === "undo" ? "undone" : "redone"}: ${title} is ${first.value ?? "open"}`);
      if (!Number.isInteger(first.place)) return;
      // Not where the answer comes late: one is somewhere else by then.
      if (Date.now() - entries[0].pressed < 1500) {
        if (this.review.sheet.shown) this.review.sheet.move(this.clips.position(first.place) - this.review.sheet.at);
        else if (first.place !== this.review.place) this.review.go(first.place);
      }
      this.#decided(this.clips.ofStudy.has(first.field) ? null : changes.map((change) => change.place));
    }
    if (kind === "reveal") {
      this.clips.forgetFacts();
      if (this.clips.at(place)?.study === this.clips.at(this.review.place)?.study) this.review.panels(this.review.place);
    }
  }

  refused(entry, refusal) {
    if ((entry.kind === "undo" || entry.kind === "redo") && refusal.status === 404) return this.review.say(`Nothing to ${entry.kind}.`);
    if (entry.kind === "decide") for (const place of entry.places) this.clips.takeBack(place, entry.decision.field);
    this.review.say(`Not stored: ${refusal.words}`, true);
    this.#decided(null);
    return undefined;
  }
}
