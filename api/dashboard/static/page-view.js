// A page of the datasheet with the numbers that were read from it, and the pads laid over their drawing.
import { padShape, svg, View } from "./shapes.js";

const AROUND = 70; // points

customElements.define("page-view", class extends HTMLElement {
  draw(drawing) {
    if (!drawing.pages.length) return;
    this.drawing = drawing;
    this.svg = svg("svg", { role: "img", "aria-label": "Page of the datasheet with the numbers read from it" });
    this.replaceChildren(this.svg);
    this.view = new View(this, this.svg);
    this.show(drawing.pages.some((one) => one.number === drawing.land.page) ? drawing.land.page : drawing.pages[0].number);
  }

  show(number) {
    const page = this.drawing.pages.find((one) => one.number === number);
    if (!page || this.number === number) return;
    this.number = number;
    const parts = [
      svg("rect", { class: "paper", width: page.w, height: page.h }),
      svg("image", { href: page.url, width: page.w, height: page.h }),
      ...(number === this.drawing.land.page ? this.#pads() : []),
      ...this.drawing.evidence.filter((one) => one.page === number).map((one) => this.#evidence(one)),
    ];
    this.svg.replaceChildren(...parts);
    this.view.fit(-8, -8, page.w + 16, page.h + 16);
    this.dispatchEvent(new CustomEvent("page", { detail: number }));
  }

  // Bring a box of the page close enough to read.
  look([x0, y0, x1, y1]) {
    this.view.set([x0 - AROUND, y0 - AROUND, x1 - x0 + 2 * AROUND, y1 - y0 + 2 * AROUND]);
  }

  #evidence({ box: [x0, y0, x1, y1], printed, keys }) {
    const node = svg("rect", { class: "ev", x: x0 - 1.5, y: y0 - 1.5, width: x1 - x0 + 3, height: y1 - y0 + 3, rx: 1.5 }, keys);
    const title = svg("title");
    title.textContent = printed;
    node.append(title);
    return node;
  }

  #pads() {
    const { origin, points_per_mm: scale, turn_deg: turn, view } = this.drawing.land;
    if (!origin || !scale) return [];
    const frame = `translate(${origin.join(" ")}) rotate(${-turn}) scale(${view === "bottom" ? -1 : 1} 1)`; // seen from below, x is mirrored
    return this.drawing.pads.map((pad) => {
      const [w, h] = [pad.w ?? pad.drill?.[0], pad.h ?? pad.drill?.[1]];
      if (!w || !h) return svg("g");
      const node = padShape(pad, w * scale[0], h * scale[1], scale[0], "padshape", [`pad:${pad.i}`]);
      node.setAttribute("transform", `${frame} translate(${pad.x * scale[0]} ${pad.y * scale[1]}) rotate(${pad.rotation})`);
      return node;
    });
  }
});
