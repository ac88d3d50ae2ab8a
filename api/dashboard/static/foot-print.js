// The footprint in millimetres: grid, courtyard, body, pads with their drills and numbers, pin 1.
import { padShape, svg, View } from "./shapes.js";

const MARGIN = 0.12;

customElements.define("foot-print", class extends HTMLElement {
  draw(drawing) {
    this.svg = svg("svg", { role: "img", "aria-label": "Footprint" });
    this.replaceChildren(this.svg);
    this.view = new View(this, this.svg);
    const [x0, y0, x1, y1] = this.#extent(drawing);
    const margin = Math.max(x1 - x0, y1 - y0) * MARGIN;
    const [wide, high] = [x1 - x0 + 2 * margin, y1 - y0 + 2 * margin];
    const parts = this.#grid(x0 - margin, y0 - margin, wide, high);
    const yard = drawing.courtyard;
    if (yard) parts.push(svg("rect", { class: "fp-yard", x: yard.x0, y: yard.y0, width: yard.x1 - yard.x0, height: yard.y1 - yard.y0 }));
    if (drawing.body) parts.push(svg("rect", { class: "fp-body", x: -drawing.body[0] / 2, y: -drawing.body[1] / 2, width: drawing.body[0], height: drawing.body[1] }));
    const letters = this.#letters(drawing.pads);
    for (const pad of drawing.pads) parts.push(this.#pad(pad, letters));
    const first = drawing.pads.find((pad) => ["1", "A1"].includes(pad.number));
    if (first) parts.push(svg("circle", { class: "fp-pin1", cx: first.x, cy: first.y, r: Math.max(first.w ?? 0.5, first.h ?? 0.5) * 0.68 }));
    this.svg.replaceChildren(...parts);
    this.view.fit(x0 - margin, y0 - margin, wide, high);
  }

  // One height of letters for all numbers, which fits into the numbered pad with the least room.
  #letters(pads) {
    const room = pads.filter((pad) => pad.number).map((pad) => {
      const [w, h] = pad.rotation % 180 === 90 ? this.#size(pad).toReversed() : this.#size(pad);
      return Math.min(h * 0.7, (w * 1.3) / pad.number.length);
    });
    return Math.min(1.2, ...room);
  }

  #size(pad) {
    return pad.w && pad.h ? [pad.w, pad.h] : pad.drill ?? [0.4, 0.4];
  }

  #pad(pad, letters) {
    const sized = pad.w && pad.h;
    const [w, h] = this.#size(pad);
    const group = svg("g", { transform: `translate(${pad.x} ${pad.y})` });
    const shape = padShape(pad, w, h, 1, `fp-pad${sized ? "" : " unsized"}`, [`pad:${pad.i}`]);
    if (pad.rotation) shape.setAttribute("transform", `rotate(${pad.rotation})`);
    const title = svg("title");
    title.textContent = `Pad ${pad.number}: ${w} × ${h} mm at ${pad.x}, ${pad.y}`;
    shape.append(title);
    group.append(shape);
    if (pad.drill) group.append(svg("rect", { class: "fp-drill", x: -pad.drill[0] / 2, y: -pad.drill[1] / 2, width: pad.drill[0], height: pad.drill[1], rx: Math.min(...pad.drill) / 2 }));
    const number = svg("text", { class: "fp-num", "font-size": letters });
    number.textContent = pad.number;
    group.append(number);
    return group;
  }

  #extent(drawing) {
    const xs = [];
    const ys = [];
    for (const pad of drawing.pads) {
      const half = Math.max(pad.w ?? 0.5, pad.h ?? 0.5) / 2;
      xs.push(pad.x - half, pad.x + half);
      ys.push(pad.y - half, pad.y + half);
    }
    if (drawing.courtyard) { xs.push(drawing.courtyard.x0, drawing.courtyard.x1); ys.push(drawing.courtyard.y0, drawing.courtyard.y1); }
    if (drawing.body) { xs.push(-drawing.body[0] / 2, drawing.body[0] / 2); ys.push(-drawing.body[1] / 2, drawing.body[1] / 2); }
    return xs.length ? [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)] : [-1, -1, 1, 1];
  }

  // Three times as wide and high as the view, for stages of any shape.
  #grid(x0, y0, wide, high) {
    const step = [0.1, 0.5, 1, 5, 10].find((one) => Math.max(wide, high) / one <= 24) ?? 50;
    const [left, right, top, bottom] = [x0 - wide, x0 + 2 * wide, y0 - high, y0 + 2 * high];
    const lines = [];
    for (let x = Math.ceil(left / step) * step; x <= right; x += step) lines.push(svg("line", { class: "fp-grid", x1: x, x2: x, y1: top, y2: bottom }));
    for (let y = Math.ceil(top / step) * step; y <= bottom; y += step) lines.push(svg("line", { class: "fp-grid", x1: left, x2: right, y1: y, y2: y }));
    return lines;
  }
});
