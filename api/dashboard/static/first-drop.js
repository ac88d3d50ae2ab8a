// The empty jobs page: one dropped file becomes a job with the default parameters.
import { call } from "./api.js";
import { dropZone } from "./drop-zone.js";
import { inputFor, kindOf, upload } from "./upload.js";

customElements.define("drop-zone", class extends HTMLElement {
  connectedCallback() {
    const label = this.querySelector("label");
    const words = label.querySelector("span");
    dropZone(label, async ([file]) => {
      if (!file) return;
      try {
        const asset = await upload(file, {
          onProgress: (sent) => { words.textContent = `${Math.floor((sent / file.size) * 100)} % of ${file.name}`; },
          onBreak: (error) => { words.textContent = `Trying again: ${error.message}`; },
        });
        const kind = await kindOf(file);
        const job = await call("POST", "/v1/jobs", { kind, params: inputFor(kind, { asset_id: asset.id }) });
        location.href = `/jobs/${job.id}`;
      } catch (error) {
        words.textContent = error.message;
      }
    });
  }
});
