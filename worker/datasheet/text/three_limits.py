"""Joins three numbers set over each other: both limits of one dimension and its nominal between them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

from worker.datasheet.geometry.primitives import Box, around
from worker.datasheet.text.quantities import Quantity
from worker.datasheet.thresholds.page import RANGE_MORE_MM, RANGE_MOST

_PLACES = re.compile(r"\d*[.,](\d+)")
Below = Callable[[Quantity, Quantity], bool]


def joined(found: list[Quantity], below: Below, apart: Callable[[Box, Box], bool]) -> list[Quantity]:
    """The numbers with such three as one, the largest or the smallest on top; more than three over each other are a table.

    `below` says whether the second stands right under the first, `apart` which boxes are those of two dimension lines.
    """
    plain = [q for q in found if _plain(q)]
    stacks = [s for s in _stacks(plain, below) if _limits(s) and not any(apart(a.box, b.box) for a, b in pairwise(s))]
    taken = {id(q) for s in stacks for q in s}
    return [q for q in found if id(q) not in taken] + [_one(s) for s in stacks]


def _stacks(plain: list[Quantity], below: Below) -> Iterator[list[Quantity]]:
    """Every three numbers over each other that have no fourth one."""
    under = {id(q): next((o for o in plain if o is not q and below(q, o)), None) for q in plain}
    lower = {id(o) for o in under.values() if o is not None}
    for top in (q for q in plain if id(q) not in lower):
        stack = [top]
        while len(stack) < 4 and (following := under[id(stack[-1])]) is not None:
            stack.append(following)
        if len(stack) == 3:
            yield stack


def _plain(q: Quantity) -> bool:
    bare = q.value is not None and q.low is None and q.high is None and not q.limit
    return bare and q.count is None and not q.reference and bool(_PLACES.search(q.printed))


def _limits(stack: list[Quantity]) -> bool:
    """Whether the numbers rise or fall by little, printed to the same place."""
    values = [q.target for q in stack]
    least, middle, most = sorted(values)
    places = {len(m[1]) for q in stack if (m := _PLACES.search(q.printed))}
    between = least < middle < most and middle == values[1]
    return between and most < RANGE_MOST * least + RANGE_MORE_MM and len(places) == len({q.kind for q in stack}) == 1


def _one(stack: list[Quantity]) -> Quantity:
    least, middle, most = sorted(stack, key=lambda q: q.target)
    return replace(
        middle, low=least.value, high=most.value, box=around([q.box for q in stack]),
        printed=" / ".join(q.printed for q in stack), confidence=min(q.confidence for q in stack),
        mm=all(q.mm for q in stack),
    )  # fmt: skip
