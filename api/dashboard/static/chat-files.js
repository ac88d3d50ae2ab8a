// The files of the next message: uploaded while it is being written, or already here.
import { upload } from "./upload.js";

export class HeldFiles {
  constructor(place, onChange) {
    this.place = place;
    this.onChange = onChange;
    this.items = [];
  }

  // All that will be sent are there.
  get isReady() { return this.items.every((item) => item.asset); }

  get isFailed() { return this.items.some((item) => item.failed); }

  add(file) {
    const item = this.#show(file.name, file.type);
    item.preview = URL.createObjectURL(file);
    upload(file, {
      onProgress: (sent) => { item.bar.value = file.size ? sent / file.size : 1; },
      onBreak: (error) => { item.words.textContent = `trying again: ${error.message}`; },
      isStopped: () => item.removed,
    })
      .then((asset) => (asset.state === "rejected" ? this.#fail(item, asset.failure_message) : this.#settle(item, asset)))
      .catch((error) => { if (!item.removed) this.#fail(item, error.message); });
  }

  addKnown(id, name, type) { this.#settle(this.#show(name, type), { id, sniffed_type: type }); }

  // Hands the files over to the message that is sent now.
  take() {
    const items = this.items;
    this.items = [];
    this.#draw();
    return items.map(({ name, type, asset, preview }) => ({ name, type, preview, part: part(type, asset.id) }));
  }

  clear() {
    for (const item of [...this.items]) this.#remove(item);
  }

  #show(name, type) {
    const box = document.createElement("div");
    box.className = "file";
    const label = Object.assign(document.createElement("span"), { className: "name", textContent: name });
    const item = { box, name, type, bar: Object.assign(document.createElement("progress"), { max: 1, value: 0 }), words: Object.assign(document.createElement("span"), { className: "small muted" }) };
    item.bar.setAttribute("aria-label", `Upload of ${name}`);
    const remove = Object.assign(document.createElement("button"), { type: "button", className: "slim", textContent: "Remove" });
    remove.setAttribute("aria-label", `Remove ${name}`);
    remove.addEventListener("click", () => this.#remove(item));
    box.append(label, item.bar, item.words, remove);
    this.items.push(item);
    this.#draw();
    return item;
  }

  #settle(item, asset) {
    if (item.removed) return;
    item.type = asset.sniffed_type ?? item.type;
    if (!/^(image|video)\//.test(item.type)) return this.#fail(item, "neither a picture nor a video");
    item.asset = asset;
    item.words.textContent = "";
    item.bar.hidden = true;
    this.onChange();
  }

  #fail(item, words) {
    item.failed = true;
    item.bar.hidden = true;
    item.words.className = "small bad";
    item.words.textContent = `not taken: ${words}`;
    this.onChange();
  }

  #remove(item) {
    item.removed = true;
    if (item.preview) URL.revokeObjectURL(item.preview);
    this.items = this.items.filter((one) => one !== item);
    this.#draw();
  }

  #draw() {
    this.place.replaceChildren(...this.items.map((item) => item.box));
    this.place.hidden = !this.items.length;
    this.onChange();
  }
}

function part(type, id) {
  return type.startsWith("image/") ? { type: "image", image: { asset_id: id } } : { type: "video", video: { asset_id: id } };
}
