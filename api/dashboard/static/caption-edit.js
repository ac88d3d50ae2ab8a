// Correcting the chosen caption: what stood there is kept by the server, with who changed it and when.
import { call } from "./api.js";
import { clock } from "./time.js";

export function captionEdit(page, cues, job) {
  const button = page.querySelector("[data-edit]");
  if (!button) return;
  const dialog = page.querySelector("#caption");
  const text = dialog.querySelector("textarea");
  const complaint = dialog.querySelector("[role=alert]");
  let index = -1;
  cues.onActive = (active) => { button.disabled = active < 0; };
  button.addEventListener("click", () => {
    index = cues.active;
    dialog.querySelector("[data-at]").textContent = clock(cues.starts[index]);
    text.value = cues.texts[index];
    complaint.hidden = true;
    dialog.showModal();
    text.focus();
  });
  dialog.querySelector("button[value=no]").addEventListener("click", () => dialog.close());
  dialog.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const cue = await call("PATCH", `/v1/jobs/${job}/cues/${cues.seqs[index]}`, { text: text.value });
      cues.change(index, cue.text);
      dialog.close();
      button.focus();
    } catch (error) {
      complaint.textContent = error.message;
      complaint.hidden = false;
    }
  });
}
