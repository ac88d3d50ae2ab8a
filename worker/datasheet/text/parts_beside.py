"""Cuts rows of words at the head of each column of names: tables of parts may stand beside each other and beside a figure."""

from __future__ import annotations

import math
import re
from itertools import pairwise

from worker.datasheet.geometry.primitives import Word

_NAMES = re.compile(
    r"^(?:types?|sizes?|series|cases?|models?|part(?:s|no)?|p/?n|products?|code|style|package)[.:*]*$", re.IGNORECASE
)

_NUMBER = re.compile(r"\d[.,]\d")


def tables(rows: list[list[Word]], at: int) -> list[tuple[list[list[Word]], int]]:
    """The rows within the reach of each table whose head is row `at`, from left to right, with the place of the head in them.

    Without such a head the rows are left as they are.
    """
    base = rows[at][0].box
    level = [w for row in rows for w in row if abs(w.box.cy - base.cy) < base.height]
    row = sorted(level, key=lambda w: w.box.x0)
    heads = [i for i, w in enumerate(row) if _NAMES.match(w.text) and not _goes_on(row, i)]
    if not heads or heads == [0]:
        return [(rows, at)]
    edges = [(row[i - 1].box.x1 + row[i].box.x0) / 2 if i else -math.inf for i in heads] + [math.inf]
    return [_within(rows, at, low, _end(row, low, high)) for low, high in pairwise(edges)]


def _goes_on(row: list[Word], at: int) -> bool:
    """Whether a head is one with the word before it: "Part No", "Type / Code"."""
    before = [w.text for w in row[:at] if w.text != "/"]
    return bool(before and _NAMES.match(before[-1]))


def _end(row: list[Word], low: float, high: float) -> float:
    """Where a table ends to the right: before the first number on the level of its letters."""
    return min((w.box.x0 for w in row if low < w.box.cx < high and _NUMBER.search(w.text)), default=high)


def _within(rows: list[list[Word]], at: int, low: float, high: float) -> tuple[list[list[Word]], int]:
    cut = [[w for w in row if low < w.box.cx < high] for row in rows]
    return [row for row in cut if row], sum(bool(row) for row in cut[:at])
