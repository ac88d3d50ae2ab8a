"""Looks at a read footprint as a board designer would: equations its numbers must keep, and rules its pads must meet."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

from db.documents.footprint import equations, verdict
from db.documents.footprint.courtyard import Rect, copper, nominal
from db.documents.kinds.datasheet import Check, DatasheetResult, Equation, LandPattern, Pad, Review
from db.documents.kinds.datasheet_pin import Pin

MIN_GAP_MM = 0.1
MIN_RING_MM = 0.1
MIN_THERMAL_GAP_MM = 0.15
SLACK_MM = 0.02
NEAR_MM = 0.005
MAX_NAMED = 40
EXPOSED = "EP"  # the number of a pin that is the exposed pad
PIN_RULE = "pins_match_pads"


def look(result: DatasheetResult) -> DatasheetResult:
    """The result with its equations, checks, and a review entry for each failed rule, in place of those of an earlier look."""
    land = result.land_pattern
    checks = [*_body(result)]
    found = equations.of(result)
    if land is not None and land.pads:
        pads = [p for p in land.pads if p.role not in equations.APART]
        checks = [
            _overlap(pads),
            _gap(pads),
            *_thermal(pads),
            *_holes(pads, result),
            *_names(pads),
            _alike(pads),
            *_complete(land),
            *_pins(result.pins, pads),
            *checks,
        ]
    earlier = _reviews(result.checks, result.equations)
    others = [r for r in result.needs_review if r not in earlier]
    fresh = [r for r in _reviews(checks, found) if r not in others]
    return result.model_copy(update={"equations": found, "checks": checks, "needs_review": [*others, *fresh]})


def _reviews(checks: list[Check], kept: list[Equation]) -> list[Review]:
    rules = [Review(field=_field(c), reason=c.message) for c in checks if not c.passed and c.severity != "info"]
    return rules + [
        Review(field=e.values[0] if e.values else "land_pattern.dimensions", reason=_broken(e))
        for e in kept
        if not e.held
    ]


def _broken(equation: Equation) -> str:
    return f"equation does not hold by {equation.off_mm:g} mm: {equation.text}"


def _field(check: Check) -> str:
    return "body" if check.rule.startswith("body") else "pins" if check.rule == PIN_RULE else "land_pattern.pads"


def _named(pads: list[Pad]) -> list[str]:
    return [p.number for p in pads[:MAX_NAMED]]


def _gap_between(a: Rect, b: Rect) -> float:
    """Distance of two areas, negative where they overlap."""
    dx, dy = max(a.x0 - b.x1, b.x0 - a.x1), max(a.y0 - b.y1, b.y0 - a.y1)
    return math.hypot(dx, dy) if dx > 0 and dy > 0 else max(dx, dy)


def _gaps(pads: list[Pad]) -> Iterator[tuple[float, Pad, Pad]]:
    """Distances between pads that are near each other, along a sweep over x."""
    known = sorted(((a, p) for p in pads if (a := copper(p)) is not None), key=lambda pair: pair[0].x0)
    for i, (area, pad) in enumerate(known):
        for other, neighbour in known[i + 1 :]:
            if other.x0 > area.x1 + 1.0:
                break
            yield _gap_between(area, other), pad, neighbour


def _overlap(pads: list[Pad]) -> Check:
    bad = [(a, b) for gap, a, b in _gaps(pads) if gap < -NEAR_MM and a.number != b.number]
    names = sorted({p.number for pair in bad for p in pair})
    text = f"{len(bad)} pairs of pads overlap" if bad else "no pads overlap"
    return Check(rule="pad_overlap", passed=not bad, severity="error", message=text, pads=names[:MAX_NAMED])


def _gap(pads: list[Pad]) -> Check:
    """The smallest distance between pads that do not overlap."""
    gaps = [(g, a, b) for g, a, b in _gaps(pads) if g >= -NEAR_MM]
    if not gaps:
        return Check(rule="pad_gap", passed=True, severity="info", message="no two pads are near each other")
    least, a, b = min(gaps, key=lambda entry: entry[0])
    text = f"smallest gap {least:.3f} mm between pads {a.number} and {b.number}"
    return Check(rule="pad_gap", passed=least >= MIN_GAP_MM - NEAR_MM, message=text, pads=[a.number, b.number])


def _thermal(pads: list[Pad]) -> Iterator[Check]:
    for pad in (p for p in pads if p.role == "thermal"):
        area = copper(pad)
        others = [a for p in pads if p is not pad and (a := copper(p)) is not None]
        if area is None or not others:
            continue
        least = min(_gap_between(area, o) for o in others)
        text = f"the exposed pad is {least:.3f} mm from the nearest pad"
        yield Check(
            rule="exposed_pad_clearance", passed=least >= MIN_THERMAL_GAP_MM - NEAR_MM, message=text, pads=[pad.number]
        )


def _holes(pads: list[Pad], result: DatasheetResult) -> Iterator[Check]:
    plated = [p for p in pads if p.type == "thru_hole" and p.drill and p.w is not None and p.h is not None]
    if plated:
        rings = [(min(p.w - p.drill[0], p.h - p.drill[1]) / 2, p) for p in plated if p.w and p.h and p.drill]
        thin = [p for ring, p in rings if ring < MIN_RING_MM - NEAR_MM]
        text = f"smallest annular ring {min(r for r, _ in rings):.3f} mm"
        yield Check(rule="annular_ring", passed=not thin, severity="error", message=text, pads=_named(thin))
    lead = result.terminals.width.max or nominal(result.terminals.width)
    drilled = [p for p in pads if p.type == "thru_hole" and p.drill and p.role == "signal"]
    if lead is not None and drilled:
        tight = [p for p in drilled if p.drill and max(p.drill) <= lead]
        text = f"holes of {max(max(p.drill) for p in drilled if p.drill):.3f} mm for leads {lead:.3f} mm wide"
        yield Check(rule="hole_larger_than_lead", passed=not tight, severity="error", message=text, pads=_named(tight))


def _names(pads: list[Pad]) -> Iterator[Check]:
    signal = [p.number for p in pads if p.role == "signal" and p.type != "np_thru_hole"]
    twice = sorted({n for n in signal if n and signal.count(n) > 1})
    text = f"numbers used more than once: {', '.join(twice[:10])}" if twice else "every number is used once"
    yield Check(rule="unique_numbers", passed=not twice, message=text, pads=twice[:MAX_NAMED])
    digits = sorted({int(n) for n in signal if n.isdigit()})
    if digits and len(digits) == len(signal):
        whole = digits == list(range(1, len(digits) + 1))
        text = (
            f"numbers run from 1 to {len(digits)}" if whole else f"numbers from {digits[0]} to {digits[-1]} have gaps"
        )
        yield Check(rule="numbers_complete", passed=whole, severity="info", message=text)


def _complete(land: LandPattern) -> Iterator[Check]:
    """Whether every pad can be made and every pin of the part has one."""
    bare = verdict.unmade(land)
    text = verdict.named_unmade(bare, land) if bare else "every pad has a stated size or hole"
    yield Check(rule="pads_stated", passed=not bare, severity="error", message=text, pads=_named(bare))
    if land.pins is not None:
        few = verdict.too_few(land)
        text = few or f"the {land.pins} pins of the part have pads"
        yield Check(rule="pads_for_all_pins", passed=not few, severity="error", message=text)


def _pins(pins: list[Pin], pads: list[Pad]) -> Iterator[Check]:
    """Whether the pins of the part are those that the pads are numbered for; a table may leave the exposed pad out."""
    listed = {p.number for p in pins}
    if not listed:
        return
    exposed = {p.number for p in pads if p.role == "thermal"} | {EXPOSED}
    numbered = {p.number for p in pads if p.role == "signal" and p.type != "np_thru_hole" and p.number}
    without, bare = _counted(listed - exposed - numbered), _counted(numbered - listed)
    lacking = f"pins without a pad: {without}; pads without a pin: {bare}"
    passed = not listed - exposed - numbered and not numbered - listed
    text = f"the {len(listed)} pins listed have their pads" if passed else lacking
    yield Check(
        rule=PIN_RULE, passed=passed, severity="error", message=text, pads=sorted(numbered - listed)[:MAX_NAMED]
    )


def _counted(numbers: set[str]) -> str:
    """How many, and the first of them by number."""
    first = sorted(numbers, key=lambda n: (len(n), n))[:10]
    return f"{len(numbers)} ({', '.join(first)})" if numbers else "none"


def _alike(pads: list[Pad]) -> Check:
    """Signal pads whose sizes differ by less than a drawing would dimension apart were most likely misread."""
    sizes = sorted(
        {tuple(sorted((p.w, p.h))) for p in pads if p.role == "signal" and p.w is not None and p.h is not None}
    )
    odd = [
        (a, b)
        for a, b in combinations(sizes[:20], 2)
        if 0 < max(abs(u - v) for u, v in zip(a, b, strict=True)) < SLACK_MM
    ]
    text = (
        f"{len(odd)} pairs of pad sizes differ by less than {SLACK_MM} mm"
        if odd
        else "pad sizes are equal or clearly different"
    )
    return Check(rule="sizes_alike", passed=not odd, message=text)


def _body(result: DatasheetResult) -> Iterator[Check]:
    values = {name: getattr(result.body, name) for name in ("length", "width", "height")}
    for name, value in values.items():
        limits = [v for v in (value.min, value.nom, value.max) if v is not None]
        if len(limits) > 1:
            text = f"{name} {' <= '.join(f'{v:g}' for v in limits)}"
            yield Check(
                rule=f"body_{name}_limits",
                passed=limits == sorted(limits) and limits[0] > 0,
                severity="error",
                message=text,
            )
    length, width = nominal(values["length"]), nominal(values["width"])
    if length is not None and width is not None:
        text = f"length {length:g} and width {width:g} mm"
        yield Check(rule="body_length_is_larger", passed=length >= width - NEAR_MM, severity="error", message=text)
