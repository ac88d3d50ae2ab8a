#!/usr/bin/env bash
# AVI has no presentation stamps; those that FFmpeg hands out for H.264 with B-pictures are counted in coding order, so
# sorted by them pictures come in the wrong order and up to 3 places (120 ms at 25 pictures a second) off.
# Why it matters: a program that seeks or samples by packet.pts or frame.pts shows the wrong picture, with no sign of it.
#   The order in which the decoder gives pictures out is right: the k-th is shown at the k-th coding stamp.
# Versions: PyAV 18.1.0 (libavformat 62.12.102). Date: 2026-11-30. Exits 1 when the behaviour changes.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q av==18.1.0 numpy
cd "$dir"
"$dir/venv/bin/python" - <<'PY'
import sys

import av
import numpy as np

print("PyAV", av.__version__, "libavformat", av.library_versions["libavformat"])
off = {}
for suffix in ("avi", "mp4"):
    with av.open(f"v.{suffix}", "w") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 128, 64, "yuv420p"
        stream.options = {"bf": "3", "g": "50", "b_strategy": "0"}
        for k in range(60):
            bars = np.array([(k >> bit & 1) * 219 + 16 for bit in range(8)], np.uint8).repeat(16)
            picture = np.ascontiguousarray(np.broadcast_to(bars[None, :, None], (64, 128, 3)))
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode())
    with av.open(f"v.{suffix}") as given:
        shown = []
        for frame in given.decode(video=0):
            pixels = frame.to_ndarray(format="rgb24").mean(axis=(0, 2)).reshape(8, 16).mean(axis=1)
            number = sum(int(level > 128) << bit for bit, level in enumerate(pixels))
            shown.append((round(frame.pts * frame.time_base * 25), number))
    ordered = [number for _, number in shown] == list(range(60))
    off[suffix] = max(abs(at - number) for at, number in shown)
    print(f"{suffix}: given out in order: {ordered}; most places between stamp and picture: {off[suffix]}")
sys.exit(0 if off["avi"] >= 2 and off["mp4"] == 0 else 1)
PY
