"""Finds the footprint of a KiCad library folder that is nearest to the pads read, and says how far it is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from db.documents.footprint.courtyard import copper
from db.documents.kinds.datasheet import LibraryPart, Pad
from worker.datasheet.result import kicad_read

MAX_FILES = 50_000
MAX_FILE_BYTES = 2_000_000
APART = frozenset({"via", "paste", "stencil", "optional"})
Spot = tuple[float, float, float, float, str]  # x, y, w, h, number


def nearest(pads: list[Pad], library: Path | None) -> LibraryPart | None:
    """Of a tree of `.kicad_mod` files the one with as many pads whose places and sizes differ least, in the best turn."""
    wanted = _spots(pads)
    if library is None or not wanted:
        return None
    found = [part for path in _files(library) if (part := _compare(path, library, wanted)) is not None]
    return min(
        found, key=lambda p: (max(p.max_position_diff_mm, p.max_size_diff_mm), -p.numbers_equal, p.name), default=None
    )


def _files(library: Path) -> Iterator[Path]:
    for i, path in enumerate(sorted(library.rglob("*.kicad_mod"))):
        if i >= MAX_FILES:
            return
        if path.stat().st_size <= MAX_FILE_BYTES:
            yield path


def _compare(path: Path, library: Path, wanted: list[Spot]) -> LibraryPart | None:
    text = path.read_text(encoding="utf-8", errors="replace")
    if text.count("(pad ") < len(wanted):
        return None
    try:
        _, pads = kicad_read.read(text)
    except (ValueError, IndexError):
        return None  # a file of another program's making; the others still count
    spots = _spots(pads)
    if len(spots) != len(wanted):
        return None
    turns = [_differences(wanted, _turned(spots, turn)) for turn in range(4)]
    turn = min(range(4), key=lambda t: (max(turns[t][:2]), -turns[t][2]))
    place, size, equal = turns[turn]
    name = str(path.relative_to(library).with_suffix("")).replace(".pretty/", ":")
    return LibraryPart(
        name=name[-200:],
        max_position_diff_mm=round(place, 4),
        max_size_diff_mm=round(size, 4),
        numbers_equal=equal,
        rotation_deg=turn * 90,
    )


def _spots(pads: list[Pad]) -> list[Spot]:
    """Pads around the middle of their extents, upright sizes; pads without any size have none."""
    known = [(p, a) for p in pads if p.role not in APART and (a := copper(p)) is not None]
    if not known:
        return []
    xs, ys = [p.x for p, _ in known], [p.y for p, _ in known]
    cx, cy = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    return [(p.x - cx, p.y - cy, a.x1 - a.x0, a.y1 - a.y0, p.number) for p, a in known]


def _turned(spots: list[Spot], turns: int) -> list[Spot]:
    for _ in range(turns):
        spots = [(-y, x, h, w, n) for x, y, w, h, n in spots]
    return spots


def _differences(wanted: list[Spot], have: list[Spot]) -> tuple[float, float, int]:
    """Largest distance and size difference over nearest pairs, and how many of them bear the same number."""
    left = list(have)
    place = size = 0.0
    equal = 0
    for x, y, w, h, number in wanted:
        best = min(left, key=lambda s: (round(math.hypot(s[0] - x, s[1] - y), 6), s[4] != number))
        left.remove(best)
        place = max(place, math.hypot(best[0] - x, best[1] - y))
        size = max(size, abs(best[2] - w), abs(best[3] - h))
        equal += best[4] == number
    return place, size, equal
