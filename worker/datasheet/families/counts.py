"""How many circuits the part asked for has: as its name says, or the line of a list of parts that names it."""

from __future__ import annotations

import re

from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.geometry.primitives import Word
from worker.datasheet.search.headings import COUNTED, OF_COUNTS
from worker.datasheet.search.naming import plain

_ASKED = re.compile(
    rf"\b(\d{{1,3}})\s*-?\s*{COUNTED}\b|\b{COUNTED}\s*[:=]?\s*(\d{{1,3}})\b|(?<=[-_ ])(\d{{1,2}})P\b"
    r"|(?<=[A-Z\-_])1X(\d{1,2})(?![\dX.,]|\s*mm)",
    re.IGNORECASE,
)
FEWEST_IN_ROW = 2  # of a part named like BL1X15; 1x1 is the size of a body


def asked(package: str) -> int | None:
    """The number of circuits that a package name says."""
    found = _ASKED.search(package)
    count = next((int(g) for g in found.groups() if g), None) if found else None
    return None if count is None or (found and found[4] and count < FEWEST_IN_ROW) else count


def without(package: str) -> str:
    """A package name without its number of circuits."""
    return _ASKED.sub("", package)


def listed(page: Drawing, package: str) -> int | None:
    """The one number of circuits in lines that name the very part: "Header, 1 row, 10 ways | 2211S-10G"."""
    level = [w for w in page.lines if w.turn == 0]
    named = [w for w in level if plain(package) in {plain(part) for part in (w.text, *w.text.split())}]
    told = {
        int(m[1]) for n in named for w in level if _in_line(n, w) and (m := OF_COUNTS.search(w.text)) and not m[2]
    }  # fmt: skip
    return told.pop() if len(told) == 1 else None


def _in_line(a: Word, b: Word) -> bool:
    return abs(a.box.cy - b.box.cy) < 0.5 * a.box.height
