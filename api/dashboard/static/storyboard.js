// A strip of pictures from the video, taken by a second, silent player so that the first is not disturbed.
import { clock } from "./time.js";

const PICTURES = 10;
const WIDE = 160;
const PATIENCE_MS = 4000;

function sought(video, seconds) {
  return new Promise((resolve) => {
    const done = (good) => { clearTimeout(late); resolve(good); };
    const late = setTimeout(() => done(false), PATIENCE_MS);
    video.addEventListener("seeked", () => done(true), { once: true });
    video.currentTime = seconds;
  });
}

export async function storyboard(original, strip, onSeek) {
  if (strip.childElementCount || !Number.isFinite(original.duration)) return;
  const video = document.createElement("video");
  Object.assign(video, { muted: true, preload: "auto", src: original.src });
  await new Promise((resolve) => video.addEventListener("loadeddata", resolve, { once: true }));
  for (let number = 0; number < PICTURES; number += 1) {
    const seconds = (original.duration * (number + 0.5)) / PICTURES;
    if (!(await sought(video, seconds))) break;
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: WIDE, height: Math.round((WIDE * video.videoHeight) / (video.videoWidth || WIDE)) });
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-label", `Go to ${clock(seconds * 1000)}`);
    button.append(canvas);
    button.addEventListener("click", () => onSeek(seconds * 1000));
    strip.append(button);
    strip.hidden = false;
  }
  video.removeAttribute("src");
  video.load();
}
