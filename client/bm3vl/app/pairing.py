"""Which files of a batch belong together: a PDF is one input, an outline image and a land-pattern image may be one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from bm3vl.app.datasheet import DatasheetRequest

WORDS = {"mechanical": "mechanical|mech|outline|body|package", "footprint": "footprint|land|pattern|landpattern"}
_WORD = {kind: re.compile(rf"(?:^|[\W_])({words})(?=$|[\W_])") for kind, words in WORDS.items()}
IMAGES = ("*.png", "*.jpg", "*.jpeg", "*.bmp", "*.tif", "*.tiff", "*.webp", "*.gif")
KINDS = f"Datasheets (*.pdf {' '.join(IMAGES)})"


def requests(files: Iterable[Path]) -> list[DatasheetRequest]:
    """One request for each PDF and each image; two images whose names differ only in what they show are one.

    `mosfet-outline.png` and `mosfet-land.png` are a pair. An image whose name does not say what it shows is taken for a
    land pattern.
    """
    made: dict[tuple[Path, str], DatasheetRequest] = {}
    for number, file in enumerate(files):
        kind, rest = named(file)
        place = (file.parent, rest if kind else f"{rest} {number}")
        other = made.get(place)
        if other is not None and len(other.files) == 1 and kind and other.show != kind:
            both = (*other.files, file) if kind == "footprint" else (file, *other.files)
            made[place] = DatasheetRequest(both)
        else:
            free = place if other is None else (file.parent, f"{rest} {number}")
            made[free] = DatasheetRequest((file,), show=kind or ("both" if is_pdf(file) else "footprint"))
    return [*made.values()]


def named(file: Path) -> tuple[str, str]:
    """What an image shows by its name (empty: it does not say), and the name without that."""
    stem = file.stem.lower()
    if not is_pdf(file):
        for kind, word in _WORD.items():
            if found := word.search(stem):
                return kind, (stem[: found.start()] + stem[found.end() :]).strip("-_ .")
    return "", stem


def is_pdf(file: Path) -> bool:
    return file.suffix.lower() == ".pdf"
