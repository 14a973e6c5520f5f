// The clips of the study in view as small pictures in a row, which turns by pages and so never moves under the eye.

import { el } from "./dom.js";
import { inShort } from "./form.js";

const side = 72, gap = 8, farthest = 400;

export class Strip {
  #tiles = new Map();
  #shown = "";

  constructor(root, { clips, form, sprites, open }) {
    Object.assign(this, { root, clips, form, sprites, open });
    sprites.listeners.add(() => { if (this.root.offsetParent) for (const [place, { picture }] of this.#tiles) sprites.paint(picture, place, side); });
  }

  /** The positions of the study around `position`, as far as the list is known. */
  #study(position) {
    const { clips } = this, at = (one) => { const place = clips.place(one); return place === undefined ? undefined : clips.at(place); };
    const study = at(position)?.study;
    if (study === undefined) return [position, position];
    let first = position, last = position;
    while (first > 0 && position - first < farthest && at(first - 1)?.study === study) first--;
    while (last < clips.count - 1 && last - position < farthest && at(last + 1)?.study === study) last++;
    return [first, last];
  }

  show(position, fetchPictures = true) {
    const [first, last] = this.#study(position);
    const fit = Math.max(3, Math.floor((this.root.clientWidth + gap) / (side + gap)));
    const from = first + Math.floor((position - first) / fit) * fit, to = Math.min(last, from + fit - 1);
    const places = Array.from({ length: to - from + 1 }, (_, n) => this.clips.place(from + n));
    const shown = places.map((place) => `${place}${this.clips.at(place) ? "" : "?"}`).join(",");
    if (shown !== this.#shown) {
      this.#shown = shown;
      this.#tiles.clear();
      for (const place of places) {
        const picture = el("i"), text = el("span");
        const button = el("button", { type: "button", onclick: () => this.open(place) }, picture, text);
        this.sprites.paint(picture, place, side);
        this.#tiles.set(place, { button, picture, text });
      }
      this.root.replaceChildren(...[...this.#tiles.values()].map(({ button }) => button));
      if (fetchPictures) this.sprites.want([...new Set(places.map((place) => Math.floor(place / this.sprites.each)))]);
    }
    this.mark(this.clips.place(position));
    this.number = position - first + 1;
    this.of = last - first + 1;
  }

  mark(current) {
    for (const [place, { button, picture, text }] of this.#tiles) {
      const clip = this.clips.at(place), decisions = this.clips.decisions(place, clip), dropped = clip && !clip.kept;
      button.className = [place === current && "on", dropped && "dropped", decisions.clip, this.clips.decided(place) && "decided"].filter(Boolean).join(" ");
      const said = inShort(this.form, decisions);
      text.textContent = said || (clip ? "–" : "");
      picture.dataset.reason = dropped ? clip.reason ?? "dropped" : "";
      button.setAttribute("aria-label", `${clip?.name ?? place + 1}${dropped ? `, dropped: ${clip.reason ?? ""}` : ""}, ${said || "undecided"}`);
      button.setAttribute("aria-current", place === current);
      button.tabIndex = place === current ? 0 : -1;
    }
  }
}
