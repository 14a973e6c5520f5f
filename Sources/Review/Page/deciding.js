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
    for (const { places, decision } of this.outbox.waiting.filter(({ kind }) => kind === "decide")) {
      for (const place of places) this.clips.decide(place, decision.field, decision.value);
    }
  }

  /** Chooses for the clip in view, or for all that are selected; where all have it already, takes it back. */
  choose(field, value) {
    const { sheet, place } = this.review, places = sheet.shown ? sheet.selected : [place];
    if (places.length > mostAtOnce) {
      this.review.say(`At most ${count(mostAtOnce)} clips are decided at once.`, true);
      return;
    }
    const had = places.map((one) => this.clips.decisions(one)[field.name] ?? null);
    const has = (one) => (field.kind === "many" ? String(one ?? "").split("|").includes(value) : one === value);
    const all = had.every(has);
    this.decide(field, places.map((one, n) => [one, all || !has(had[n]) ? choose(field, value, had[n]) : had[n]]));
  }

  /** Decides `field` of places, each with its value: shown at once, sent in order, said to be saved when it is. */
  decide(field, values) {
    const { clips, review } = this, { sheet } = review, [[place, value]] = values;
    const wasComplete = complete(review.form_, clips.decisions(place));
    for (const [one, given] of values) clips.decide(one, field.name, given);
    this.#send(field, values);
    this.#say(field, values);
    this.#decided(field.unit === "study" ? null : values.map(([one]) => one));

    const mayLead = values.length === 1 && field.choices.length > 0 && field.kind !== "many" && value !== null;
    const leads = settings.advance === "complete" ? !wasComplete && complete(review.form_, clips.decisions(place))
      : settings.advance === "clip" && field.name === "clip";
    if (mayLead && leads) act(review, "next");
    if (sheet.shown) review.since = performance.now();
  }

  /** One entry of the outbox for each value; of a study, one clip stands for all. */
  #send(field, values) {
    const seconds = Math.round((performance.now() - this.review.since) / values.length / 100) / 10;
    const groups = new Map(), studies = new Set();
    for (const [place, value] of values) {
      const study = field.unit === "study" ? this.clips.at(place)?.study : undefined;
      if (study !== undefined && studies.has(study)) continue;
      studies.add(study);
      if (!groups.has(value)) groups.set(value, []);
      groups.get(value).push(place);
    }
    this.#made.push([...groups.values()].reduce((sum, places) => sum + places.length, 0));
    this.#undone = [];
    for (const [value, places] of groups) {
      this.outbox.add("decide", { places, decision: { field: field.name, value, note: null, seconds } });
    }
  }

  #say(field, values) {
    const [[place, value]] = values, name = field.title.toLowerCase();
    const who = values.length > 1 ? plural(values.length, "clip")
      : this.clips.at(place)?.name.split("/").pop() ?? `clip ${place + 1}`;
    const title = (one) => field.choices.find((choice) => choice.value === one)?.title ?? one;
    const what = value === null ? `${name} taken back`
      : field.choices.length ? String(value).split("|").map(title).join(", ") : name;
    this.review.say(`${who}: ${what}`);
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
    const { review } = this;
    if (places) review.sheet.repaint(places); else review.sheet.repaintAll();
    review.form.show(review.place, this.clips.decisions(review.place));
    review.strip.mark(review.place);
    review.head();
  }

  // What the outbox tells.

  told(state, waiting, refusal) {
    const saving = $("saving"), was = saving.dataset.state;
    const words = { saved: "saved", saving: "saving…" };
    const text = words[state] ?? `${count(waiting)} not saved, trying again`;
    if (saving.textContent !== text) saving.textContent = text;
    saving.dataset.state = state.split(" ")[0];
    if (refusal && was !== "trying") {
      this.review.say(refusal.status === 401 ? "Open the address that was printed last: what you press is kept."
        : "No answer: what you press is kept and sent again.", true);
    }
    if (state === "saved" && was === "trying") this.review.say("The program answers again: all is saved.");
  }

  answered(entries, answer) {
    const [{ kind, place, pressed }] = entries, { review, clips } = this;
    if (Number.isInteger(answer.decided)) review.progress(answer.decided);
    if (kind === "undo" || kind === "redo") this.#changed(kind === "undo" ? "undone" : "redone", answer.decisions, pressed);
    if (kind === "reveal") {
      clips.forgetFacts();
      if (clips.at(place)?.study === clips.at(review.place)?.study) review.panels(review.place);
    }
  }

  /** Shows what an undo or a redo changed, and goes there unless the answer comes late: one is elsewhere by then. */
  #changed(word, all, pressed) {
    const { review, clips } = this, { sheet } = review;
    const changes = all.filter((change) => Number.isInteger(change.place)), [first] = all;
    for (const change of changes) clips.decide(change.place, change.field, change.value ?? null);
    this.#decideWaiting();
    const title = review.fields.get(first.field)?.title.toLowerCase() ?? first.field;
    review.say(all.length > 1 ? `${word}: ${plural(all.length, "decision")}` : `${word}: ${title} is ${first.value ?? "open"}`);
    if (!changes.length) return;
    if (Date.now() - pressed < 1500) {
      if (sheet.shown) sheet.move(clips.position(changes[0].place) - sheet.at);
      else if (changes[0].place !== review.place) review.go(changes[0].place);
    }
    this.#decided(clips.ofStudy.has(first.field) ? null : changes.map((change) => change.place));
  }

  refused(entry, refusal) {
    if ((entry.kind === "undo" || entry.kind === "redo") && refusal.status === 404) {
      this.review.say(`Nothing to ${entry.kind}.`);
      return;
    }
    for (const place of entry.places ?? []) this.clips.takeBack(place, entry.decision.field);
    this.review.say(`Not stored: ${refusal.words}`, true);
    this.#decided(null);
  }
}
