// The sheet: thousands of clips as tiles, of which only those in sight are elements; pictures come in sprites of a hundred.

import { ask } from "./api.js";
import { el } from "./dom.js";
import { inShort } from "./form.js";

const held = 80, atOnce = 4, most = 190, spare = 1;

/** The sprites: one picture a hundred clips. */
export class Sprites {
  #urls = new Map();
  #asked = new Map();
  #queue = [];
  listeners = new Set();

  constructor({ size, columns, rows }) { Object.assign(this, { size, columns, each: columns * rows }); }

  /** Puts the picture of `place` behind `element`, at `side` pixels, if it is here. */
  paint(element, place, side) {
    const number = Math.floor(place / this.each), n = place % this.each, url = this.#urls.get(number);
    if (!url) {
      element.style.backgroundImage = "";
      return number;
    }
    element.style.backgroundSize = `${this.columns * side}px auto`;
    element.style.backgroundPosition = `${-(n % this.columns) * side}px ${-Math.floor(n / this.columns) * side}px`;
    element.style.backgroundImage = `url(${url})`;
    return undefined;
  }

  /** Fetches these, and forgets what was asked for before and is not among them. */
  want(numbers) {
    for (const number of numbers) {
      const url = this.#urls.get(number);
      if (url) { this.#urls.delete(number); this.#urls.set(number, url); }
    }
    this.#queue = numbers.filter((number) => !this.#urls.has(number) && !this.#asked.has(number));
    for (const [number, stop] of this.#asked) if (!numbers.includes(number)) stop.abort();
    for (const [number, url] of this.#urls) {
      if (this.#urls.size <= held || numbers.includes(number)) break;
      URL.revokeObjectURL(url);
      this.#urls.delete(number);
    }
    this.#fetch();
  }

  #fetch() {
    while (this.#asked.size < atOnce && this.#queue.length) {
      const number = this.#queue.shift(), stop = new AbortController();
      this.#asked.set(number, stop);
      ask(`/api/sheet/${number}`, { signal: stop.signal }).then((response) => response.blob()).then((blob) => {
        this.#urls.set(number, URL.createObjectURL(blob));
        for (const listener of this.listeners) listener(number);
      }).catch(() => {}).finally(() => { this.#asked.delete(number); this.#fetch(); });
    }
  }
}

export class Sheet {
  #tiles = new Map();
  #asked = 0;
  side = 96;
  columns = 1;
  /** Positions: the tile in focus, and where the range of `Shift` began. */
  at = 0;
  anchor = null;
  selecting = false;

  constructor(root, { clips, form, sprites, open, moved }) {
    this.tall = el("div", { class: "tall", role: "grid", "aria-label": "All clips", "aria-multiselectable": "true" });
    root.replaceChildren(this.tall);
    Object.assign(this, { root, clips, form, sprites, open, moved });
    sprites.listeners.add((number) => this.#each((tile, position) => {
      if (this.#sprite(position) === number) this.#picture(tile, position);
    }));
    root.addEventListener("scroll", () => this.#later(), { passive: true });
    this.tall.addEventListener("click", (event) => this.#clicked(event));
    this.tall.addEventListener("dblclick", (event) => {
      const position = this.#of(event);
      if (position !== undefined) this.open(position);
    });
    new ResizeObserver(() => { if (this.shown) this.arrange(); }).observe(root);
  }

  get shown() { return !this.root.hidden; }
  #each(body) { for (const [position, tile] of this.#tiles) body(tile, position); }
  #of(event) { const position = event.target.dataset?.at; return position === undefined ? undefined : Number(position); }

  #clicked(event) {
    const position = this.#of(event);
    if (position === undefined) return;
    const touch = event.pointerType === "touch";
    if (touch && !this.selecting && position === this.at && this.anchor === null) this.open(position);
    else this.move(position - this.at, event.shiftKey || this.selecting);
  }

  show(position) {
    this.at = position;
    this.anchor = null;
    this.root.hidden = false;
    this.arrange();
    this.#reveal(true);
    this.#fill();
  }

  hide() {
    this.root.hidden = true;
    for (const tile of this.#tiles.values()) tile.remove();
    this.#tiles.clear();
    this.sprites.want([]);
  }

  /** Tiles fill the width, and grow until so many are enough for the window. */
  arrange() {
    const width = this.root.clientWidth, height = this.root.clientHeight;
    let columns = Math.max(3, Math.floor(width / 100));
    while (columns > 3 && columns * (Math.ceil(height / Math.floor(width / columns)) + 1 + 2 * spare) > most) columns--;
    const first = Math.floor(this.root.scrollTop / this.side) * this.columns;
    [this.columns, this.side] = [columns, Math.floor(width / columns)];
    this.tall.style.height = `${Math.ceil(this.clips.count / columns) * this.side}px`;
    this.root.scrollTop = Math.floor(first / columns) * this.side;
    this.#each((tile) => tile.remove());
    this.#tiles.clear();
    this.#fill();
  }

  #later() {
    cancelAnimationFrame(this.#asked);
    this.#asked = requestAnimationFrame(() => { if (this.shown) this.#fill(); });
  }

  #fill() {
    const { side, columns } = this, top = Math.floor(this.root.scrollTop / side);
    const first = Math.max(0, top - spare) * columns;
    const last = Math.min(this.clips.count, (Math.ceil((this.root.scrollTop + this.root.clientHeight) / side) + spare) * columns);
    for (const [position, tile] of this.#tiles) {
      if (position >= first && position < last) continue;
      tile.remove();
      this.#tiles.delete(position);
    }
    const fresh = [];
    for (let position = first; position < last; position++) {
      if (this.#tiles.has(position)) continue;
      const tile = el("div", { class: "tile", role: "gridcell", tabIndex: -1, "data-at": position });
      [tile.style.width, tile.style.height] = [`${side}px`, `${side}px`];
      tile.style.transform = `translate(${position % columns * side}px, ${Math.floor(position / columns) * side}px)`;
      this.#tiles.set(position, tile);
      this.#picture(tile, position);
      this.#mark(tile, position);
      fresh.push(tile);
    }
    this.tall.append(...fresh);
    // What is in sight before what is not yet.
    const inSight = new Set();
    for (let position = Math.max(first, top * columns); position < last; position++) inSight.add(this.#sprite(position));
    for (const position of this.#tiles.keys()) inSight.add(this.#sprite(position));
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => { if (this.shown) this.sprites.want([...inSight]); }, this.settled ? 60 : 0);
    this.settled = true;
  }

  #sprite(position) { return Math.floor(this.clips.place(position) / this.sprites.each); }
  #picture(tile, position) { this.sprites.paint(tile, this.clips.place(position), this.side); }

  #mark(tile, position) {
    const place = this.clips.place(position), clip = this.clips.at(place), decisions = this.clips.decisions(place, clip);
    const [from, to] = this.range;
    const chosen = position >= from && position <= to && (this.anchor !== null);
    const name = ["tile", clip && !clip.kept && "dropped", ["keep", "exclude"].includes(decisions.clip) && decisions.clip, chosen && "chosen", position === this.at && "on"].filter(Boolean).join(" ");
    const mark = inShort(this.form, decisions), reason = clip && !clip.kept ? clip.reason ?? "dropped" : "";
    // What looks as it did is not touched.
    const look = [name, mark, reason, clip?.name].join(";");
    if (tile.look === look) return;
    tile.look = look;
    tile.className = name;
    Object.assign(tile.dataset, { mark, reason });
    tile.setAttribute("aria-selected", chosen || position === this.at);
    const parts = [`${position + 1}`, clip?.name, reason && `dropped: ${reason}`, mark || "undecided"];
    tile.setAttribute("aria-label", parts.filter(Boolean).join(", "));
    tile.tabIndex = position === this.at ? 0 : -1;
  }

  /** Paints what has changed at `places`: a decision is one tile. */
  repaint(places) {
    if (!this.shown) return;
    for (const place of places) {
      const position = this.clips.position(place), tile = this.#tiles.get(position);
      if (tile) this.#mark(tile, position);
    }
  }

  repaintAll() { if (this.shown) this.#each((tile, position) => this.#mark(tile, position)); }

  /** The positions that a key decides, first and last. */
  get range() {
    const anchor = this.anchor ?? this.at;
    return [Math.min(anchor, this.at), Math.max(anchor, this.at)];
  }

  get selected() {
    const [from, to] = this.range;
    return Array.from({ length: to - from + 1 }, (_, n) => this.clips.place(from + n));
  }

  move(by, extend = false) {
    const [from, to] = this.range, was = this.anchor, before = this.at;
    this.anchor = extend ? this.anchor ?? this.at : null;
    this.at = Math.min(Math.max(this.at + by, 0), this.clips.count - 1);
    this.#reveal();
    const [left, right] = this.range;
    const touched = (position) => (was !== null && position >= from && position <= to)
      || (extend && position >= left && position <= right) || position === before || position === this.at;
    this.#each((tile, position) => { if (touched(position)) this.#mark(tile, position); });
    if (document.activeElement?.classList.contains("tile")) this.#tiles.get(this.at)?.focus({ preventScroll: true });
    this.moved();
  }

  clear() { this.move(0); }

  #reveal(middle = false) {
    const top = Math.floor(this.at / this.columns) * this.side, { scrollTop, clientHeight } = this.root;
    if (middle) this.root.scrollTop = top - (clientHeight - this.side) / 2;
    else if (top < scrollTop) this.root.scrollTop = top;
    else if (top + this.side > scrollTop + clientHeight) this.root.scrollTop = top + this.side - clientHeight;
    else return;
    this.#fill();
  }

  get page() { return Math.max(1, Math.floor(this.root.clientHeight / this.side)) * this.columns; }
}
