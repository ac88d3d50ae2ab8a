"""Builds the land pattern of the result from the solved one: pads, holes, mechanical pads, numbers."""

from __future__ import annotations

from db.documents.footprint import verdict
from db.documents.kinds.datasheet import LandPattern, Review
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.land import numbering, outline_labels, pad_names
from worker.datasheet.land.numbering import Numbers
from worker.datasheet.land.pads import Solved
from worker.datasheet.result import assemble, review
from worker.datasheet.thresholds.result import CONTRADICTED


def build(best: Solved, outlines: list[Drawing], package: str | None) -> tuple[LandPattern, list[Review]]:
    """The pattern in millimetres around its middle, y down, and what is doubtful about it."""
    rounds = assemble.rounds_of(best)
    terminals = len(best.pattern.pads) - len(numbering.exposed(best.pattern.pads))
    views = (outline_labels.outline_labels(d, package, terminals) for d in outlines)
    labels = next((found for found in views if found is not None), None)
    apart = assemble.mechanical(best, {label.number for label in labels[0]} if labels else set())
    pegs = {i for i, r in rounds.items() if r.type == "np_thru_hole"}
    apart |= {i for i, r in rounds.items() if r.holds}
    apart |= pegs if len(apart | pegs) < len(best.pattern.pads) else set()
    shapes = best.pattern.pads
    shown = [i for i in range(len(shapes)) if i not in apart]
    flat = all(bool(rounds.get(i)) and rounds[i].type == "smd" for i in shown)
    numbers = pad_names.decide([shapes[i] for i in shown], best.drawing, labels, best.pattern.first, flat=flat)
    names = Numbers([*numbers.names, *["MP"] * len(apart)], numbers.source, numbers.pin1, numbers.note, numbers.certain)
    land = assemble.land_of(best, names, rounds, apart, [*shown, *sorted(apart)])
    land = land.model_copy(update={"confidence": min((p.confidence for p in land.pads), default=0.0)})
    land = land.model_copy(update={"pins": review.pins(labels[0] if labels else (), package)})
    return contradicted(land) if verdict.too_few(land) else land, review.of_land(land, best, numbers.certain)


def contradicted(land: LandPattern) -> LandPattern:
    """The pattern with no pad more confident than what is contradicted."""
    pads = [p.model_copy(update={"confidence": min(p.confidence, CONTRADICTED)}) for p in land.pads]
    return land.model_copy(update={"pads": pads, "confidence": min(land.confidence, CONTRADICTED)})
