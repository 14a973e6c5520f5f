// What was pressed and is not yet committed: kept in this browser until the program has answered, sent in order, each with
// the request id that it got when it was pressed, so that a retry is stored once.

import { post } from "./api.js";

const paths = { decide: "/api/decisions", undo: "/api/undo", redo: "/api/redo", reveal: "/api/reveal" };
const together = 500;

/** A random id; `crypto.randomUUID` is there for pages of this machine alone, and not for one that `--allow-remote` lets in. */
const newID = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("")
  .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");

/** The id of the `n`th decision of an entry: its own id with the last digits counted. */
const requestOf = (id, n) => id.slice(0, 24) + n.toString(16).padStart(12, "0");

const bodyOf = ({ kind, id, decision, places, place, count }) => {
  if (kind === "decide") return places.map((one, n) => ({ request: requestOf(id, n), place: one, ...decision }));
  return { request: id, place, count };
};

export class Outbox {
  #entries = [];
  #running = false;
  #prefix;
  #count = 0;
  #wake = () => {};

  /** `told(state, count)` hears "saved", "saving", "trying again" with why; `answered` and `refused` what came of an entry. */
  constructor(reading, { told, answered, refused }) {
    this.#prefix = `echoprep.outbox.${reading}.`;
    Object.assign(this, { told, answered, refused });
    const names = Array.from({ length: localStorage.length }, (_, n) => localStorage.key(n));
    for (const name of names.filter((name) => name.startsWith(this.#prefix)).sort()) {
      this.#entries.push({ name, ...JSON.parse(localStorage.getItem(name)) });
    }
    addEventListener("online", () => this.#wake());
  }

  get waiting() { return this.#entries; }

  add(kind, content = {}) {
    const order = String(Date.now()).padStart(14, "0") + String(this.#count++).padStart(6, "0");
    const entry = { name: this.#prefix + order, kind, id: newID(), pressed: Date.now(), ...content };
    const { name, ...kept } = entry;
    try { localStorage.setItem(name, JSON.stringify(kept)); } catch { /* full: it is still sent from here */ }
    this.#entries.push(entry);
    this.run();
    return entry;
  }

  async run() {
    if (this.#running) return;
    this.#running = true;
    let pause = 250;
    while (this.#entries.length) {
      const batch = this.#next();
      this.told(pause > 250 ? "trying again" : "saving", this.#entries.length);
      try {
        const { kind } = batch[0];
        const body = kind === "decide" ? { decisions: batch.flatMap(bodyOf) } : bodyOf(batch[0]);
        const answer = await post(paths[kind], body);
        this.#drop(batch);
        pause = 250;
        this.answered(batch, answer);
      } catch (refusal) {
        // Not reached, or not able to: again. The token of a program that was started anew: as soon as the page has it.
        if (!refusal.status || refusal.status >= 500 || refusal.status === 401) {
          this.told("trying again", this.#entries.length, refusal);
          await new Promise((done) => { this.#wake = done; setTimeout(done, pause); });
          pause = Math.min(2 * pause, 4000);
        } else if (batch.length > 1) {
          for (const entry of batch) entry.alone = true;
        } else {
          this.#drop(batch);
          this.refused(batch[0], refusal);
        }
      }
    }
    this.#running = false;
    this.told("saved", 0);
  }

  /** The first entry, with the decisions that follow it. */
  #next() {
    const [first] = this.#entries;
    const batch = [first];
    if (first.kind !== "decide" || first.alone) return batch;
    let count = first.places.length;
    for (const entry of this.#entries.slice(1)) {
      if (entry.kind !== "decide" || entry.alone || (count += entry.places.length) > together) break;
      batch.push(entry);
    }
    return batch;
  }

  #drop(batch) {
    this.#entries = this.#entries.filter((entry) => !batch.includes(entry));
    for (const { name } of batch) localStorage.removeItem(name);
  }
}
