// The chat page: several turns about pictures and videos; each answer is a job that streams, and that Stop cancels.
import { HeldFiles } from "./chat-files.js";
import { completion } from "./chat-stream.js";
import { demoNotice } from "./demo-notice.js";
import { dropZone } from "./drop-zone.js";

const NEAR_END_PX = 120;

customElements.define("chat-page", class extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.question = this.form.elements.question;
    this.model = this.querySelector("[name=model]");
    this.turns = this.querySelector(".turns");
    this.messages = [];
    this.held = new HeldFiles(this.querySelector(".held"), () => this.#enable());
    dropZone(this.form, (files) => files.forEach((file) => this.held.add(file)));
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.#send(); });
    this.question.addEventListener("input", () => this.#enable());
    this.question.addEventListener("keydown", (event) => this.#pressed(event));
    this.question.addEventListener("paste", (event) => { for (const file of event.clipboardData.files) this.held.add(file); });
    this.querySelector("[data-stop]").addEventListener("click", () => this.#stop());
    this.querySelector("[data-new]").addEventListener("click", () => this.#begin());
    this.querySelector("[data-known]")?.addEventListener("change", (event) => this.#known(event.target));
    demoNotice(this);
    this.#enable();
  }

  async #send() {
    if (this.querySelector("button.primary").disabled) return;
    const [text, files] = [this.question.value.trim(), this.held.take()];
    const words = text ? [{ type: "text", text }] : [];
    const asked = { role: "user", content: files.length ? [...files.map((file) => file.part), ...words] : text };
    this.#error("");
    this.question.value = "";
    this.question.focus();
    const turn = [this.#turn("You", text, files), this.#turn(this.model.value || "The model", "")];
    const said = await this.#answer(asked, turn[1]);
    if (said) this.messages.push(asked, { role: "assistant", content: said });
    else this.#giveBack(text, turn);
  }

  // The words of the answer; those that were said before it was stopped or broke off count.
  async #answer(asked, turn) {
    const [words, facts] = [turn.querySelector(".words"), turn.querySelector(".facts")];
    const controller = new AbortController();
    this.controller = controller;
    turn.setAttribute("aria-busy", "true");
    this.#enable();
    const request = { messages: [...this.messages, asked], ...(this.model.value ? { model: this.model.value } : {}) };
    try {
      for await (const piece of completion(request, controller.signal, (id) => this.#link(turn, id))) {
        if (piece.text) this.#follow(() => words.append(piece.text));
        if (piece.reason === "length") facts.append("cut off at the longest answer");
        if (piece.usage) facts.append(...told(facts, piece));
      }
      this.#tell("Answered.");
    } catch (error) {
      if (controller.signal.aborted) this.#tell("Stopped.");
      else this.#error(error.message);
      facts.append(controller.signal.aborted ? "stopped" : "broken off");
    }
    turn.removeAttribute("aria-busy");
    if (this.controller === controller) this.controller = null;
    this.#enable();
    return words.textContent;
  }

  // What was not answered is no part of the conversation: it can be changed and sent again.
  #giveBack(text, turn) {
    for (const one of turn) one.classList.add("unanswered");
    if (!this.question.value) this.question.value = text;
    this.#enable();
  }

  #turn(who, text, files = []) {
    const turn = document.createElement("li");
    turn.className = who === "You" ? "turn mine" : "turn";
    const words = Object.assign(document.createElement("p"), { className: "words", textContent: text });
    const facts = Object.assign(document.createElement("p"), { className: "facts small muted" });
    turn.append(Object.assign(document.createElement("h2"), { textContent: who }), ...files.map(shown), words, facts);
    this.turns.append(turn);
    turn.scrollIntoView({ block: "end" });
    return turn;
  }

  #link(turn, id) {
    const link = Object.assign(document.createElement("a"), { href: `/jobs/${id}`, textContent: "the job" });
    turn.querySelector(".facts").append(link, " ");
  }

  // The page stays at the end while somebody reads there, and where it is when he has scrolled up.
  #follow(change) {
    const page = document.documentElement;
    const isAtEnd = page.scrollHeight - page.scrollTop - page.clientHeight < NEAR_END_PX;
    change();
    if (isAtEnd) page.scrollTop = page.scrollHeight;
  }

  #pressed(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.#send();
    } else if (event.key === "Escape") this.#stop();
  }

  #stop() {
    this.controller?.abort();
    this.question.focus();
  }

  #begin() {
    this.#stop();
    this.messages = [];
    this.turns.replaceChildren();
    this.held.clear();
    this.#error("");
    this.#enable();
  }

  #known(select) {
    const [option] = select.selectedOptions;
    if (option.value) this.held.addKnown(option.value, option.textContent, option.dataset.type);
    select.value = "";
  }

  #enable() {
    const busy = Boolean(this.controller);
    const isEmpty = !this.question.value.trim() && !this.held.items.length;
    const send = this.querySelector("button.primary");
    send.disabled = busy || isEmpty || !this.held.isReady;
    send.textContent = this.held.isReady || this.held.isFailed ? "Send" : "Uploading…";
    send.hidden = busy;
    this.querySelector("[data-stop]").hidden = !busy;
    this.querySelector("[data-new]").disabled = !this.turns.children.length;
  }

  #tell(words) { this.querySelector("[data-told]").textContent = words; }

  #error(words) {
    const place = this.querySelector("[data-error]");
    place.textContent = words;
    place.hidden = !words;
  }
});

function* told(facts, { usage, timings }) {
  if (facts.textContent.trim() !== "the job") yield ", ";
  yield `${usage.completion_tokens} token${usage.completion_tokens === 1 ? "" : "s"}`;
  if (timings?.first_token_s != null) yield `, the first after ${timings.first_token_s.toFixed(1)} s`;
  if (timings?.tokens_per_second != null) yield `, ${timings.tokens_per_second.toFixed(1)} a second`;
}

function shown(file) {
  if (!file.preview) return Object.assign(document.createElement("p"), { className: "tag", textContent: file.name });
  if (file.type.startsWith("image/")) return Object.assign(document.createElement("img"), { src: file.preview, alt: file.name });
  const video = Object.assign(document.createElement("video"), { src: file.preview, controls: true, preload: "metadata" });
  video.setAttribute("aria-label", file.name);
  return video;
}
