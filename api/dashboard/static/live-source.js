// The source of a live job: whether it is connected, why not, and what was missed.
import { clock } from "./time.js";

const WORDS = { live: "Live", connecting: "Connecting" };

export class LiveSource {
  constructor(box) {
    this.pill = box.querySelector("[data-connection]");
    this.trouble = box.querySelector("[data-trouble]");
    this.list = box.querySelector("[data-gap-list]");
    this.none = box.querySelector("[data-no-gap]");
  }

  progress({ note }) {
    if (!note || this.pill.textContent === "Stopping") return;
    const [state, ...reason] = note.split(": ");
    const isLive = state === "live";
    if (WORDS[state] && this.pill.textContent !== WORDS[state]) this.pill.textContent = WORDS[state]; // told once, not every second
    this.pill.className = `pill ${isLive ? "live" : "warn"}`;
    this.trouble.textContent = reason.join(": ");
    this.trouble.hidden = isLive || !reason.length;
  }

  gap({ start_ms: start, end_ms: end, reason }) {
    const time = document.createElement("time");
    time.textContent = end === null ? clock(start) : `${clock(start)} to ${clock(end)}`;
    const line = document.createElement("li");
    line.append(time, ` ${reason}`);
    this.list.append(line);
    this.none.hidden = true;
  }

  ended() {
    this.pill.textContent = "Ended";
    this.pill.className = "pill quiet";
    this.trouble.hidden = true;
  }
}
