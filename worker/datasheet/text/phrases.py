"""Joins words into lines of text, and says where a line sits along and across its reading direction."""

from __future__ import annotations

import re
from itertools import pairwise

from worker.datasheet.geometry.primitives import Box, Word, around
from worker.datasheet.thresholds.page import (
    LINE_HEIGHT_LEAST_PT,
    LINE_SHARED,
    NUMBERS_APART,
    POINT_GAP,
    SIZES_APART,
    SPACE_LEAST,
    SPACE_WIDTHS,
    STRIP_PT,
    TAG_GAP,
)

_TAG = re.compile(r"\[|±|\(\d{1,3}[xX×]\)|(?:MAX|MIN|TYP|BSC|REF|NOM)\b")
_VALUE_END = re.compile(r"\d[\])]?$")
_COUNT = re.compile(r"\(?\d{1,3}[xX×]")
_COUNTED = re.compile(r"\d{1,3}[xX×][ØR]?\d*[.,]?\d")
_DECIMAL = re.compile(r"\d[.,]\d")
_PROSE = re.compile(r"[^\W\d]{2,}[.,:]?")


def frame(box: Box, turn: int) -> tuple[float, float, float, float]:
    """Start and end along the reading direction, then top and bottom across it."""
    if turn == 1:
        return -box.y1, -box.y0, box.x0, box.x1
    if turn == 2:
        return -box.x1, -box.x0, -box.y1, -box.y0
    if turn == 3:
        return box.y0, box.y1, -box.x1, -box.x0
    return box.x0, box.x1, box.y0, box.y1


def overlap(a0: float, a1: float, b0: float, b1: float) -> float:
    """Shared length as a part of the shorter one."""
    shorter = min(a1 - a0, b1 - b0)
    return (min(a1, b1) - max(a0, b0)) / shorter if shorter > 0 else 0.0


def _follows(left: Word, right: Word, gap_limit: float) -> float | None:
    """The gap between two words of one line in letter heights, None when they are not on one line."""
    _, end, top, bottom = frame(left.box, left.turn)
    start, stop, top2, bottom2 = frame(right.box, right.turn)
    tall, low = max(bottom - top, bottom2 - top2, LINE_HEIGHT_LEAST_PT), min(bottom - top, bottom2 - top2)
    if tall > SIZES_APART * low and all(any(c.isalnum() for c in w.text) for w in (left, right)):
        return None  # the number of a part beside the letter printed on it
    if overlap(top, bottom, top2, bottom2) < LINE_SHARED or stop <= end:
        return None
    gap = (start - end) / tall
    if gap > NUMBERS_APART and left.text[-1:].isdigit() and right.text[:1].isdigit():
        return None  # two numbers side by side
    if _COUNTED.match(right.text) and _DECIMAL.search(left.text):
        return None  # a count begins another dimension
    if left.text[-1:] == ")" and re.match(r"\(\d*[.,]\d", right.text):
        return None
    return gap if -0.5 < gap < max(gap_limit, _wider(left, right, tall)) else None


def _wider(left: Word, right: Word, tall: float) -> float:
    """How far apart in letter heights two words may stand for what they say: number and tag, count and number, prose."""
    tagged = _TAG.match(right.text) and _VALUE_END.search(left.text)
    counted = _COUNT.fullmatch(left.text) and re.match(r"[\d.,ØR]", right.text)
    if tagged or counted:
        return TAG_GAP
    if not (_PROSE.fullmatch(left.text) and _PROSE.fullmatch(right.text)):
        return 0.0
    start, end, _, _ = frame(left.box, left.turn)
    return SPACE_WIDTHS * (end - start) / len(left.text) / tall


def join(words: list[Word], gap_limit: float = 0.75) -> list[Word]:
    """Lines of text from words, per reading direction; words closer than a quarter letter height lose the space."""
    lines: list[Word] = []
    for turn in range(4):
        chosen = sorted((w for w in words if w.turn == turn), key=lambda w: frame(w.box, turn)[0])
        lines.extend(_join_turn(chosen, gap_limit))
    return lines


def _join_turn(words: list[Word], gap_limit: float) -> list[Word]:
    lines: list[list[Word]] = []
    level: dict[int, list[list[Word]]] = {}  # those that reach into a strip across the reading direction
    for word in words:
        _, _, top, bottom = frame(word.box, word.turn)
        strips = range(int(top // STRIP_PT), int(bottom // STRIP_PT) + 1)
        best: tuple[float, list[Word]] | None = None
        for line in (line for strip in strips for line in reversed(level.get(strip, [])[-60:])):
            gap = _follows(line[-1], word, gap_limit)
            if gap is not None and (best is None or gap < best[0]):
                best = (gap, line)
        home = best[1] if best is not None else []
        if best is None:
            lines.append(home)
        home.append(word)
        for strip in strips:
            level.setdefault(strip, [])
            if not any(line is home for line in level[strip]):
                level[strip].append(home)
    return [_line(parts) for parts in lines]


def _line(parts: list[Word]) -> Word:
    text = parts[0].text
    for left, right in pairwise(parts):
        gap = _follows(left, right, 1e9) or 0.0
        text += right.text if gap < SPACE_LEAST or (right.text[:1] == "." and gap < POINT_GAP) else " " + right.text
    sizes = sorted(w.across for w in parts)
    box = around([w.box for w in parts])
    return Word(text, box, parts[0].turn, min(w.confidence for w in parts), sizes[len(sizes) // 2])
