#!/usr/bin/env bash
# SubRip has no escapes, and FFmpeg's reader takes far more for a tag than <b> or <i>.
#
# What: in "if a < b then c > d" FFmpeg reads "< b then c >" as the tag b, blanks and all: the words between are gone.
#   The same for i, u, s and font, and for every unknown <word> that holds no blank. "{x}" comes through into the ASS text, where
#   braces hold override codes, so no renderer shows it; "\N" inside a text becomes a line break. "&lt;" is no way out: it
#   is shown as it stands. A word joiner (U+2060) after "<" or "{" saves the angle brackets in FFmpeg, neither the braces
#   there, nor anything in readers that strip <...> by pattern (pysrt, webvtt-py). Wide forms (U+FF1C, U+FF5B, U+FF5D,
#   U+FF3C) survive in all of them, and NFKC turns them back.
# Why it matters: captions of code, mathematics or chats lose words in every player built on FFmpeg, without a warning.
# Versions: PyAV 18.1.0 with its FFmpeg, pysrt 1.1.2, webvtt-py 0.6.0. Date: 2026-11-30.
# Exits with 0 while the behaviour is as described, with 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check av==18.1.0 pysrt==1.1.2 webvtt-py==0.6.0
cat > read.py <<'PYTHON'
import re, sys
import av, pysrt, webvtt

JOINER = "\u2060"
WIDE = str.maketrans("<>{}\\", "\uff1c\uff1e\uff5b\uff5d\uff3c")
TEXTS = ["if a < b then c > d", "x <i y> z", "<name>z", "{x} y", "a \\N b"]
WAYS = {"plain": str, "joiner": lambda t: re.sub("([<{])", "\\1" + JOINER, t), "wide": lambda t: t.translate(WIDE)}


def ffmpeg(path):
    """What a renderer of ASS shows of FFmpeg's lines."""
    with av.open(path) as container:
        lines = [line.ass.decode().split(",", 8)[-1] for packet in container.demux() for line in packet.decode()]
    return [re.sub(r"\{[^}]*\}", "", line).replace("\\N", "\n") for line in lines]


READERS = {
    "ffmpeg": ffmpeg,
    "pysrt": lambda path: [line.text_without_tags for line in pysrt.open(path)],
    "webvtt-py": lambda path: [line.text for line in webvtt.from_srt(path)],
}
print("PyAV", av.__version__, "FFmpeg", av.ffmpeg_version_info, "libavcodec", av.library_versions["libavcodec"])
lost = {}
for way, write in WAYS.items():
    with open("a.srt", "w") as file:
        for n, text in enumerate(TEXTS):
            file.write(f"{n + 1}\n00:00:0{n},000 --> 00:00:0{n},900\n{write(text)}\n\n")
    for reader, read in READERS.items():
        shown = read("a.srt")
        lost[way, reader] = [text for text, got in zip(TEXTS, shown, strict=True) if got != write(text)]
        print(f"{way:7}{reader:10}", [*zip(TEXTS, shown)])
expected = {
    ("plain", "ffmpeg"): TEXTS,
    ("plain", "pysrt"): TEXTS[:3],
    ("plain", "webvtt-py"): TEXTS[:3],
    ("joiner", "ffmpeg"): TEXTS[3:],
    ("joiner", "pysrt"): TEXTS[:3],
    ("joiner", "webvtt-py"): TEXTS[:3],
} | {("wide", reader): [] for reader in READERS}
sys.exit(0 if lost == expected else f"the behaviour has changed: {lost}")
PYTHON
venv/bin/python read.py
