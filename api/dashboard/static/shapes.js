// SVG by hand: elements, pads as they are made, and a view box that zooms and pans.
const SVG = "http://www.w3.org/2000/svg";
const SMALLEST = 0.02;
const STILL_PX = 4;

export function svg(tag, attributes = {}, keys = []) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== undefined) node.setAttribute(name, value);
  if (keys.length) node.dataset.keys = keys.join(" ");
  return node;
}

// A pad around (0, 0), `w` by `h`; `unit` is the length of a millimetre.
export function padShape(pad, w, h, unit, kind, keys) {
  if (pad.shape === "d_shape") return svg("path", { class: kind, d: dOutline(pad, w, h) }, keys);
  const round = { circle: Math.min(w, h) / 2, oval: Math.min(w, h) / 2, roundrect: (pad.corner_radius ?? 0) * unit }[pad.shape] ?? 0;
  return svg("rect", { class: kind, x: -w / 2, y: -h / 2, width: w, height: h, rx: round }, keys);
}

// A rectangle whose end towards the middle of the pattern is a half circle, as the footprint's file has it.
function dOutline(pad, w, h) {
  const flat = w >= h;
  const inwards = (flat ? pad.x : pad.y) > 0 ? -1 : 1;
  const [half, r] = [Math.max(w, h) / 2, Math.min(w, h) / 2];
  const at = (along, across) => (flat ? `${inwards * along} ${across}` : `${across} ${inwards * along}`);
  const sweep = flat === inwards > 0 ? 1 : 0;
  return `M${at(-half, -r)} L${at(half - r, -r)} A${r} ${r} 0 0 ${sweep} ${at(half - r, r)} L${at(-half, r)} Z`;
}

export class View {
  constructor(box, node) {
    this.node = node;
    this.home = [0, 0, 1, 1];
    box.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(event.deltaY > 0 ? 1.18 : 1 / 1.18, event);
    }, { passive: false });
    box.addEventListener("pointerdown", (event) => this.#grab(event, box));
  }

  fit(x, y, w, h) {
    this.home = [x, y, w, h];
    this.set(this.home);
  }

  set(box) {
    this.box = box;
    this.node.setAttribute("viewBox", box.join(" "));
  }

  // Around the pointer, else around the middle.
  zoom(factor, event) {
    const [x, y, w, h] = this.box;
    if (w * factor < this.home[2] * SMALLEST || w * factor > this.home[2] * 4) return;
    const at = event ? this.#place(event) : [x + w / 2, y + h / 2];
    this.set([at[0] - (at[0] - x) * factor, at[1] - (at[1] - y) * factor, w * factor, h * factor]);
  }

  #place(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.node.getScreenCTM().inverse());
    return [point.x, point.y];
  }

  #grab(event, box) {
    const from = this.#place(event);
    const move = (next) => {
      const to = this.#place(next);
      const [x, y, w, h] = this.box;
      this.set([x + from[0] - to[0], y + from[1] - to[1], w, h]);
    };
    box.setPointerCapture(event.pointerId);
    box.addEventListener("pointermove", move);
    box.addEventListener("pointerup", (end) => {
      box.removeEventListener("pointermove", move);
      // The box has the pointer, so no click reaches what is drawn: a press that did not drag is told to it.
      const isStill = Math.hypot(end.clientX - event.clientX, end.clientY - event.clientY) < STILL_PX;
      if (isStill) event.target.dispatchEvent(new CustomEvent("press", { bubbles: true }));
    }, { once: true });
  }
}
