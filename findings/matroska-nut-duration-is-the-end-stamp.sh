#!/usr/bin/env bash
# For Matroska and NUT, FFmpeg's container.duration is the stamp of the end, not a length: 4 s of video stamped from one
# hour on have a duration of 3604 s there, and of 4 s in MP4 and MPEG-TS.
# Why it matters: recordings and cuts that keep their stamps; length limits, progress and sampling by duration go wrong by
#   the start time. The length is duration - start_time in these two, and duration in the others.
# Versions: PyAV 18.1.0 (libavformat 62.12.102). Date: 2026-11-30. Exits 1 when the behaviour changes.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q av==18.1.0 numpy
cd "$dir"
"$dir/venv/bin/python" - <<'PY'
import sys
from fractions import Fraction

import av
import numpy as np

print("PyAV", av.__version__, "libavformat", av.library_versions["libavformat"])
found = {}
for suffix in ("mkv", "nut", "mp4", "ts"):
    with av.open(f"v.{suffix}", "w") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt, stream.options = 64, 48, "yuv420p", {"bf": "0"}
        for k in range(100):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 2 * k, np.uint8), format="rgb24")
            frame.pts, frame.time_base = 25 * 3600 + k, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    with av.open(f"v.{suffix}") as given:
        found[suffix] = given.duration / 1e6
        print(f"{suffix}: start_time {given.start_time / 1e6:.2f} s, duration {given.duration / 1e6:.2f} s")
stamps = all(abs(found[suffix] - 3604) < 1 for suffix in ("mkv", "nut"))
lengths = all(abs(found[suffix] - 4) < 1 for suffix in ("mp4", "ts"))
sys.exit(0 if stamps and lengths else 1)
PY
