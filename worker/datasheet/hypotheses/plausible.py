"""Which solved patterns may be those of the asked part at all."""

from __future__ import annotations

import re

from worker.datasheet.land import holes
from worker.datasheet.land.pads import Solved
from worker.datasheet.request import ReadingRequest
from worker.datasheet.search import titles
from worker.datasheet.search.page_search import Search
from worker.datasheet.segmentation.captions import DETAIL, LAND
from worker.datasheet.thresholds.figures import NUMBERS_OF_FOUR

BOARD = re.compile(
    r"p\.?\s?c\.?\s?b\b|p\.?\s?c\.?\s*board|\blayout\b|\bpads?\b|\bholes?\b|solder\s*mask", re.IGNORECASE
)  # of a land pattern on the outline's page
_VIEWED = re.compile(r"\b(?:top|bottom|side|front|rear|end)\s*views?\b", re.IGNORECASE)
SURFACE = re.compile(r"\bSM[TD]\b|surface\s*mount", re.IGNORECASE)  # a package that has no holes for leads


def of_part(solved: list[Solved], request: ReadingRequest, search: Search) -> list[Solved]:
    """The patterns without those of holes for a surface-mounted package, and without the outline itself taken for one."""
    if SURFACE.search(request.package or ""):
        solved = [s for s in solved if not all(holes.is_round(p) for p in s.pattern.pads) or holes.are_balls(s)]
    if search.land == search.mechanical[:1] and not request.land_page:
        solved = [s for s in solved if named(s) or search.names_land() or _of_board(s) or alone(s)]
    return solved


def unnamed(solved: list[Solved], search: Search) -> str | None:
    """Why the best pattern may be no land pattern: nothing in the document calls it one."""
    if not solved or named(solved[0]) or search.names_land():
        return None
    return "no title names the figure that was read a land pattern"


def _of_board(solved: Solved) -> bool:
    """Whether round holes follow from their numbers, the diameter of each among them, with no outline of a part around.

    Leads seen from below are drawn within the outline of their part, holes of a board in a dashed one or in none.
    """
    count = range(len(solved.pattern.pads))
    if not all(holes.is_round(p) for p in solved.pattern.pads) or solved.pattern.kind not in ("", DETAIL):
        return False
    rounds = holes.read(solved)
    told = all(solved.settled(i)[0] and i in rounds and rounds[i].drill for i in count)
    return told and not any(s.box.holds(solved.pattern.box) and not s.dashed for s in solved.drawing.shapes)


def alone(solved: Solved) -> bool:
    """Whether shapes without a part around them or a name of another kind follow from their numbers to the last length.

    Not on a page that names views: a part shows its terminals from below as a land pattern shows its pads.
    """
    if any(_VIEWED.search(w.text) for w in solved.drawing.lines):
        return False
    pattern, count = solved.pattern, len(solved.pattern.pads)
    told = len(solved.fit.used) >= NUMBERS_OF_FOUR and not solved.fit.refused and not pattern.frames
    return told and not pattern.kind and count >= 4 and all(all(solved.settled(i)) for i in range(count))


def named(solved: Solved) -> bool:
    """Whether the caption of a pattern, or the words of its page, name a land pattern."""
    page = " ".join(w.text for w in solved.drawing.lines)
    return solved.pattern.kind == LAND or titles.names_land(page) or bool(BOARD.search(page))
