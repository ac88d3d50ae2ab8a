// The bar under the player: what is done, where captions are, gaps, chapters, resume marks, and the place now.
import { clock } from "./time.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDE = 1000;
const SLOTS = 500;

function rect(kind, x, width, y = 0, height = 30) {
  const node = document.createElementNS(SVG, "rect");
  node.setAttribute("class", kind);
  for (const [name, value] of Object.entries({ x, y, width: Math.max(width, 0), height })) node.setAttribute(name, value);
  return node;
}

export class Timeline {
  constructor(box, onSeek) {
    this.bar = box.querySelector(".bar");
    this.svg = box.querySelector("svg");
    this.now = box.querySelector("[data-now]");
    this.end = box.querySelector("[data-end]");
    this.legend = box.querySelector("[data-legend]");
    this.onSeek = onSeek;
    this.total = 0;
    this.done = 0;
    this.place = 0;
    this.slots = new Uint8Array(SLOTS);
    this.marks = { gaps: [], chapters: [], resumed: [] };
    this.head = rect("t-head", 0, 2);
    this.bar.addEventListener("click", (event) => {
      const box = this.bar.getBoundingClientRect();
      this.onSeek(((event.clientX - box.left) / box.width) * this.total);
    });
    this.bar.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 5000, ArrowLeft: -5000, PageUp: 60_000, PageDown: -60_000 }[event.key];
      if (!step) return;
      event.preventDefault();
      this.onSeek(Math.min(Math.max(this.place + step, 0), this.total));
    });
  }

  addCues(cues) {
    if (!this.total) return;
    for (const [, start, end] of cues) {
      const last = Math.min(SLOTS - 1, Math.floor((end / this.total) * SLOTS));
      for (let slot = Math.floor((start / this.total) * SLOTS); slot <= last; slot += 1) this.slots[slot] = 1;
    }
    this.draw();
  }

  resize(total, starts, ends) {
    this.total = total;
    this.slots.fill(0);
    this.addCues(starts.map((start, index) => [index, start, ends[index]]));
  }

  draw() {
    const x = (ms) => (this.total ? Math.min(ms / this.total, 1) * WIDE : 0);
    const parts = [rect("t-rest", 0, WIDE), rect("t-done", 0, x(this.done))];
    for (let from = 0; from < SLOTS; from += 1) {
      if (!this.slots[from]) continue;
      let to = from;
      while (to < SLOTS && this.slots[to]) to += 1;
      parts.push(rect("t-cue", (from * WIDE) / SLOTS, ((to - from) * WIDE) / SLOTS, 19, 11));
      from = to;
    }
    for (const gap of this.marks.gaps) parts.push(rect("t-gap", x(gap.start_ms), Math.max(x(gap.end_ms ?? this.total) - x(gap.start_ms), 3)));
    for (const chapter of this.marks.chapters) parts.push(rect("t-chapter", x(chapter.start_ms), 1.5, 0, 12));
    for (const ms of this.marks.resumed) parts.push(rect("t-resume", x(ms), 2.5, 0, 30));
    this.svg.replaceChildren(...parts, this.head);
    this.end.textContent = clock(this.total);
    const told = [["t-cue", "captions"]];
    if (this.marks.gaps.length) told.push(["t-gap", this.marks.gaps.length === 1 ? "1 gap" : `${this.marks.gaps.length} gaps`]);
    if (this.marks.chapters.length) told.push(["t-chapter", "chapters"]);
    if (this.marks.resumed.length) told.push(["t-resume", "resumed"]);
    this.legend.replaceChildren(...told.map(([kind, words]) => this.#entry(kind, words)));
    this.move(this.place);
  }

  move(ms) {
    this.place = ms;
    this.head.setAttribute("x", this.total ? Math.min(ms / this.total, 1) * (WIDE - 2) : 0);
    this.now.textContent = clock(ms);
    this.bar.setAttribute("aria-valuemax", Math.max(Math.floor(this.total / 1000), 1));
    this.bar.setAttribute("aria-valuenow", Math.floor(ms / 1000));
    this.bar.setAttribute("aria-valuetext", clock(ms));
  }

  #entry(kind, words) {
    const entry = document.createElement("span");
    const sign = document.createElementNS(SVG, "svg");
    sign.setAttribute("viewBox", "0 0 10 10");
    sign.append(rect(kind, 0, 10, 0, 10));
    entry.append(sign, words);
    return entry;
  }
}
