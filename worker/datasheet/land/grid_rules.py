"""Ball grids that no figure shows: pitch and pad diameter from a table of design rules, rows and columns from the outline."""

from __future__ import annotations

import re
from dataclasses import dataclass

from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.geometry.primitives import Word
from worker.datasheet.land.balls import BALL_ROWS
from worker.datasheet.text.quantities import Quantity, number
from worker.datasheet.thresholds.land import RULE_LEVEL, RULE_VALUE_PT, WHOLE_STEPS_MM

_DIAMETER = re.compile(
    r"^D\s*pad$|^(?:copper\s*|ball\s*|land\s*)?pad\s*(?:diameter|size)$|^land\s*diameter$", re.IGNORECASE
)
_PITCH = re.compile(r"^(?:ball\s*)?pitch$", re.IGNORECASE)
_VALUE = re.compile(r"^(\d*[.,]\d+)\s*(?:mm\b|$)")
_FOR_PITCH = re.compile(r"(\d[.,]\d+)(?:\s*/\s*(\d[.,]\d+))?\s*mm\s*pitch", re.IGNORECASE)
_BALLS = re.compile(r"(?:BGA|CSP)[\s\-–]{0,1}(\d{1,4})\b|\b(\d{1,4})[\s\-–]*(?:balls?|bumps?)\b", re.IGNORECASE)
_SPANS = (("D1", "E1"), ("e1", "e2"))  # letters of the distances between the outermost balls along both sides


@dataclass(frozen=True, slots=True)
class BallGrid:
    """A full grid of round pads: how many along x and y, and the printed numbers it follows from."""

    columns: int
    rows: int
    pitch: Quantity
    diameter: Quantity
    rules: Drawing  # the page with the rules
    outline: Drawing  # the page that prints the pitch and the spans


def find(outlines: list[Drawing], lands: list[Drawing], package: str | None) -> BallGrid | None:
    """The grid that rules and outline agree on; None where a number is missing or the balls do not fill it."""
    count = balls_of(package)
    for outline in outlines:
        for rules in lands:
            diameter, pitch = _row(_DIAMETER, rules), _pitch(outline, rules)
            if count is None or diameter is None or pitch is None or diameter.target >= pitch.target:
                continue
            size = _size(outline, pitch, count)
            if size is not None:
                return BallGrid(*size, pitch, diameter, rules, outline)
    return None


def balls_of(package: str | None) -> int | None:
    """The number of balls that a package name tells."""
    named = _BALLS.search(package or "")
    return int(named[1] or named[2]) if named else None


def _row(label: re.Pattern[str], page: Drawing) -> Quantity | None:
    """The number in the row of a rule, right of its name."""
    for name in (w for w in page.lines if w.turn == 0 and label.match(w.text.strip(" :"))):
        beside = [w for w in page.lines if _level(name, w) and 0 < w.box.x0 - name.box.x1 < RULE_VALUE_PT]
        for word in sorted(beside, key=lambda w: w.box.x0)[:1]:
            if value := _VALUE.match(word.text.strip()):
                printed = f"{name.text} {value[0]}"
                return Quantity(
                    number(value[1]),
                    None,
                    None,
                    printed,
                    word.box,
                    confidence=word.confidence,
                    size=word.across,
                    mm=True,
                )
    return None


def _level(a: Word, b: Word) -> bool:
    return b is not a and b.turn == 0 and abs(a.box.cy - b.box.cy) < RULE_LEVEL * a.box.height


def _pitch(outline: Drawing, rules: Drawing) -> Quantity | None:
    """The pitch of the outline's table, else that of the rules, where both pages agree on it."""
    table = next((e.quantity for e in outline.entries if e.symbol == "e"), None)
    stated = _row(_PITCH, rules)
    pitch = table or stated
    spoken = [number(v) for w in rules.lines for m in _FOR_PITCH.finditer(w.text) for v in m.groups() if v]
    if pitch is None or (spoken and not any(_same(v, pitch) for v in spoken)):
        return None
    if stated is not None and not _same(stated.target, pitch):
        return None
    return pitch


def _same(value: float, pitch: Quantity) -> bool:
    return abs(value - pitch.target) < WHOLE_STEPS_MM


def _size(outline: Drawing, pitch: Quantity, count: int) -> tuple[int, int] | None:
    """Columns and rows of a full grid of so many balls, from the distances between the outermost ones."""
    table = {e.symbol: e.quantity for e in outline.entries}
    for names in _SPANS:
        spans = [table[n] for n in names if n in table]
        steps = [_steps(q, pitch) for q in spans]
        if len(steps) != 2 or None in steps:
            continue
        along = [s + 1 for s in steps if s is not None]
        if along[0] * along[1] != count or max(along) > len(BALL_ROWS):
            continue
        if along[0] == along[1]:
            return along[0], along[1]
        axis = next((r.span.axis for r in outline.readings if r.quantity.symbol == names[0]), None)
        return None if axis is None else (along[axis], along[1 - axis])
    return None


def _steps(span: Quantity, pitch: Quantity) -> int | None:
    """How many steps lie between the outermost balls; None where they are not whole."""
    steps = round(span.target / pitch.target)
    return steps if steps > 0 and abs(steps * pitch.target - span.target) < WHOLE_STEPS_MM else None
