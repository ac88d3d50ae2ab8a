"""Reads figures of pins: numbers in a row along the sides of a package, with names beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from worker.datasheet.geometry.primitives import Box, Word, around
from worker.datasheet.pins import cell_text
from worker.datasheet.pins.cell_text import PageWords
from worker.datasheet.pins.pin_row import PinRow
from worker.datasheet.text.phrases import overlap
from worker.datasheet.thresholds.pins import (
    CORNER,
    CORNER_STEP,
    FEW,
    IN_LINE,
    LABEL_GAP,
    LABEL_MIDDLE,
    LEFT_OUT,
    NAME_REACH,
    NUMBER_GAP,
    PIN_LABEL_REACH_PT,
    RUN_OFF,
    SIDES_APART,
    TITLE_ASIDE_PT,
    TITLE_REACH,
)

_TWO_NUMBERS = (4, 6)  # digits of two numbers read as one
_NUMBER = re.compile(r"[1-9]\d{0,2}")
_WORDY = re.compile(r"[A-Za-z]|[+\-−–]")
DOWN, RIGHT, UP, LEFT = "down", "right", "up", "left"  # in what direction the numbers of a side rise


@dataclass(frozen=True, slots=True)
class Side:
    """Numbers that rise by one along a side of a package."""

    words: tuple[Word, ...]
    rises: str
    whole: bool = True

    @property
    def first(self) -> int:
        """The least pin number."""
        return int(self.words[0].text)

    @property
    def last(self) -> int:
        """The greatest pin number."""
        return int(self.words[-1].text)

    @property
    def box(self) -> Box:
        """The smallest upright rectangle around its numbers, in page points, y down."""
        return around([w.box for w in self.words])


@dataclass(frozen=True, slots=True)
class PinFigure:
    """A figure of pins as it is seen from the top, with what stands over it."""

    page: int
    title: str
    box: Box
    rows: tuple[PinRow, ...]
    within: str = ""  # what stands inside it, such as the name of the part


def figures_of(words: PageWords, page: int) -> list[PinFigure]:
    """Every figure whose numbers run from 1 around a package, counter-clockwise, with a name for each."""
    numbers = [part for w in words.words for part in _parted(w) if _NUMBER.fullmatch(part.text)]
    sides = [*_sides(numbers, upright=True), *_sides(numbers, upright=False)]
    found: list[PinFigure] = []
    starts = (s for s in sides if s.first == 1 and s.rises == DOWN)
    for start in sorted(starts, key=lambda s: not s.whole):
        figure = next((f for own in _around(start, sides) if (f := _named(own, words, page))), None)
        if figure and not any(f.box.holds(figure.box, 1.0) for f in found):
            found.append(figure)
    return found


def _parted(word: Word) -> list[Word]:
    """Two numbers that stand so near to each other that they were read as one."""
    half = len(word.text) // 2
    first, second = word.text[:half], word.text[half:]
    if not (
        word.text.isdigit() and len(word.text) in _TWO_NUMBERS and int(second) == int(first) + 1 and word.turn == 0
    ):
        return [word]
    middle = word.box.cx
    boxes = (replace(word.box, x1=middle), replace(word.box, x0=middle))
    return [replace(word, text=text, box=box) for text, box in zip((first, second), boxes, strict=True)]


def _sides(numbers: list[Word], upright: bool) -> Iterator[Side]:
    """The longest runs of numbers in line, in both directions."""
    for lane in _lanes(numbers, upright):
        lane.sort(key=lambda w: w.box.cy if upright else w.box.cx)
        for words, rises in ((lane, DOWN if upright else RIGHT), (lane[::-1], UP if upright else LEFT)):
            run: list[Word] = []
            for word in words:
                if run and int(word.text) == int(run[-1].text) + 1:
                    run.append(word)
                    continue
                yield from _evenly(run, rises, upright)
                run = [word]
            yield from _evenly(run, rises, upright)


def _evenly(run: list[Word], rises: str, upright: bool) -> Iterator[Side]:
    """A run whose steps are equal but for pins left out; also without its ends, which may belong to the sides beside it."""
    for low, high in ((0, 0), (0, 1), (1, 0), (1, 1)):
        part = run[low : len(run) - high]
        at = [w.box.cy if upright else w.box.cx for w in part]
        steps = [abs(b - a) for a, b in pairwise(at)]
        if (part if high + low == 0 else len(part) > 2) and (not steps or max(steps) <= LEFT_OUT * min(steps)):
            yield Side(tuple(part), rises, whole=not low and not high)


def _lanes(numbers: list[Word], upright: bool) -> list[list[Word]]:
    """Numbers by the line that their middles lie in."""
    lanes: list[list[Word]] = []
    for word in sorted(numbers, key=lambda w: w.box.cx if upright else w.box.cy):
        at = word.box.cx if upright else word.box.cy
        if lanes and at - (lanes[-1][-1].box.cx if upright else lanes[-1][-1].box.cy) < RUN_OFF:
            lanes[-1].append(word)
        else:
            lanes.append([word])
    return lanes


def _around(start: Side, sides: list[Side]) -> Iterator[list[Side]]:
    """The sides of one package from that of pin 1, each going on with the next number: four, three of a module, or two."""
    if len(start.words) < 2:
        return
    three = [
        [start, bottom, right]
        for bottom in _following(start, sides, RIGHT)
        for right in _following(bottom, sides, UP)
        if _stands_on(start, bottom, right)
    ]
    four = [[*own, top] for own in three for top in _following(own[-1], sides, LEFT) if _closes(own[0], own[1], top)]
    three = [own for own in three if all(s.whole for s in own) and _faces(start, own[-1])]
    for found in (four, three):
        if found:
            yield min(found, key=lambda own: (-own[-1].last, around([s.box for s in own]).area))
    facing = [s for s in _following(start, sides, UP) if s.whole and _faces(start, s)] if start.whole else []
    if facing:
        yield [start, min(facing, key=lambda s: s.box.x0)]


def _faces(left: Side, right: Side) -> bool:
    """Whether the second side of two stands level with the first and has about as many pins."""
    level = overlap(right.box.y0, right.box.y1, left.box.y0, left.box.y1) > 0.5
    return level and (len(right.words) > 1 or len(left.words) <= FEW)


def _following(side: Side, sides: list[Side], rises: str) -> list[Side]:
    box = side.box
    near = (s for s in sides if s.rises == rises and s.first == side.last + 1 and s.box.gap(box) < SIDES_APART)
    return [s for s in near if s.box.x0 >= box.x0 - RUN_OFF or rises == LEFT]


def _closes(left: Side, bottom: Side, top: Side) -> bool:
    """Whether four sides stand around one middle."""
    same = abs(top.box.cx - bottom.box.cx) < max(top.box.width, bottom.box.width)
    return top.box.cy < left.box.y0 + _slack(left) and same


def _stands_on(left: Side, bottom: Side, right: Side) -> bool:
    """Whether one side lies below and between two others."""
    slack = _slack(left)
    inner = left.box.cx < bottom.box.x0 + slack and bottom.box.x1 < right.box.cx + slack
    return inner and left.box.y1 < bottom.box.cy + slack


def _slack(left: Side) -> float:
    return max(CORNER, CORNER_STEP * left.box.height / len(left.words))


def _named(sides: list[Side], words: PageWords, page: int) -> PinFigure | None:
    """The figure with the names of its pins; None where a side has none."""
    rows: list[PinRow] = []
    for side in sides:
        own = _names(side, words, outward=True) or _names(side, words, outward=False)
        if own is None:
            return None
        rows.extend(
            PinRow(number.text, text, "", page, around([number.box, box]))
            for number, (text, box) in zip(side.words, own, strict=True)
        )
    box = around([row.box for row in rows])
    over = Box(box.x0 - TITLE_ASIDE_PT, box.y0 - TITLE_REACH, box.x1 + TITLE_ASIDE_PT, box.y0)
    under = Box(box.x0 - TITLE_ASIDE_PT, box.y1, box.x1 + TITLE_ASIDE_PT, box.y1 + TITLE_REACH)
    title = " ".join(
        cell_text.joined(line) for part in (over, under) for line in cell_text.lines_of(words.inside(part))
    )
    return PinFigure(page, title, box, tuple(rows), " ".join(w.text for w in words.inside(box)))


def _names(side: Side, words: PageWords, outward: bool) -> list[tuple[str, Box]] | None:
    """The label beside each number, all on the same of its sides; None where one has none."""
    flip = {DOWN: -1, UP: 1, RIGHT: 1, LEFT: -1}[side.rises] * (1 if outward else -1)
    upright = side.rises in (DOWN, UP)
    found = [_label(word, words, upright, flip) for word in side.words]
    return [one for one in found if one is not None] if all(one is not None for one in found) else None


def _label(number: Word, words: PageWords, upright: bool, flip: int) -> tuple[str, Box] | None:
    """The words that stand in line with a number, from the nearest on while they are one label."""
    start, low, high = _placed(number.box, upright, flip)[1:]
    beside = []
    for word in words.words:
        near, far, top, bottom = _placed(word.box, upright, flip)
        if (
            word is number
            or far <= start + 0.5
            or near > start + PIN_LABEL_REACH_PT
            or not _in_line(low, high, top, bottom)
        ):
            continue
        beside.append((near, far, word))
    label: list[Word] = []
    end = start
    for near, far, word in sorted(beside, key=lambda b: b[0]):
        reach = NAME_REACH if not label else LABEL_GAP * max(word.across, label[-1].across)
        if near - end > reach:
            break
        if label and _NUMBER.fullmatch(word.text) and near - end > NUMBER_GAP * word.across:
            break
        label.append(word)
        end = max(end, far)
    text = cell_text.text_of(label)
    return (text, around([w.box for w in label])) if _WORDY.search(text) else None


def _in_line(low: float, high: float, top: float, bottom: float) -> bool:
    middle = (top + bottom) / 2
    return overlap(low, high, top, bottom) > IN_LINE and low - LABEL_MIDDLE * (
        high - low
    ) < middle < high + LABEL_MIDDLE * (high - low)


def _placed(box: Box, upright: bool, flip: int) -> tuple[float, float, float, float]:
    """Near and far end seen from the number in the direction of `flip`, then the extent across it."""
    along = (box.x0, box.x1) if upright else (box.y0, box.y1)
    across = (box.y0, box.y1) if upright else (box.x0, box.x1)
    near, far = sorted(flip * a for a in along)
    return near, far, *across
