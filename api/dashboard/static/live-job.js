// A job page without a player: it follows the job and is loaded again when the result is there.
import { watch } from "./job-stream.js";

customElements.define("live-job", class extends HTMLElement {
  connectedCallback() {
    this.source = watch(this, { ended: () => location.reload() });
  }

  disconnectedCallback() { this.source?.close(); }
});
