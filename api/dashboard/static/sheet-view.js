// A datasheet's page: what is hovered or focused in one place is marked in all others; values are corrected here.
import "./foot-print.js";
import "./page-view.js";

const LABELS = { min: "Min", nom: "Nom", max: "Max", number: "Number", x: "x", y: "y", w: "w", h: "h" };

customElements.define("sheet-view", class extends HTMLElement {
  connectedCallback() {
    this.drawing = JSON.parse(this.dataset.drawing);
    this.page = this.querySelector("page-view");
    this.querySelector("foot-print").draw(this.drawing);
    this.page.addEventListener("page", (event) => this.#shown(event.detail));
    this.#tabs();
    this.page.draw(this.drawing);
    for (const name of ["mouseover", "focusin"]) this.addEventListener(name, (event) => this.mark(event.target.closest("[data-keys]")));
    for (const name of ["mouseleave", "focusout"]) this.addEventListener(name, () => this.mark(null));
    this.addEventListener("click", (event) => this.#clicked(event));
    this.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target.matches("tr")) this.#clicked(event); });
    this.#correcting();
  }

  // A row, a pad or a number, with everything that belongs to it.
  mark(element) {
    const keys = element?.dataset.keys.split(" ") ?? [];
    if (this.marked === keys.join(" ")) return;
    this.marked = keys.join(" ");
    for (const node of this.querySelectorAll(".hot")) node.classList.remove("hot");
    for (const key of keys) for (const node of this.querySelectorAll(`[data-keys~="${CSS.escape(key)}"]`)) node.classList.add("hot");
  }

  #clicked(event) {
    const zoom = event.target.closest("[data-zoom]")?.dataset.zoom;
    if (zoom && this.page.view) zoom === "fit" ? this.page.view.set(this.page.view.home) : this.page.view.zoom(zoom === "in" ? 1 / 1.4 : 1.4);
    const tab = event.target.closest("[data-tab]");
    if (tab) this.page.show(Number(tab.dataset.tab));
    const item = event.target.closest("[data-show-page]");
    if (item) this.#show(item);
    const row = event.target.closest("tr[data-keys]");
    if (row && !event.target.closest("button")) this.#turnTo(row.dataset.keys.split(" ")[0]);
  }

  #turnTo(key) {
    const cited = this.drawing.evidence.find((one) => one.keys.includes(key));
    if (!cited || !this.page.view) return;
    this.page.show(cited.page);
    this.page.look(cited.box);
    this.marked = null;
    this.mark(this.querySelector(`tr[data-keys~="${CSS.escape(key)}"]`));
  }

  // The place that a item is about; on a small screen the page stands above.
  #show(item) {
    if (!this.page.view) return;
    this.page.show(Number(item.dataset.showPage));
    this.page.look(JSON.parse(item.dataset.showBox));
    this.page.scrollIntoView({ block: "nearest" });
    this.marked = null;
    this.mark(item);
  }

  #tabs() {
    const box = this.querySelector("[data-page-tabs]");
    if (this.drawing.pages.length < 2) return;
    box.replaceChildren(...this.drawing.pages.map((page) => {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "slim", textContent: page.number });
      button.dataset.tab = page.number;
      button.setAttribute("aria-label", `Page ${page.number}`);
      return button;
    }));
  }

  #shown(number) {
    this.querySelector("[data-page-number]").textContent = number;
    for (const tab of this.querySelectorAll("[data-tab]")) tab.setAttribute("aria-pressed", String(Number(tab.dataset.tab) === number));
  }

  #correcting() {
    const dialog = document.getElementById("fix");
    if (!dialog) return;
    this.addEventListener("click", (event) => {
      const button = event.target.closest("[data-fix]");
      if (button) this.#open(dialog, button);
    });
    this.addEventListener("press", (event) => {
      const pad = event.target.closest(".fp-pad, .padshape")?.dataset.keys;
      const button = pad && this.querySelector(`tr[data-keys="${CSS.escape(pad)}"] [data-fix]`);
      if (button) this.#open(dialog, button);
    });
    dialog.querySelector("[value=close]").addEventListener("click", () => dialog.close());
  }

  #open(dialog, button) {
    dialog.querySelector("h2").textContent = button.dataset.label;
    dialog.querySelector("[name=field]").value = button.dataset.fix;
    const fields = Object.entries(JSON.parse(button.dataset.values)).map(([name, value]) => {
      const label = Object.assign(document.createElement("label"), { className: "field", textContent: LABELS[name] });
      const input = Object.assign(document.createElement("input"), { type: "text", name, value: value ?? "", inputMode: name === "number" ? "text" : "decimal" });
      label.append(input);
      return label;
    });
    dialog.querySelector("[data-fields]").replaceChildren(...fields);
    dialog.showModal();
  }
});
