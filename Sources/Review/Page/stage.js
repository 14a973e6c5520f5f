// The pictures of one clip: its frames as they play, or its source file's with what was found there drawn over it.

import { ask } from "./api.js";
import { $ } from "./dom.js";
import { Player } from "./player.js";
import { settings, set } from "./settings.js";

const heldPictures = 48;

export class Stage {
  source = false;
  #pictures = new Map();
  #drawn = null;
  #asking = false;
  #retry = 0;

  /** `swiped(by)`: a finger went over the picture. */
  constructor({ swiped }) {
    this.player = new Player($("clip"), () => this.#changed());
    const seek = $("seek");
    seek.addEventListener("input", () => { this.player.play(false); this.player.seek(Number(seek.value)); });
    // A slider that a pointer has moved does not take the arrows from the clips.
    seek.addEventListener("pointerup", () => seek.blur());
    let from = null;
    $("stage").addEventListener("pointerdown", (event) => { from = event.isPrimary ? event : null; });
    $("stage").addEventListener("pointerup", (event) => {
      if (!from || event.target.closest("button")) return;
      const across = event.clientX - from.clientX, down = event.clientY - from.clientY;
      if (Math.abs(across) > 40 && Math.abs(across) > 2 * Math.abs(down)) swiped(across < 0 ? 1 : -1);
      else if (Math.hypot(across, down) < 8) this.player.play();
      from = null;
    });
  }

  /** Shows `clip` as soon as its first frame is here; `current` says whether it is still the one to show. */
  async show(clip, listed, current) {
    clearTimeout(this.#retry);
    this.listed = listed;
    if (this.#place !== clip.place) this.#pictures.clear();
    this.#place = clip.place;
    const { still } = clip;
    if (!clip.arrived && !still?.arrived) {
      const slow = setTimeout(() => { if (current()) { this.player.clear(); this.#changed(); this.say("loading…", true); } }, 200);
      try { await (still ? Promise.any([still.first, clip.first]).catch(() => clip.first) : clip.first); } finally { clearTimeout(slow); }
      if (!current()) return;
    }
    this.say("");
    const show = (one) => { this.player.show(one, listed?.fps); this.#changed(); };
    show(clip.arrived ? clip : still);
    if (!clip.arrived) clip.first.then(() => { if (current()) show(clip); }, () => {});
  }
  #place = null;

  /** A failure, and a try every two seconds for as long as it is the clip in view. */
  failed(error, again) {
    this.player.clear();
    this.#changed();
    this.say(error.words ?? error.message);
    if (!error.status || error.status >= 500) this.#retry = setTimeout(again, 2000);
  }

  say(text, quiet = false) {
    $("notice").hidden = !text;
    $("notice").className = quiet ? "quiet" : "";
    if ($("notice").textContent !== text) $("notice").textContent = text;
  }

  facts(facts) {
    this.sourceFrames = facts?.source?.frames ?? 0;
    if (this.source) this.#changed();
  }

  toggleSource(on = !this.source) {
    this.source = on;
    if (on) this.player.play(false);
    this.#changed();
  }

  toggleOverlays() {
    set("overlays", this.source ? !settings.overlays : true);
    this.#drawn = null;
    this.toggleSource(true);
  }

  #changed() {
    const { player } = this, { frames, frame } = player, seek = $("seek");
    seek.max = Math.max(0, frames - 1);
    seek.value = frame;
    seek.disabled = frames < 2;
    const share = frames > 1 ? frame / (frames - 1) : 0;
    seek.style.setProperty("--share", `${100 * share}%`);
    const text = frames && !player.clip.isStill ? `${frame + 1} of ${frames}` : "";
    if ($("frame").textContent !== text) $("frame").textContent = text;
    seek.setAttribute("aria-valuetext", `frame ${text}`);
    const playing = player.playing && frames > 1;
    if ($("play").dataset.playing !== String(playing)) {
      $("play").dataset.playing = playing;
      $("play").setAttribute("aria-label", playing ? "pause" : "play");
      $("play").textContent = playing ? "❚❚" : "▶";
    }
    const speed = `${settings.speed}×`;
    if ($("speed").textContent !== speed) $("speed").textContent = speed;
    $("source").hidden = !this.source;
    $("clip").hidden = this.source;
    const caption = !this.source ? "" : settings.overlays ? "source picture: regions yellow, outline green, crop red" : "source picture";
    if ($("caption").textContent !== caption) $("caption").textContent = caption;
    if (this.source && this.#place !== null) this.#drawSource();
  }

  /** The source picture that belongs to the frame in view; one is asked for at a time, the latest. */
  async #drawSource() {
    const frame = this.sourceFrames > 1 && this.player.frames > 1
      ? Math.round(this.player.frame * (this.sourceFrames - 1) / (this.player.frames - 1)) : 0;
    const place = this.#place, name = `${place}/source/${frame}?overlays=${settings.overlays ? 1 : 0}`;
    if (this.#drawn === name) return;
    const held = this.#pictures.get(name);
    if (held) {
      const canvas = $("source");
      if (canvas.width !== held.width || canvas.height !== held.height) [canvas.width, canvas.height] = [held.width, held.height];
      canvas.getContext("2d", { alpha: false }).drawImage(held, 0, 0);
      this.#drawn = name;
      this.say("");
      return;
    }
    if (this.#asking) return;
    this.#asking = true;
    let failed = false;
    try {
      const blob = await (await ask(`/api/clip/${name}`)).blob();
      this.#pictures.set(name, await createImageBitmap(blob));
      if (this.#pictures.size > heldPictures) this.#pictures.delete(this.#pictures.keys().next().value);
    } catch (error) {
      failed = true;
      if (this.source && place === this.#place) this.say(error.words ?? error.message);
    }
    this.#asking = false;
    if (this.source && (!failed || place !== this.#place)) this.#drawSource();
  }
}
