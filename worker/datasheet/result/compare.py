"""Compares two readers field by field: agreement raises confidence, disagreement is shown and reviewed, never averaged."""

from __future__ import annotations

import math
from collections.abc import Iterator

from db.documents.kinds.datasheet import Body, DatasheetResult, Disagreement, LandPattern, Pad, Value
from worker.datasheet.result import review_of_result
from worker.datasheet.result.score import score_pads
from worker.datasheet.thresholds.result import AGREED, CLEAR, DISAGREED, SAME_VALUE_MM

SIDES = ("length", "width", "height")


def compare(vector: DatasheetResult, vlm: DatasheetResult) -> DatasheetResult:
    """The vector reader's result with what the model says about it; fields only the model read are taken over as assumed."""
    found = [*_body_differences(vector.body, vlm.body), *_land_differences(vector.land_pattern, vlm.land_pattern)]
    differing = {d.field for d in found}
    only = vector.land_pattern is None and vlm.land_pattern is not None and vector.land_pattern_status == "not_read"
    land = vlm.land_pattern if only else _trusted_land(vector.land_pattern, vlm.land_pattern, differing)
    return vector.model_copy(
        update={
            "reader": "both",
            "readers_used": ["vector", "vlm"],
            "body": _trusted_body(vector.body, vlm.body, differing),
            "land_pattern": land,
            "land_pattern_status": "found" if land is not None else vector.land_pattern_status,
            "disagreements": found,
            "needs_review": [*vector.needs_review, *vlm.needs_review, *review_of_result.of_readers(found, only)],
            "confidence": min([vector.confidence, *([DISAGREED] if found else [])]),
        }
    )


def _limits(value: Value) -> tuple[float | None, ...]:
    return value.min, value.nom, value.max


def _stated(value: Value) -> str:
    return "/".join("-" if v is None else f"{v:g}" for v in _limits(value))


def _differ(a: Value, b: Value) -> bool:
    """Whether two readers state different limits; a limit only one of them read is no difference."""
    return any(
        u is not None and v is not None and abs(u - v) > SAME_VALUE_MM
        for u, v in zip(_limits(a), _limits(b), strict=True)
    )


def _agree(a: Value, b: Value) -> bool:
    shared = [(u, v) for u, v in zip(_limits(a), _limits(b), strict=True) if u is not None and v is not None]
    return bool(shared) and not _differ(a, b)


def _body_differences(a: Body, b: Body) -> Iterator[Disagreement]:
    for side in SIDES:
        ours, theirs = getattr(a, side), getattr(b, side)
        if _differ(ours, theirs):
            yield Disagreement(field=f"body.{side}", vector=_stated(ours), vlm=_stated(theirs))


def _trusted_body(a: Body, b: Body, differing: set[str]) -> Body:
    changes = {}
    for side in SIDES:
        ours, theirs = getattr(a, side), getattr(b, side)
        if f"body.{side}" in differing:
            changes[side] = ours.model_copy(update={"confidence": min(ours.confidence, DISAGREED)})
        elif _agree(ours, theirs):
            changes[side] = ours.model_copy(update={"confidence": max(ours.confidence, AGREED)})
        elif not any(v is not None for v in _limits(ours)) and any(v is not None for v in _limits(theirs)):
            changes[side] = theirs.model_copy(update={"status": "assumed"})
    return a.model_copy(update=changes)


def _land_differences(a: LandPattern | None, b: LandPattern | None) -> Iterator[Disagreement]:
    if a is None or b is None:
        if (a is None) != (b is None):
            yield Disagreement(field="land_pattern", vector=_count(a), vlm=_count(b))
        return
    if len(a.pads) != len(b.pads):
        yield Disagreement(field="land_pattern.pads", vector=_count(a), vlm=_count(b))
        return
    score = score_pads(_dumped(a), _dumped(b), SAME_VALUE_MM)
    if score.f1_position < 1.0:
        part = f"{score.f1_position:.0%} of the centres agree"
        yield Disagreement(field="land_pattern.pads.centre", vector=_extent(a), vlm=f"{_extent(b)}, {part}")
    elif score.number_accuracy < 1.0:
        yield Disagreement(field="land_pattern.pads.number", vector=_numbers(a), vlm=_numbers(b))
    elif score.f1_full < 1.0:
        yield Disagreement(field="land_pattern.pads.size", vector=_sizes(a), vlm=_sizes(b))


def _dumped(land: LandPattern) -> list[dict[str, object]]:
    return [p.model_dump(mode="json") for p in land.pads]


def _count(land: LandPattern | None) -> str:
    return "no land pattern" if land is None else f"{len(land.pads)} pads"


def _extent(land: LandPattern) -> str:
    xs, ys = [p.x for p in land.pads], [p.y for p in land.pads]
    return f"centres over {max(xs) - min(xs):.3f} x {max(ys) - min(ys):.3f} mm"


def _numbers(land: LandPattern) -> str:
    return " ".join(p.number or "-" for p in land.pads[:40])


def _sizes(land: LandPattern) -> str:
    return ", ".join(sorted({f"{_mm(p.w)} x {_mm(p.h)}" for p in land.pads})[:12])


def _mm(value: float | None) -> str:
    return "?" if value is None else f"{value:g}"


def _trusted_land(a: LandPattern | None, b: LandPattern | None, differing: set[str]) -> LandPattern | None:
    """Raised or lowered confidence of every pad; pads that were not stated stay so."""
    if a is None or b is None:
        return a
    doubted = any(f.startswith("land_pattern") for f in differing)
    pads = [_trusted(p, doubted) for p in a.pads]
    return a.model_copy(update={"pads": pads, "confidence": min((p.confidence for p in pads), default=0.0)})


def _trusted(pad: Pad, doubted: bool) -> Pad:
    if doubted:
        return pad.model_copy(update={"confidence": min(pad.confidence, DISAGREED)})
    sure = pad.status != "assumed" and pad.size_status != "assumed"
    return pad.model_copy(update={"confidence": max(pad.confidence, AGREED if sure else math.nextafter(CLEAR, 0))})
