#!/usr/bin/env bash
# Importing torchvision 0.24 (the release for PyTorch 2.9) changes where the FFmpeg messages of the whole process go. PyAV
# drops them (`av.logging.get_level()` is None) until somebody asks; torchvision asks for errors at its import, though nobody
# called it. From then on messages go through a callback that takes the interpreter's lock, in whichever thread of FFmpeg.
# Why it matters: a program that decodes with PyAV and imports torchvision for its processors (transformers does) decodes
#   under other rules than it was tested with. Set the level again before a video is opened.
# Versions: PyAV 17.1.0, torchvision 0.24.0, Python 3.11. Date: 2026-12-01. Prints "None 16"; exits 1 when the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps av==17.1.0 torchvision==0.24.0
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.9.0 numpy==2.3.5 pillow==12.0.0
seen=$("$folder/venv/bin/python" -W ignore - <<'PYTHON'
import av.logging

before = av.logging.get_level()
import torchvision

print(before, av.logging.get_level())
PYTHON
)
echo "level before and after the import of torchvision: $seen"
[ "$seen" = "None 16" ]
