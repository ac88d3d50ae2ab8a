// The form that begins to follow a live source.
import { call } from "./api.js";
import { demoNotice } from "./demo-notice.js";

customElements.define("live-form", class extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.#follow(); });
    demoNotice(this);
  }

  async #follow() {
    const fields = this.form.elements;
    const button = this.form.querySelector("button.primary");
    const live = { give_up_ms: Number(fields.patience_s.value) * 1000, record: fields.record.checked };
    if (fields.minutes.value) live.max_duration_ms = Number(fields.minutes.value) * 60_000;
    const params = { video: { url: fields.url.value.trim() }, live, prompt: fields.prompt.value };
    if (fields.model.value) params.model = fields.model.value;
    this.#error("");
    button.disabled = true;
    try {
      const job = await call("POST", "/v1/jobs", { kind: "video.caption", params });
      location.href = `/jobs/${job.id}`;
    } catch (error) {
      this.#error(error.message);
      button.disabled = false;
    }
  }

  #error(words) {
    const place = this.querySelector("[data-error]");
    place.textContent = words;
    place.hidden = !words;
  }
});
