// A file to the service in pieces; after any break it goes on with what has not arrived.
import { call, Refused } from "./api.js";

const PIECE = 4 << 20;
const LEAST_PIECE = 64 << 10;
const TRIES = 8; // without a byte in between
const STORE_TRIES = 3;
const nameOf = (file) => `upload:${file.name}:${file.size}:${file.lastModified}`;

// The object store did not answer although the service does: most often its bucket does not allow this page (CORS).
class StoreAway extends Error {
  constructor() { super(`The object store takes no upload from ${location.origin}: it is away, or its bucket's CORS rules do not allow PUT from here.`); }
}

// Resolves to the asset; `onProgress(bytes)` is told how much has arrived, `onBreak(error)` that it will be tried
// again, `isStopped()` is asked between pieces.
export async function upload(file, { onProgress, onBreak = () => {}, isStopped = () => false }) {
  let [arrived, failed] = [0, 0];
  const progress = (bytes) => {
    if (bytes > arrived) [arrived, failed] = [bytes, 0];
    onProgress(bytes);
  };
  for (;;) {
    try {
      const asset = await send(await begun(file), file, progress, isStopped);
      localStorage.removeItem(nameOf(file));
      onProgress(file.size);
      return asset;
    } catch (error) {
      failed += 1;
      if (isStopped() || isFinal(error) || failed > (error instanceof StoreAway ? STORE_TRIES : TRIES)) throw error;
      onBreak(error);
      await pause(Math.min(500 * 2 ** failed, 15_000));
    }
  }
}

// What was begun earlier, on this page or before a reload, else a new upload.
async function begun(file) {
  const id = localStorage.getItem(nameOf(file));
  const found = id && await call("GET", `/v1/uploads/${id}`).catch((error) => { if (!isFinal(error)) throw error; });
  if (found && found.asset.state !== "rejected") return found;
  const made = await call("POST", "/v1/uploads", {
    filename: file.name.slice(0, 255), size_bytes: file.size,
  });
  localStorage.setItem(nameOf(file), made.asset.id);
  return made;
}

async function send(upload, file, onProgress, isStopped) {
  if (!upload.mode) return upload.asset;
  await (upload.mode === "offset" ? byOffset : byParts)(upload, file, onProgress, isStopped);
  return call("POST", upload.complete_url);
}

// 409: the service knows better what has arrived; 429: later.
function isFinal(error) {
  return error instanceof Refused && error.status < 500 && ![409, 429].includes(error.status);
}

// A while, or until the network is back.
function pause(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
    addEventListener("online", resolve, { once: true });
  });
}

async function byOffset(begun, file, onProgress, isStopped) {
  let [offset, size] = [begun.offset_bytes, PIECE];
  onProgress(offset);
  while (offset < file.size) {
    if (isStopped()) throw new Error("stopped");
    const piece = file.slice(offset, offset + size);
    try {
      await call("PATCH", begun.url, piece, { "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(offset) });
    } catch (error) {
      // A proxy on the way takes smaller bodies only; the service's own refusal has a code.
      if (error.status !== 413 || error.code || size <= LEAST_PIECE) throw error;
      size /= 2;
      continue;
    }
    offset += piece.size;
    onProgress(offset);
  }
}

async function byParts(begun, file, onProgress, isStopped) {
  const there = new Set(begun.parts_done);
  const missing = Array.from({ length: begun.parts }, (_, index) => index + 1).filter((number) => !there.has(number));
  let arrived = begun.offset_bytes;
  onProgress(arrived);
  while (missing.length) {
    const { parts } = await call("POST", begun.parts_url, { numbers: missing.splice(0, 10) });
    for (const part of parts) {
      if (isStopped()) throw new Error("stopped");
      const start = (part.number - 1) * begun.part_bytes;
      const answer = await fetch(part.url, { method: "PUT", body: file.slice(start, start + part.size_bytes) }).catch(() => { throw new StoreAway(); });
      if (!answer.ok) throw new Error(`the store answered ${answer.status}`);
      arrived += part.size_bytes;
      onProgress(arrived);
    }
  }
}

// PNG, JPEG, BMP, TIFF, and what begins with RIFF....WEBP. Names and types are guesses of the visitor's system.
const PICTURES = [/^\x89PNG/, /^\xff\xd8\xff/, /^BM/, /^II\*\0/, /^MM\0\*/, /^RIFF[^]{4}WEBP/];

// By the first bytes: PDFs and pictures are datasheets, everything else may be a video.
export async function kindOf(file) {
  const head = String.fromCharCode(...new Uint8Array(await file.slice(0, 1024).arrayBuffer()));
  return head.includes("%PDF-") || PICTURES.some((start) => start.test(head)) ? "datasheet.extract" : "video.caption";
}

export function inputFor(kind, place) {
  return kind === "video.caption" ? { video: place } : { document: place };
}
