"""Which patterns of a page are those of the part asked for, where the names of several parts of one series stand beside them."""

from __future__ import annotations

from dataclasses import dataclass

from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.geometry.primitives import Box
from worker.datasheet.land.pads import Solved
from worker.datasheet.search import naming
from worker.datasheet.segmentation.frames import parted, rules_of
from worker.datasheet.thresholds.figures import HEADED, NAME_LEVEL_PT


@dataclass(frozen=True, slots=True)
class _Name:
    box: Box
    own: bool  # of the part asked for, not of another part of its series


def score(solved: list[Solved], page: Drawing, package: str | None) -> list[float]:
    """For each pattern more if the name of the part asked for stands over it or beside it, less if that of another part does.

    Nothing for all of them where names do not tell the patterns apart: in a list of parts each pattern is as near to all.
    """
    names = [_Name(*n) for n in naming.of_series(page.lines, package)]
    rules = rules_of(page) if names else []
    fields = [[n for n in names if not parted(rules, n.box, s.pattern.box)] for s in solved]
    owned = [_owned(s, own, apart=len(own) < len(names)) for s, own in zip(solved, fields, strict=True)]
    if not {True, False} <= set(owned):
        return [0.0] * len(solved)
    return [0.0 if own is None else HEADED if own else -HEADED for own in owned]


def _owned(solved: Solved, names: list[_Name], *, apart: bool) -> bool | None:
    """Whether the name nearest to a pattern is that of the part: the lowest one over its figure, else those on its level.

    Where rules set its field `apart` from other names, one name in it may stand at the other side of the field.
    """
    if apart and len({n.own for n in names}) == 1:
        return names[0].own
    box, extent = solved.pattern.box, solved.pattern.extent
    aside = extent.width / 2
    over = [n for n in names if n.box.y1 <= box.y0 and n.box.x0 < extent.x1 + aside and n.box.x1 > extent.x0 - aside]
    if over:
        lowest = max(n.box.y1 for n in over)
        return any(n.own for n in over if n.box.y1 > lowest - NAME_LEVEL_PT)
    level = [n for n in names if n.box.y0 < extent.y1 and n.box.y1 > extent.y0]
    return any(n.own for n in level) if level else None
