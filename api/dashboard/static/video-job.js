// The page of a video job: player, captions and timeline follow one another while the captions grow.
import { captionEdit } from "./caption-edit.js";
import { CueList } from "./cue-list.js";
import { watch } from "./job-stream.js";
import { LiveSource } from "./live-source.js";
import { storyboard } from "./storyboard.js";
import { clock } from "./time.js";
import { Timeline } from "./timeline.js";

const breath = () => new Promise((resolve) => setTimeout(resolve));

customElements.define("video-job", class extends HTMLElement {
  connectedCallback() {
    this.video = this.querySelector("video");
    this.subtitle = this.querySelector(".subtitle");
    this.liveText = this.querySelector("[data-live-text]");
    this.lastSeq = -1;
    this.cues = new CueList(this.querySelector(".cues"), (index) => this.seek(this.cues.starts[index]));
    this.cues.onLetGo = () => this.follow(false);
    captionEdit(this, this.cues, this.dataset.job);
    this.timeline = new Timeline(this.querySelector(".timeline"), (ms) => this.seek(ms));
    this.timeline.total = Number(this.dataset.total) || 0;
    this.timeline.done = Number(this.dataset.done);
    this.timeline.marks = {
      gaps: JSON.parse(this.dataset.gaps), chapters: JSON.parse(this.dataset.chapters), resumed: JSON.parse(this.dataset.resumed),
    };
    const source = this.querySelector("[data-source]");
    this.follows = source && new LiveSource(source); // a live source
    if (this.follows) this.#grow(this.timeline.done);
    this.timeline.draw();
    this.#chapters();
    this.#listen();
    this.#load();
  }

  disconnectedCallback() { this.source?.close(); }

  follow(on) {
    this.cues.following = on;
    this.querySelector("[data-follow]").setAttribute("aria-pressed", String(on));
    if (on) this.cues.reveal();
  }

  seek(ms) {
    this.place = ms; // asked for before the player knows its video: gone to when it does
    if (this.video && this.video.readyState > 0) this.video.currentTime = ms / 1000 + 0.001;
    this.show(ms);
  }

  show(ms) {
    this.timeline.move(ms);
    const index = this.cues.at(ms);
    this.cues.activate(index);
    const spoken = index >= 0 && ms < this.cues.ends[index] + 400;
    this.subtitle.hidden = !spoken;
    this.subtitle.firstElementChild.textContent = spoken ? this.cues.texts[index] : "";
  }

  take(rows) {
    const fresh = rows.filter(([seq]) => seq > this.lastSeq);
    if (!fresh.length) return;
    this.lastSeq = fresh[fresh.length - 1][0];
    const atEnd = this.cues.list.scrollTop + this.cues.list.clientHeight > this.cues.spacer.clientHeight - 80;
    this.cues.add(fresh);
    if (!this.timeline.total) this.timeline.total = this.video?.duration ? this.video.duration * 1000 : 0;
    this.timeline.addCues(fresh);
    // While nobody plays the video, following means: stay with the newest caption.
    if (this.source && this.cues.following && atEnd && !this.cues.query && (!this.video || this.video.paused)) this.cues.list.scrollTop = this.cues.spacer.clientHeight;
    const count = this.querySelector("[data-cue-count]");
    if (count) count.textContent = this.cues.length;
  }

  async #load() {
    for (let more = true; more;) {
      const answer = await fetch(`${this.dataset.base}/cues?after=${this.lastSeq}`);
      if (!answer.ok) break;
      const batch = await answer.json();
      this.take(batch.cues);
      more = batch.more;
      await breath();
    }
    this.cues.resize();
    const place = Number(new URLSearchParams(location.search).get("t"));
    if (place) this.seek(place * 1000);
    else if (this.video?.currentTime) this.show(this.video.currentTime * 1000); // it was moved before the captions came
    // The stream goes on where the list ends.
    this.dataset.marks = `${this.dataset.marks.split(".")[0]}.${this.lastSeq}`;
    this.source = watch(this, {
      cue: (cue) => { this.take([[cue.seq, cue.start_ms, cue.end_ms, cue.text]]); this.liveText.textContent = ""; },
      text: (piece) => { this.liveText.textContent = (this.liveText.textContent + piece.text).slice(-400); },
      gap: (event) => { this.timeline.marks.gaps.push(event.data); this.timeline.draw(); this.follows?.gap(event.data); },
      progress: (told) => this.#progress(told),
      ended: () => this.#ended(),
    });
  }

  #progress(told) {
    this.timeline.done = told.done_ms;
    if (told.total_ms && !this.timeline.total) this.timeline.total = told.total_ms;
    this.follows?.progress(told);
    if (this.follows) this.#grow(told.done_ms);
    this.timeline.draw();
    const done = this.querySelector("[data-done]");
    if (done) done.textContent = clock(told.done_ms);
  }

  // A source without an end: the bar shows all of it, however long it has become.
  #grow(done) {
    if (Number(this.dataset.total) || done <= this.timeline.total) return;
    this.timeline.resize(done, this.cues.starts, this.cues.ends);
  }

  #ended() {
    this.follows?.ended();
    this.source = null;
    this.liveText.parentElement.hidden = true;
  }

  #listen() {
    const search = this.querySelector(".cues input[type=search]");
    let typing = 0;
    search.addEventListener("input", () => {
      clearTimeout(typing);
      typing = setTimeout(() => this.cues.search(search.value), 120);
    });
    const button = this.querySelector("[data-follow]");
    button.addEventListener("click", () => this.follow(button.getAttribute("aria-pressed") !== "true"));
    if (!this.video) return;
    this.video.addEventListener("timeupdate", () => this.show(this.video.currentTime * 1000));
    this.video.addEventListener("error", () => this.#unplayable());
    // It may have been faster than this script.
    if (this.video.readyState > 0) this.#playable();
    else this.video.addEventListener("loadedmetadata", () => this.#playable(), { once: true });
    if (this.video.error) this.#unplayable();
  }

  #playable() {
    if (!this.timeline.total) this.timeline.total = this.video.duration * 1000;
    this.timeline.draw();
    if (this.place) this.seek(this.place);
    storyboard(this.video, this.querySelector(".strip"), (ms) => this.seek(ms));
  }

  #unplayable() {
    this.video.remove();
    this.video = null;
    this.querySelector(".screen .nothing").hidden = false;
  }

  #chapters() {
    const box = this.querySelector(".chapters");
    const buttons = this.timeline.marks.chapters.map((chapter) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "slim";
      button.textContent = `${clock(chapter.start_ms)} ${chapter.title}`;
      button.addEventListener("click", () => this.seek(chapter.start_ms));
      return button;
    });
    box.replaceChildren(...buttons);
    box.hidden = buttons.length === 0;
  }
});
