"""The size of the body in the words of its page: "1.2 mm max height", "3.0 x 3.0 x 0.9 mm", "Length (L) | 2.00mm ±0.20mm"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from worker.datasheet.body.found import Found, largest
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.geometry.primitives import Word
from worker.datasheet.text.quantities import NUMBER, Quantity, number, parse
from worker.datasheet.thresholds.drawing import BODY_MOST_MM, TOLD_ALIKE

_HEIGHT = re.compile(
    rf"({NUMBER})\s*mm\s*max(?:imum)?\.?\s*(?:package\s*)?height|max(?:imum)?\.?\s*(?:package\s*)?height\s*[:=]?\s*({NUMBER})\s*mm",
    re.IGNORECASE,
)
_ROWS = tuple(
    re.compile(rf"(?:{name})\s*(?:\(\s*[A-Z]\s*\)|[A-Z])?\s*[:=]?", re.IGNORECASE)
    for name in ("length", "width", "thickness|height")
)
_MM = re.compile(r"\d\s*mm\b", re.IGNORECASE)
_BY = r"\s*(?:mm)?\s*[xX×*]\s*"
_SIZE = re.compile(rf"(?<![\d.,])({NUMBER}){_BY}({NUMBER}){_BY}({NUMBER})\s*\)?\s*(?:mm\b|millimet)")


_ASKED = re.compile(rf"(?<![\d.,])({NUMBER})\s*(?:mm)?\s*[xX×*]\s*({NUMBER})(?![\d.,])\s*(?:mm\b)?")


def complete(found: Found, drawings: list[Drawing], asked: str = "") -> Found:
    """The body with what words say where the drawing says nothing or cannot mean it; a height said twice is confirmed.

    Where the package asked for tells its sides, "2.5 x 2.0 mm", and the drawing shows others, those are taken that it prints.
    """
    lines = [line for d in drawings for line in d.lines]
    tall = next(_heights(lines), None)
    if tall is not None:
        same = found.height is not None and _alike(largest(found.height), largest(tall))
        found.height_twice = same and found.height is not None and found.height.high is not None
        found.height = found.height if same else tall
    size = next(_sizes(lines), None) or _in_rows(lines)
    if size is not None:
        _fill(found, [_as_drawn(q, drawings) for q in size])
    _choose(found, drawings, asked)
    if found.height is None and len(found.sides) == 2:
        found.height = _only_limit(found, drawings)
    return found


def _choose(found: Found, drawings: list[Drawing], asked: str) -> None:
    """Of the bodies that a page draws that of the sides asked for."""
    m = _ASKED.search(asked)
    if m is None or not re.search(r"[.,]|mm", m[0]) or any(q.symbol for q in found.sides):  # 2x6 may count pins
        return
    told = sorted((number(v) for v in m.groups()), reverse=True)
    printed = [q for v in told if (q := _printed(v, drawings)) is not None]
    if len(printed) < 2 or told[0] > BODY_MOST_MM:
        return
    if sorted((q.target for q in found.sides), reverse=True) != told:
        found.sides, found.height = printed, None
        found.across, found.height_drawn, found.height_twice = (None, None), False, False
    found.height = _only_limit(found, drawings) or found.height


def _printed(value: float, drawings: list[Drawing]) -> Quantity | None:
    """The number of a drawing with this nominal; of several the one with limits, where they agree."""
    same = [q for d in drawings for q in d.quantities if q.value == value and _is_side(q)]
    limited = [q for q in same if q.low is not None]
    agreed = len({(q.low, q.high) for q in limited}) <= 1
    return next(iter(limited or same), None) if agreed else None


def _is_side(q: Quantity) -> bool:
    return not q.symbol and q.kind == "length" and q.count in (None, 1)


def _only_limit(found: Found, drawings: list[Drawing]) -> Quantity | None:
    """The one upper limit that a page prints by itself, as heights have it, where it is less than both sides."""
    alone = [q for d in drawings for q in d.quantities if q.limit == "MAX" and q.low is None and _is_side(q)]
    least = min(largest(q) for q in found.sides)
    return alone[0] if len({q.high for q in alone}) == 1 and (alone[0].high or least) < least else None


def _as_drawn(told: Quantity, drawings: list[Drawing]) -> Quantity:
    """The number of the drawing that says what words tell, with its limits; the words where none or more than one does."""
    same = [q for d in drawings for q in d.quantities if _limits_of(q, told)]
    return same[0] if len({(q.low, q.value, q.high) for q in same}) == 1 else told


def _limits_of(q: Quantity, told: Quantity) -> bool:
    limited = q.low is not None or q.high is not None
    nominal = q.value if q.value is not None else q.high
    return limited and _is_side(q) and nominal == told.value


def _fill(found: Found, size: list[Quantity]) -> None:
    sides = sorted(size[:2], key=largest)
    drawn = sorted(found.sides, key=largest)
    if any(q.symbol for q in drawn):  # a table says more than a title
        return
    if len(drawn) < 2 or not all(_alike(largest(a), largest(b)) for a, b in zip(drawn, sides, strict=True)):
        found.sides = list(sides)
    tall, limited = found.height, size[2].low is not None or size[2].high is not None
    if tall is None or largest(tall) > largest(sides[0]) or (limited and not _alike(largest(tall), largest(size[2]))):
        found.height = size[2]


def _alike(a: float, b: float) -> bool:
    return abs(a - b) <= TOLD_ALIKE * b


def _heights(lines: Iterable[Word]) -> Iterator[Quantity]:
    for line in lines:
        if m := _HEIGHT.search(line.text):
            yield _quantity(line, m[0], high=number(m[1] or m[2]))


def _sizes(lines: Iterable[Word]) -> Iterator[tuple[Quantity, Quantity, Quantity]]:
    """Length, width and height of the one size that is told, the height last and least."""
    found = [(line, m) for line in lines if (m := _SIZE.search(line.text))]
    told = {tuple(number(v) for v in m.groups()) for _, m in found}
    if len(told) == 1 and max(next(iter(told))[:2]) < BODY_MOST_MM and next(iter(told))[2] <= min(next(iter(told))[:2]):
        line, m = found[0]
        a, b, c = (_quantity(line, m[0], value=number(v)) for v in m.groups())
        yield a, b, c


def _in_rows(lines: list[Word]) -> tuple[Quantity, Quantity, Quantity] | None:
    """Length, width and height of a list that has one row for each, the millimetres right of the name."""
    length, width, height = (_in_row(name, lines) for name in _ROWS)
    if length is None or width is None or height is None:
        return None
    return length, width, height


def _in_row(name: re.Pattern[str], lines: list[Word]) -> Quantity | None:
    rows = [w for w in lines if w.turn == 0 and name.fullmatch(w.text.strip())]
    if len(rows) != 1:
        return None
    box = rows[0].box
    beside = [
        w for w in lines if w.turn == 0 and w.box.x0 > box.x1 and abs(w.box.cy - box.cy) < 0.5 * box.height
    ]  # fmt: skip
    value = min(beside, key=lambda w: w.box.x0, default=None)
    return parse(value) if value is not None and _MM.search(value.text) else None


def _quantity(line: Word, printed: str, value: float | None = None, high: float | None = None) -> Quantity:
    return Quantity(
        value, None, high, printed, line.box, line.turn, None, "length", "", False, line.confidence, line.across
    )
