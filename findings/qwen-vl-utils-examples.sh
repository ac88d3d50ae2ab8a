#!/usr/bin/env bash
# Two examples of Qwen's own README do not run with qwen-vl-utils 0.0.14 and today's torchvision.
#
# What: a video as a list of pictures with 'sample_fps': '1', as the README of Qwen3-VL writes it, raises TypeError: the
#   rate is divided by as it is, and nothing makes a number of the text. A video as a file raises AttributeError where neither
#   torchcodec nor decord is installed: the reader that is fallen back to calls torchvision.io.read_video, which torchvision
#   has dropped. And frames of a list are sized in steps of 56 pixels, not 28 (64, not 32): fetch_video hands fetch_image the
#   step of a merged patch as that of a patch.
# Why it matters: messages that are copied from the documents fail, and frames of a list are not of the size that the same
#   pictures have as images or in a file.
# Versions: qwen-vl-utils 0.0.14, torchvision 0.29.2. Date: 2026-11-30.
# Exits with 0 while the behaviour is as described, with 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check qwen-vl-utils==0.0.14 torchvision==0.29.2 av==18.1.0 numpy
cat > examples.py <<'PYTHON'
import sys
from importlib.metadata import version

import av
import numpy as np
from PIL import Image
from qwen_vl_utils import fetch_image, fetch_video

print("qwen-vl-utils", version("qwen-vl-utils"), "torchvision", version("torchvision"))
with av.open("v.mp4", "w") as container:
    stream = container.add_stream("libx264", rate=10)
    stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
    for level in range(20):
        pixels = np.full((240, 320, 3), 10 * level, np.uint8)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
    container.mux(stream.encode())


def tried(element):
    try:
        return tuple(fetch_video(element).shape)
    except Exception as error:
        return type(error).__name__


picture = Image.new("RGB", (320, 200))
found = {
    "list, sample_fps as text": tried({"video": [picture] * 4, "sample_fps": "1"}),
    "list, sample_fps as number": tried({"video": [picture] * 4, "sample_fps": 1.0, "min_pixels": 3136, "max_pixels": 110_000}),
    "the same picture as an image": fetch_image({"image": picture, "min_pixels": 3136, "max_pixels": 110_000}).size[::-1],
    "file": tried({"video": "v.mp4"}),
}
for name, value in found.items():
    print(f"{name:30}{value}")
expected = {
    "list, sample_fps as text": "TypeError",
    "list, sample_fps as number": (4, 3, 224, 336),
    "the same picture as an image": (196, 308),
    "file": "AttributeError",
}
sys.exit(0 if found == expected else f"the behaviour has changed: {found}")
PYTHON
venv/bin/python examples.py 2>/dev/null
