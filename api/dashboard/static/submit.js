// The submit page: files are uploaded while the parameters are still being chosen.
import { call } from "./api.js";
import { demoNotice } from "./demo-notice.js";
import { dropZone } from "./drop-zone.js";
import { span } from "./time.js";
import { inputFor, kindOf, upload } from "./upload.js";

const NUMBERS = ["fps", "max_frame_pixels", "chunk_ms", "mechanical_page", "land_page"];
const WORDS = ["prompt", "model", "mode", "package", "units", "reader", "ipc_level"];

customElements.define("submit-form", class extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.items = [];
    this.presets = JSON.parse(this.dataset.presets);
    dropZone(this.querySelector(".drop"), (files) => files.forEach((file) => this.add(file)));
    this.querySelector("[data-add-url]").addEventListener("click", () => this.#addUrl());
    for (const button of this.form.querySelectorAll("[data-kind]")) button.addEventListener("click", () => this.#kind(button.dataset.kind));
    this.form.elements.preset.addEventListener("change", (event) => {
      for (const [name, value] of Object.entries(this.presets[event.target.value])) if (this.form.elements[name]) this.form.elements[name].value = value;
    });
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.submit(); });
    this.form.elements.reader.addEventListener("change", () => this.forecast());
    demoNotice(this);
    this.forecast();
  }

  async add(file) {
    const item = { kind: await kindOf(file), name: file.name, sent: 0, size: file.size, stopped: false, seconds: 0 };
    this.#show(item);
    this.#measure(item, file);
    item.ready = upload(file, { onProgress: (sent) => this.#progress(item, sent), onBreak: (error) => { item.words.textContent = `Trying again: ${error.message}`; }, isStopped: () => item.stopped })
      .then((asset) => { this.#say(item, asset.state === "rejected" ? `Not taken: ${asset.failure_message}` : "Uploaded", asset.state === "rejected"); return { asset_id: asset.id }; })
      .catch((error) => { if (!item.stopped) this.#say(item, error.message, true); return null; });
  }

  async submit() {
    this.#error("");
    const button = this.form.querySelector("button.primary");
    button.disabled = true;
    const made = [];
    for (const item of this.items.filter((one) => !one.stopped && !one.done)) {
      this.querySelector("[data-status]").textContent = `Waiting for ${item.name}`;
      const place = await item.ready;
      if (!place) continue;
      try {
        made.push(await call("POST", "/v1/jobs", this.#request(item, place)));
        item.done = true;
      } catch (error) {
        this.#error(`${item.name}: ${error.message}`);
      }
    }
    this.querySelector("[data-status]").textContent = "";
    button.disabled = false;
    if (!this.querySelector("[data-error]").hidden || !made.length) return;
    location.href = made.length === 1 ? `/jobs/${made[0].id}` : "/jobs";
  }

  async forecast() {
    const told = await call("GET", `/submit/forecast?kind=${this.items[0]?.kind ?? this.kind ?? "video.caption"}&reader=${this.form.elements.reader.value}`);
    const living = this.items.filter((one) => !one.stopped);
    const seconds = living.reduce((sum, item) => sum + item.seconds, 0);
    const work = seconds && told.realtime ? seconds / told.realtime : told.run_s !== null ? told.run_s * living.length : null;
    const waiting = told.slots && told.run_s !== null ? (told.ahead / told.slots) * told.run_s : told.ahead ? null : 0;
    const say = (name, words) => { this.querySelector(`[data-${name}]`).textContent = words; };
    say("files", living.length ? `${living.length}${seconds ? `, ${span(seconds)} of video` : ""}` : "none yet");
    say("ahead", `${told.ahead} job${told.ahead === 1 ? "" : "s"}`);
    say("ready", !told.slots ? "no worker is up; jobs wait" : work !== null && waiting !== null && living.length ? `about ${span(waiting + work)} after submitting` : "not measured yet");
    say("cost", work !== null && living.length ? `about ${span(work)} of worker time` : "–");
  }

  #request(item, place) {
    const fields = this.form.elements;
    const group = this.form.querySelector(`[data-for="${item.kind}"]`);
    const params = inputFor(item.kind, place);
    for (const name of [...NUMBERS, ...WORDS]) {
      const field = group.querySelector(`[name="${name}"]`);
      if (field && field.value !== "") params[name] = NUMBERS.includes(name) ? Number(field.value) : field.value;
    }
    if (item.kind === "video.caption") {
      if (fields.start_s.value) params.start_ms = Math.round(fields.start_s.value * 1000);
      if (fields.end_s.value) params.end_ms = Math.round(fields.end_s.value * 1000);
      params.chapters = fields.chapters.checked;
      params.max_tokens_per_chunk = this.presets[fields.preset.value].max_tokens_per_chunk;
    }
    const [name, ...value] = fields.label.value.split(":");
    return {
      kind: item.kind, params, priority: Number(fields.priority.value) || 0,
      labels: name && value.length ? { [name]: value.join(":") } : {}, cache: fields.bypass.checked ? "bypass" : "use",
    };
  }

  #addUrl() {
    const field = this.querySelector("[name=url]");
    if (!field.value || !field.reportValidity()) return;
    const item = { kind: this.querySelector("[name=url_kind]").value, name: field.value, stopped: false, seconds: 0, ready: Promise.resolve({ url: field.value }) };
    this.#show(item);
    this.#say(item, "Fetched by the service");
    field.value = "";
  }

  #kind(kind) {
    this.kind = kind;
    for (const button of this.form.querySelectorAll("[data-kind]")) button.setAttribute("aria-pressed", String(button.dataset.kind === kind));
    for (const group of this.form.querySelectorAll("[data-for]")) group.hidden = group.dataset.for !== kind;
    this.forecast();
  }

  #show(item) {
    const box = document.createElement("div");
    box.className = "upload";
    const line = document.createElement("div");
    line.className = "row between";
    const name = document.createElement("span");
    name.className = "name grow";
    name.textContent = item.name;
    const stop = Object.assign(document.createElement("button"), { type: "button", className: "slim", textContent: "Remove" });
    stop.addEventListener("click", () => { item.stopped = true; box.remove(); this.#count(); });
    item.bar = Object.assign(document.createElement("progress"), { max: 1, value: 0 });
    item.bar.setAttribute("aria-label", `Upload of ${item.name}`);
    item.words = Object.assign(document.createElement("span"), { className: "small muted" });
    line.append(name, stop);
    box.append(line, item.bar, item.words);
    this.querySelector(".uploads").append(box);
    this.items.push(item);
    this.#kind(item.kind);
    this.#count();
  }

  #progress(item, sent) {
    item.bar.value = item.size ? sent / item.size : 1;
    item.words.textContent = `${Math.floor((sent / item.size) * 100)} % of ${(item.size / 1e6).toFixed(1)} MB`;
  }

  #say(item, words, isBad = false) {
    item.words.textContent = words;
    item.bar.value = 1;
    item.bar.className = isBad ? "bad" : "good";
  }

  #count() {
    this.form.querySelector("button.primary").disabled = !this.items.some((item) => !item.stopped);
    this.forecast();
  }

  #error(words) {
    const place = this.querySelector("[data-error]");
    place.textContent = words;
    place.hidden = !words;
  }

  // The browser can often tell how long a video is before it is sent.
  #measure(item, file) {
    if (item.kind !== "video.caption") return;
    const video = document.createElement("video");
    video.preload = "metadata";
    video.addEventListener("loadedmetadata", () => { item.seconds = Number.isFinite(video.duration) ? video.duration : 0; URL.revokeObjectURL(video.src); this.forecast(); });
    video.src = URL.createObjectURL(file);
  }
});
