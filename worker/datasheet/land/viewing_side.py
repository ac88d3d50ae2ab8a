"""From which side a land pattern is drawn: one seen from below is turned into the view of the component side."""

from __future__ import annotations

import re

from db.documents.kinds.datasheet import LandPattern
from worker.datasheet.geometry.primitives import Box, Word
from worker.datasheet.land.pads import Solved
from worker.datasheet.search import titles
from worker.datasheet.segmentation.figure import distance
from worker.datasheet.thresholds.figures import CAPTION_REACH_PT
from worker.datasheet.thresholds.land import SEEN_FROM_REACH

_SOLDER_SIDE = re.compile(
    r"(?:solde[rn](?:ing)?|copper|foil|reverse|back|opposite(?:\s*of)?(?:\s*the)?\s*component)[\s-]*(?:side|face)\b"
    r"|(?:view\w*|seen|look\w*)\s*(?:from|at)\s*(?:the\s*)?(?:bottom|below|underside|rear|back|under)"
    r"|component\s*side\s*opposite|焊接面|焊锡面|はんだ面|半田面|ハンダ面|l[öo]tseite|von\s*unten",
    re.IGNORECASE,
)
_BOTTOM = re.compile(r"bottom[\s-]*(?:side\s*)?view|[底仰]视|底面図", re.IGNORECASE)


def from_above(land: LandPattern, solved: list[Solved]) -> tuple[LandPattern, str | None]:
    """The land pattern, the best of those solved, as seen from the component side, and why that has to be reviewed.

    Holes look the same from both sides, so drawings with holes are mirrored; copper of parts on the surface lies on the side
    it is drawn from, whatever that side is called, and stays.
    """
    said = _from_below(solved[0], solved)
    if said is None:
        return land, None
    if not any(p.type == "thru_hole" for p in land.pads):
        reason = (
            f"the page says that the land pattern is seen from below ({said!r}); it has no holes and was not mirrored"
        )
        return land.model_copy(update={"view": "unknown"}), reason
    reason = f"the land pattern is drawn as seen from below ({said!r}); it was mirrored to the component side"
    return _mirrored(land), reason


def _from_below(best: Solved, solved: list[Solved]) -> str | None:
    """The words that say that the figure is seen from the soldering side; of several figures those nearest to it count."""
    page = [
        s for s in solved
        if s is best or (s.drawing.number == best.drawing.number and not s.pattern.extent.holds(best.pattern.box))
    ]  # fmt: skip
    lands = [w.box for w in best.drawing.lines if titles.names_land(w.text)]
    for line in best.drawing.lines:
        below = _SOLDER_SIDE.search(line.text) or (_BOTTOM.search(line.text) and any(_stacked(b, line) for b in lands))
        if not below:
            continue
        nearest = min(distance(s.pattern.extent, line.box) for s in page)
        if (
            distance(best.pattern.extent, line.box) <= nearest
            and distance(best.pattern.extent, line.box) < CAPTION_REACH_PT
        ):
            return line.text
    return None


def _stacked(title: Box, line: Word) -> bool:
    return title.gap(line.box) < SEEN_FROM_REACH * line.across and title.x0 < line.box.x1 and line.box.x0 < title.x1


def _mirrored(land: LandPattern) -> LandPattern:
    pads = [p.model_copy(update={"x": -p.x + 0.0, "rotation": -p.rotation % 360}) for p in land.pads]
    vias = [v.model_copy(update={"x": -v.x + 0.0}) for v in land.vias]
    return land.model_copy(update={"pads": pads, "vias": vias, "view": "bottom"})
