#!/usr/bin/env bash
# FFmpeg places the second and later stretches of an MP4 edit list some pictures early or late when the video has
# B-pictures: of edits 0-6 s and 3-9 s the second starts at 6.08 s, and the last picture ends after the length of the file.
# Why it matters: times of everything after a cut are wrong by 40 to 120 ms, with a picture held or shown twice at the cut.
# Versions: PyAV 18.1.0 (libavformat 62.12.102). Date: 2026-11-30. Exits 1 when the behaviour changes.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q av==18.1.0 numpy
cd "$dir"
"$dir/venv/bin/python" - <<'PY'
import struct
import sys
from pathlib import Path

import av
import numpy as np

print("PyAV", av.__version__, "libavformat", av.library_versions["libavformat"])
EDITS = [(0, 6), (3, 9)]


def boxes(data):
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], data[at + 8 : at + size]
        at += size


def box(kind, body):
    return struct.pack(">I4s", 8 + len(body), kind) + body


def edited(kind, body, ticks):
    total = 1000 * sum(end - start for start, end in EDITS)
    if kind in (b"moov", b"trak", b"edts"):
        body = b"".join(edited(*inner, ticks) for inner in boxes(body))
    elif kind == b"mvhd":
        body = body[:16] + struct.pack(">I", total) + body[20:]
    elif kind == b"tkhd":
        body = body[:20] + struct.pack(">I", total) + body[24:]
    elif kind == b"elst":
        first = int.from_bytes(body[12:16], "big")
        rows = [struct.pack(">IiI", 1000 * (end - start), first + start * ticks, 0x10000) for start, end in EDITS]
        body = struct.pack(">II", 0, len(EDITS)) + b"".join(rows)
    return box(kind, body)


with av.open("plain.mp4", "w") as out:
    stream = out.add_stream("libx264", rate=25)
    stream.width, stream.height, stream.pix_fmt = 128, 64, "yuv420p"
    stream.options = {"bf": "2", "g": "250", "b_strategy": "0", "preset": "ultrafast"}
    for k in range(1000):
        bars = np.array([(k >> bit & 1) * 219 + 16 for bit in range(16)], np.uint8).repeat(8)
        picture = np.ascontiguousarray(np.broadcast_to(bars[None, :, None], (64, 128, 3)))
        out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
    out.mux(stream.encode())
with av.open("plain.mp4") as given:
    ticks = round(1 / given.streams.video[0].time_base)
Path("edited.mp4").write_bytes(b"".join(edited(*inner, ticks) for inner in boxes(Path("plain.mp4").read_bytes())))
with av.open("edited.mp4") as given:
    shown = []
    for frame in given.decode(video=0):
        pixels = frame.to_ndarray(format="rgb24").mean(axis=(0, 2)).reshape(16, 8).mean(axis=1)
        shown.append((float(frame.pts * frame.time_base), sum(int(v > 128) << bit for bit, v in enumerate(pixels))))
    print(f"length by the file: {given.duration / 1e6} s; pictures: {len(shown)}; last ends at {shown[-1][0] + 0.04:.2f} s")
cut = next(at for (at, number), (_, before) in zip(shown[1:], shown) if number < before)
print(f"the second stretch begins at {cut:.2f} s, not {EDITS[0][1]}.00 s")
sys.exit(0 if abs(cut - EDITS[0][1]) > 0.03 else 1)
PY
