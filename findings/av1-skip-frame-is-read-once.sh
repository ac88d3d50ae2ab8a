#!/usr/bin/env bash
# FFmpeg's libdav1d wrapper reads AVCodecContext.skip_frame when it gets its first packet, and never again.
# Why it matters: a reader that leaves pictures out on the way to a time it wants (NONREF, NONKEY) and then asks for all
#   (DEFAULT) gets too few pictures of AV1 for the rest of the stream, without an error; H.264 and others obey at once.
# Versions: PyAV 18.1.0 (libavcodec 62.28.102). Date: 2026-11-30. Exits 1 when the behaviour changes.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q av==18.1.0 numpy
cd "$dir"
"$dir/venv/bin/python" - <<'PY'
import os
import sys

import av
import numpy as np

print("PyAV", av.__version__, "libavcodec", av.library_versions["libavcodec"])


def write(path, codec, options):
    with av.open(path, "w") as out:
        stream = out.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt, stream.options = 128, 64, "yuv420p", options
        for k in range(100):
            picture = np.full((64, 128, 3), 20, np.uint8)
            picture[:, k : k + 16] = 230
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode())


def shown(path):
    """How many of the pictures of packets 50 to 99 come out when the packets before went in under NONKEY."""
    with av.open(path) as given:
        stream = given.streams.video[0]
        stream.codec_context.thread_count = 1
        first = None
        count = 0
        for k, packet in enumerate(given.demux(stream)):
            stream.codec_context.skip_frame = "NONKEY" if k < 50 else "DEFAULT"
            for frame in packet.decode():
                count += frame.pts * frame.time_base >= 2
        return stream.codec_context.name, count


write("h264.mkv", "libx264", {"g": "50", "bf": "0"})
write("av1.mkv", "libsvtav1", {"g": "50", "preset": "12"})
os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))  # as root SVT-AV1 leaves its caller a real-time process
h264, av1 = shown("h264.mkv"), shown("av1.mkv")
print(f"pictures of the 50 asked for: {h264[0]} {h264[1]}, {av1[0]} {av1[1]}")
sys.exit(0 if h264[1] == 50 and av1[1] < 10 else 1)
PY
