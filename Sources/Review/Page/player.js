// Draws a clip's frames on a canvas by the time that has passed, so that a slow machine leaves frames out and keeps the beat.

import { settings, set, still } from "./settings.js";

const grey = Uint32Array.from({ length: 256 }, (_, n) => (0xff000000 | n << 16 | n << 8 | n) >>> 0);
export const speeds = [0.25, 0.5, 0.75, 1, 1.5, 2];

export class Player {
  #pen;
  #clip = null;
  #image = null;
  #time = 0;
  #last = 0;
  #asked = 0;
  frame = 0;
  playing = !still();

  constructor(canvas, changed) {
    this.canvas = canvas;
    this.#pen = canvas.getContext("2d", { alpha: false });
    this.changed = changed;
  }

  get frames() { return this.#clip?.frames ?? 0; }
  get clip() { return this.#clip; }

  /** Shows the first frame now and plays on, unless a person wants things to stand still. */
  show(clip, fps) {
    this.#clip = clip;
    const { height, width } = clip;
    if (this.#image?.width !== width || this.#image?.height !== height) {
      [this.canvas.width, this.canvas.height] = [width, height];
      this.#image = new ImageData(width, height);
    }
    const count = clip.frames, step = 1 / (fps || 30);
    this.times = clip.times ?? Array.from({ length: count }, (_, n) => n * step);
    const last = this.times[count - 1];
    this.duration = last + (count > 1 ? last / (count - 1) : step) || step;
    this.#time = 0;
    this.frame = -1;
    this.#draw(0);
    this.#run();
  }

  clear() {
    cancelAnimationFrame(this.#asked);
    this.#clip = null;
    this.frame = 0;
    this.#pen.fillRect(0, 0, this.canvas.width, this.canvas.height);
  }

  #run() {
    cancelAnimationFrame(this.#asked);
    if (!this.playing || !this.#clip || this.frames < 2) return;
    this.#last = performance.now();
    const tick = (now) => {
      this.#time = (this.#time + Math.max(0, now - this.#last) / 1000 * settings.speed) % this.duration;
      this.#last = now;
      this.#draw(this.#due());
      this.#asked = requestAnimationFrame(tick);
    };
    this.#asked = requestAnimationFrame(tick);
  }

  #due() {
    let low = 0, high = this.times.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.times[middle] <= this.#time) low = middle; else high = middle - 1;
    }
    return low;
  }

  #draw(wanted) {
    const { arrived, bytes, height, width, channels } = this.#clip;
    const frame = Math.min(wanted, Math.max(arrived - 1, 0));
    if (frame === this.frame) return;
    const count = height * width, pixels = new Uint32Array(this.#image.data.buffer);
    let from = frame * count * channels;
    if (channels === 3) {
      for (let n = 0; n < count; n++, from += 3) pixels[n] = 0xff000000 | bytes[from + 2] << 16 | bytes[from + 1] << 8 | bytes[from];
    } else {
      for (let n = 0; n < count; n++) pixels[n] = grey[bytes[from + n]];
    }
    this.#pen.putImageData(this.#image, 0, 0);
    this.frame = frame;
    this.changed();
  }

  play(on = !this.playing) {
    this.playing = on;
    this.#run();
    this.changed();
  }

  seek(frame) {
    if (!this.#clip) return;
    const to = Math.min(Math.max(frame, 0), this.frames - 1);
    this.#time = this.times[to];
    this.#draw(to);
  }

  step(by) {
    if (!this.#clip) return;
    this.play(false);
    this.seek((this.frame + by + this.frames) % this.frames);
  }

  pace(by) {
    const at = Math.max(0, speeds.indexOf(settings.speed));
    set("speed", speeds[Math.min(Math.max(at + by, 0), speeds.length - 1)]);
    this.changed();
  }
}
