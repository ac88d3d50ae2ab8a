"""Which patterns of a page are those of the part asked for, where the names of several parts of one series stand beside them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.geometry.primitives import Box, Word
from worker.datasheet.land.pads import Solved
from worker.datasheet.search import naming
from worker.datasheet.segmentation.frames import parted, rules_of
from worker.datasheet.thresholds.figures import HEADED, NAME_ALIKE, NAME_LEAST, NAME_LEVEL_PT


@dataclass(frozen=True, slots=True)
class _Name:
    box: Box
    own: bool  # of the part asked for, not of another part of its series


def score(solved: list[Solved], page: Drawing, package: str | None) -> list[float]:
    """For each pattern more if the name of the part asked for stands over it or beside it, less if that of another part does.

    Nothing for all of them where names do not tell the patterns apart: in a list of parts each pattern is as near to all.
    """
    names = _names(page.lines, package)
    rules = rules_of(page) if names else []
    owned = [_owned(s, [n for n in names if not parted(rules, n.box, s.pattern.box)]) for s in solved]
    if not {True, False} <= set(owned):
        return [0.0] * len(solved)
    return [0.0 if own is None else HEADED if own else -HEADED for own in owned]


def _owned(solved: Solved, names: list[_Name]) -> bool | None:
    """Whether the name nearest to a pattern is that of the part: the lowest one over its figure, else those on its level."""
    box, extent = solved.pattern.box, solved.pattern.extent
    aside = extent.width / 2
    over = [n for n in names if n.box.y1 <= box.y0 and n.box.x0 < extent.x1 + aside and n.box.x1 > extent.x0 - aside]
    if over:
        lowest = max(n.box.y1 for n in over)
        return any(n.own for n in over if n.box.y1 > lowest - NAME_LEVEL_PT)
    level = [n for n in names if n.box.y0 < extent.y1 and n.box.y1 > extent.y0]
    return any(n.own for n in level) if level else None


def _names(lines: list[Word], package: str | None) -> list[_Name]:
    """The lines that name the part or others of its series; none where all of them name the same."""
    asked = [
        t for t in naming.tokens(package or "") if len(t) >= NAME_LEAST and _form(t) not in ("A" * len(t), "9" * len(t))
    ]
    found = []
    for line in (w for w in lines if w.turn == 0):
        words = naming.words_of(line.text)
        own = any(w.startswith(a) for w in words for a in asked)
        if own or any(_alike(w, a) for w in words for a in asked):
            found.append(_Name(line.box, own))
    return found if len({n.own for n in found}) > 1 else []


def _alike(word: str, asked: str) -> bool:
    """Whether a word is the name of another part of the series: letters and digits change at the same places."""
    return (
        word[:NAME_ALIKE] == asked[:NAME_ALIKE]
        and len(word) >= len(asked)
        and _form(word[: len(asked)]) == _form(asked)
        and not word.startswith(asked)
    )


def _form(name: str) -> str:
    return re.sub("[A-Z]", "A", re.sub("[0-9]", "9", name))
