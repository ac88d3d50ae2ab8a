// A list of any number of captions: only the rows in sight are in the document.
import { clock } from "./time.js";

const ROW_PX = 58;
const AROUND = 6;

export class CueList {
  constructor(box, onChoose) {
    this.list = box.querySelector(".list");
    this.spacer = box.querySelector(".spacer");
    this.none = box.querySelector(".none");
    this.onChoose = onChoose;
    this.starts = [];
    this.ends = [];
    this.texts = [];
    this.seqs = [];
    this.shown = null; // indices that match the search; null: all
    this.query = "";
    this.active = -1;
    this.following = true;
    this.rows = new Map();
    this.list.addEventListener("scroll", () => this.draw(), { passive: true });
    this.list.addEventListener("wheel", () => this.onLetGo?.(), { passive: true });
    this.list.addEventListener("click", (event) => this.#clicked(event));
    this.list.addEventListener("keydown", (event) => this.#pressed(event));
    new ResizeObserver(() => this.draw()).observe(this.list);
  }

  get length() { return this.starts.length; }
  get count() { return this.shown ? this.shown.length : this.length; }

  add(cues) {
    for (const [seq, start, end, text] of cues) {
      this.seqs.push(seq);
      this.starts.push(start);
      this.ends.push(end);
      this.texts.push(text);
      if (this.shown && this.#fits(text)) this.shown.push(this.length - 1);
    }
    this.resize();
  }

  change(index, text) {
    this.texts[index] = text;
    this.clear();
    this.draw();
  }

  search(query) {
    this.query = query.trim().toLowerCase();
    this.shown = this.query ? this.texts.flatMap((text, index) => (this.#fits(text) ? [index] : [])) : null;
    this.clear();
    this.list.scrollTop = 0;
    this.resize();
    if (!this.query) this.reveal();
  }

  // The caption spoken at a time, or -1.
  at(ms) {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.starts[middle] <= ms) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  activate(index) {
    if (index === this.active) return;
    this.active = index;
    this.onActive?.(index);
    this.draw(true);
    if (this.following && !this.query) this.reveal();
  }

  reveal() {
    const place = this.shown ? this.shown.indexOf(this.active) : this.active;
    if (place < 0) return;
    const top = place * ROW_PX - this.list.clientHeight / 2 + ROW_PX;
    this.list.scrollTop = Math.max(0, top);
  }

  resize() {
    this.spacer.style.height = `${this.count * ROW_PX}px`;
    this.none.hidden = this.count > 0;
    this.none.textContent = this.query ? "No caption holds these words." : "No captions yet.";
    this.list.hidden = this.count === 0;
    this.draw();
  }

  clear() {
    for (const row of this.rows.values()) row.remove();
    this.rows.clear();
  }

  draw(again = false) {
    const first = Math.max(0, Math.floor(this.list.scrollTop / ROW_PX) - AROUND);
    const last = Math.min(this.count, Math.ceil((this.list.scrollTop + this.list.clientHeight) / ROW_PX) + AROUND);
    for (const [place, row] of this.rows) {
      if (place >= first && place < last) continue;
      row.remove();
      this.rows.delete(place);
    }
    for (let place = first; place < last; place += 1) {
      if (!this.rows.has(place)) this.#make(place);
      else if (again) this.#mark(this.rows.get(place));
    }
    const row = this.active >= 0 && document.getElementById(`cue-${this.active}`);
    if (row) this.list.setAttribute("aria-activedescendant", row.id);
    else this.list.removeAttribute("aria-activedescendant");
  }

  #make(place) {
    const index = this.shown ? this.shown[place] : place;
    const row = document.createElement("div");
    row.className = "cue";
    row.id = `cue-${index}`;
    row.dataset.index = index;
    row.setAttribute("role", "option");
    row.setAttribute("aria-setsize", this.count);
    row.setAttribute("aria-posinset", place + 1);
    row.style.transform = `translateY(${place * ROW_PX}px)`;
    const time = document.createElement("time");
    time.textContent = clock(this.starts[index]);
    const text = document.createElement("p");
    text.append(...this.#pieces(this.texts[index]));
    row.title = this.texts[index];
    row.append(time, text);
    this.#mark(row);
    this.spacer.append(row);
    this.rows.set(place, row);
  }

  #mark(row) {
    row.setAttribute("aria-selected", String(Number(row.dataset.index) === this.active));
  }

  // Text nodes and marks, never markup: captions are written by a model.
  #pieces(text) {
    const at = this.query ? text.toLowerCase().indexOf(this.query) : -1;
    if (at < 0) return [text];
    const mark = document.createElement("mark");
    mark.textContent = text.slice(at, at + this.query.length);
    return [text.slice(0, at), mark, text.slice(at + this.query.length)];
  }

  #fits(text) { return text.toLowerCase().includes(this.query); }

  #clicked(event) {
    const row = event.target.closest(".cue");
    if (row) this.#choose(Number(row.dataset.index));
  }

  #choose(index) {
    this.activate(index);
    this.onChoose(index);
  }

  #pressed(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    const place = this.shown ? this.shown.indexOf(this.active) : this.active;
    if (step) {
      event.preventDefault();
      const next = Math.min(Math.max(place + step, 0), this.count - 1);
      this.activate(this.shown ? this.shown[next] : next);
      this.reveal();
    } else if (event.key === "Enter" && this.active >= 0) {
      this.#choose(this.active);
    }
  }
}
