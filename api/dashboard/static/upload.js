// A file to the service in pieces; after any break it goes on with what has not arrived.
import { call, Refused } from "./api.js";

const PIECE = 4 << 20;
const TRIES = 8;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const nameOf = (file) => `upload:${file.name}:${file.size}:${file.lastModified}`;

// Resolves to the asset; `onProgress(bytes)` is told how much has arrived, `isStopped()` is asked between pieces.
export async function upload(file, onProgress, isStopped = () => false) {
  let begun = await earlier(file) ?? await call("POST", "/v1/uploads", {
    filename: file.name.slice(0, 255), media_type: file.type || "application/octet-stream", size_bytes: file.size,
  });
  localStorage.setItem(nameOf(file), begun.asset.id);
  for (let failed = 0; begun.mode; ) {
    try {
      await (begun.mode === "offset" ? byOffset : byParts)(begun, file, onProgress, isStopped);
      break;
    } catch (error) {
      if (isStopped() || failed >= TRIES || (error instanceof Refused && error.status !== 409 && error.status < 500)) throw error;
      failed += 1;
      await pause(Math.min(500 * 2 ** failed, 15_000));
      begun = await call("GET", `/v1/uploads/${begun.asset.id}`);
    }
  }
  const asset = begun.complete_url ? await call("POST", begun.complete_url) : begun.asset;
  localStorage.removeItem(nameOf(file));
  onProgress(file.size);
  return asset;
}

async function earlier(file) {
  const id = localStorage.getItem(nameOf(file));
  if (!id) return null;
  const found = await call("GET", `/v1/uploads/${id}`).catch(() => null);
  return found?.asset.state === "rejected" ? null : found;
}

async function byOffset(begun, file, onProgress, isStopped) {
  let offset = begun.offset_bytes;
  onProgress(offset);
  while (offset < file.size) {
    if (isStopped()) throw new Error("stopped");
    const piece = file.slice(offset, offset + PIECE);
    await call("PATCH", begun.url, piece, { "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(offset) });
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
      const answer = await fetch(part.url, { method: "PUT", body: file.slice(start, start + part.size_bytes) });
      if (!answer.ok) throw new Error(`the store answered ${answer.status}`);
      arrived += part.size_bytes;
      onProgress(arrived);
    }
  }
}

export function kindOf(file) {
  const isVideo = file.type.startsWith("video/") || /\.(mkv|mp4|mov|avi|webm|ts|mxf)$/i.test(file.name);
  return isVideo ? "video.caption" : "datasheet.extract";
}

export function inputFor(kind, place) {
  return kind === "video.caption" ? { video: place } : { document: place };
}
