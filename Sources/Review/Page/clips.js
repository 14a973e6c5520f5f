// What the page knows of the clips: their list a page at a time, frames and facts of those near the one that is looked at,
// and what this person has decided of them.

import { ask, json } from "./api.js";

const page = 1000, heldPages = 60, heldClips = 12, heldBytes = 400e6;
/** Milliseconds to the program and back from which on it is far. */
const far = 25;

const isGoing = (clip) => !clip.frames || clip.arrived < clip.frames;

export class Clips {
  #pages = new Map();
  #near = new Map();
  #facts = new Map();
  #own = new Map();
  #ofStudy = new Map();
  /** Milliseconds to the program and back, about. */
  #way = Infinity;
  /** The places that are paged through, in order; null: all. */
  places = null;

  constructor(session, listArrived) {
    this.all = session.total;
    this.listArrived = listArrived;
    this.ofStudy = new Set(session.form.fields.filter((field) => field.unit === "study").map((field) => field.name));
  }

  // The order that is paged through: a position in it, and the place that stands there.

  get count() { return this.places?.length ?? this.all; }
  place(position) { return this.places ? this.places[position] : position >= 0 && position < this.all ? position : undefined; }

  /** Where `place` stands, else where it would. */
  position(place) {
    if (!this.places) return place;
    let low = 0, high = this.places.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.places[middle] < place) low = middle + 1; else high = middle;
    }
    return low;
  }

  // The list.

  /** The clip at `place`, if its page is here; else the page is asked for. */
  at(place) {
    const number = Math.floor(place / page), held = this.#pages.get(number);
    if (held?.clips) return held.clips[place - number * page];
    this.#load(number);
    return undefined;
  }

  async known(place) {
    if (place === undefined || place < 0 || place >= this.all) return undefined;
    return this.at(place) ?? (await this.#load(Math.floor(place / page)))[place % page];
  }

  #load(number) {
    const held = this.#pages.get(number);
    if (held) return held.wait;
    const asked = { clips: null };
    asked.wait = json(`/api/clips?from=${number * page}&count=${page}`).then(({ clips }) => {
      asked.clips = clips;
      this.listArrived(number * page, clips.length);
      return clips;
    });
    asked.wait.catch(() => this.#pages.delete(number));
    this.#pages.set(number, asked);
    if (this.#pages.size > heldPages) this.#pages.delete(this.#pages.keys().next().value);
    return asked.wait;
  }

  forgetList() { this.#pages.clear(); }

  // What was decided.

  decisions(place, clip = this.at(place)) {
    return { ...clip?.decisions, ...this.#ofStudy.get(clip?.study), ...this.#own.get(place) };
  }

  decide(place, field, value) {
    const study = this.at(place)?.study;
    const [map, key] = this.ofStudy.has(field) && study !== undefined ? [this.#ofStudy, study] : [this.#own, place];
    map.set(key, { ...map.get(key), [field]: value });
  }

  /** What the program did not take is as it was before. */
  takeBack(place, field) {
    const study = this.at(place)?.study;
    for (const held of [this.#own.get(place), this.#ofStudy.get(study)]) if (held) delete held[field];
    this.forgetList();
  }

  decided(place) {
    return Object.values(this.decisions(place)).some((value) => value !== null && value !== undefined && value !== "");
  }

  // Frames and facts.

  /**
   * Frames as they arrive; `first` is done when one can be shown, `whole` when all can. A dropped clip is decoded out of its
   * source file, and larger: its first frame is fetched by itself (`still`), ahead nothing else.
   */
  frames(place, ahead = false) {
    const held = this.#near.get(place);
    this.#near.delete(place);
    const isDropped = this.at(place)?.kept === false;
    if (held && (ahead || !held.isStill)) {
      this.#near.set(place, held);
      return held;
    }
    const still = isDropped ? held ?? this.#fetch(place, ahead, true) : undefined;
    const clip = isDropped && ahead ? still : Object.assign(this.#fetch(place, ahead), { still });
    this.#near.set(place, clip);
    clip.whole.catch(() => { if (this.#near.get(place) === clip) this.#near.delete(place); });
    return clip;
  }

  #fetch(place, ahead, isStill = false) {
    const clip = { place, isStill, arrived: 0, frames: 0, bytes: new Uint8Array(), stop: new AbortController() };
    clip.first = new Promise((done, failed) => {
      clip.whole = this.#receive(clip, ahead ? "low" : "high", done).catch((error) => { failed(error); throw error; });
    });
    clip.first.catch(() => {});
    clip.whole.catch(() => {});
    return clip;
  }

  async #receive(clip, priority, first) {
    const asked = `/api/clip/${clip.place}/frames${clip.isStill ? "?from=0&count=1" : ""}`;
    const response = await ask(asked, { signal: clip.stop.signal, priority });
    const header = (name) => response.headers.get(`X-${name}`);
    [clip.frames, clip.height, clip.width, clip.channels] = ["Frames", "Height", "Width", "Channels"].map((name) => Number(header(name)));
    const times = header("Times")?.split(",").map(Number);
    if (times?.length === clip.frames && times.length > 1) clip.times = times;
    const size = clip.height * clip.width * clip.channels;
    clip.bytes = new Uint8Array(clip.frames * size);
    const reader = response.body.getReader();
    for (let length = 0; ;) {
      const { done, value } = await reader.read();
      if (done) break;
      clip.bytes.set(value.subarray(0, clip.bytes.length - length), length);
      length += value.length;
      clip.arrived = Math.min(clip.frames, Math.floor(length / size));
      if (clip.arrived) first(clip);
    }
    if (!clip.arrived) throw new Error("The clip has no frames.");
    // A damaged file has fewer frames than it says.
    clip.frames = clip.arrived;
    clip.times = clip.times?.slice(0, clip.frames);
    return clip;
  }

  facts(place) {
    const held = this.#facts.get(place);
    if (held) return held;
    const began = performance.now(), asked = json(`/api/clip/${place}/facts`);
    // The shortest of late: what a busy program takes is not the way.
    asked.then(() => { this.#way = Math.min(1.2 * this.#way, performance.now() - began); }, () => {});
    asked.catch(() => { if (this.#facts.get(place) === asked) this.#facts.delete(place); });
    this.#facts.set(place, asked);
    return asked;
  }

  forgetFacts(place) {
    if (place === undefined) this.#facts.clear(); else this.#facts.delete(place);
  }

  /** Lets go of what is far from `current` and `places`, at once of what is still on its way. */
  near(current, places) {
    const wanted = new Set([current, ...places]);
    this.wanted = wanted;
    for (const [place, clip] of this.#near) {
      // What is left of a dropped clip is in the way of those that come.
      if (wanted.has(place) && (place === current || !clip.still || !isGoing(clip))) continue;
      const bytes = [...this.#near.values()].reduce((sum, other) => sum + other.bytes.length, 0);
      if (!isGoing(clip) && this.#near.size <= heldClips && bytes <= heldBytes) continue;
      clip.stop.abort();
      clip.still?.stop.abort();
      this.#near.delete(place);
    }
    for (const place of this.#facts.keys()) if (!wanted.has(place) && this.#facts.size > 2 * heldClips) this.#facts.delete(place);
  }

  /**
   * Fetches `places`, one after the other; from far away each sets out as soon as the one before has a frame, since what takes
   * time there is the way and not the bytes.
   */
  async prefetch(current, places) {
    const { wanted } = this;
    for (const place of [current, ...places]) {
      if (this.wanted !== wanted) return;
      const clip = this.frames(place, place !== current);
      try { await Promise.all([this.#way > far || clip.still ? clip.first : clip.whole, this.facts(place)]); } catch { /* shown when it is looked at */ }
    }
  }
}
