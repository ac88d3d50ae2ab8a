"""The hypotheses about one figure: all its shapes, groups of them, classes of equal ones, and what lies inside of what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from worker.datasheet.drawing.shapes import ROUND, Shape
from worker.datasheet.geometry.primitives import Box, around
from worker.datasheet.hypotheses import beside
from worker.datasheet.hypotheses.pixels import evened
from worker.datasheet.hypotheses.regular import regular
from worker.datasheet.hypotheses.symmetry import completed, cores, symmetric
from worker.datasheet.land import leaders
from worker.datasheet.land.patterns import Pattern, groups, sort_out
from worker.datasheet.segmentation import across_tables
from worker.datasheet.segmentation.candidates import centred, holds
from worker.datasheet.segmentation.captions import CIRCUIT, CUTOUT, LAND, MASK, STENCIL, TAPE, Caption, kind_among
from worker.datasheet.segmentation.figure import Figure, distance
from worker.datasheet.thresholds.figures import IN_MIDDLE, MOST_HYPOTHESES, MOST_PADS, OFF_CENTRE
from worker.datasheet.thresholds.land import DRILLED_LEAST

Pads = list[Shape]
APART = (LAND, MASK, STENCIL, CIRCUIT, TAPE, CUTOUT)  # kinds of figures whose shapes never belong to one pattern


def of_figure(figure: Figure) -> list[Pattern]:
    """Every hypothesis worth solving, each set of pads once; what it leaves unexplained is listed with it."""
    found: dict[frozenset[int], Pattern] = {}
    figure = replace(figure, shapes=evened(figure.shapes)) if figure.drawing.sheet.raster else figure
    parts = groups(figure.shapes, figure.drawing.spans)
    named = _names(figure, parts)
    for pattern in _with_regular(_all(figure, parts, named)):
        key = frozenset(id(p) for p in pattern.pads)
        if 2 <= len(pattern.pads) <= MOST_PADS and key not in found:
            found[key] = _of(pattern, figure, named)
        if len(found) >= MOST_HYPOTHESES:
            break
    return list(found.values())


def _with_regular(patterns: Iterator[Pattern]) -> Iterator[Pattern]:
    """Each hypothesis, with its rows regular where they are nearly so."""
    for pattern in patterns:
        even = regular(pattern)
        if even is not None:
            yield even
        else:
            yield pattern


def _moved(shape: Shape, pattern: Pattern) -> bool:
    """Whether a shape is a pad that was moved to its place in a regular row."""
    return any(p.box.holds_point(shape.box.cx, shape.box.cy) and p.same_size(shape) for p in pattern.pads)


def _all(figure: Figure, parts: list[Pads], named: dict[int, str]) -> Iterator[Pattern]:
    several = len({c.kind for c in figure.captions} & {LAND, MASK, STENCIL}) > 1
    whole = [figure.shapes] if figure.kind == LAND and len(parts) > 1 and not several and not figure.paged else []
    yield from _beside(figure)
    groups = [*whole, *_of_land(figure, named), *sorted(parts, key=len, reverse=True)]
    for group in (own for of in groups for own in across_tables.sides(of, figure.drawing.tables)):
        base = sort_out(group)
        if base is None or _mixed(base.pads, named):
            continue
        for pattern in (*_painted(group), base, *_nested(base), *_drilled(base)):
            yield pattern
            yield from _completed(pattern)
            yield from _cores(pattern)
            yield from _subsets(pattern)


def _beside(figure: Figure) -> Iterator[Pattern]:
    """The pattern of each of several parts that are drawn side by side."""
    parts = beside.parts(figure.shapes, figure.drawing.readings)
    for own in parts:
        pattern = sort_out(own)
        if pattern is not None:
            yield replace(pattern, others=[p for other in parts if other is not own for p in other])


def _of_land(figure: Figure, named: dict[int, str]) -> list[Pads]:
    """The shapes that the caption of the land pattern names, where a caption of another kind names other shapes."""
    own = [s for s in figure.shapes if named.get(id(s)) == LAND]
    return [own] if 2 <= len(own) < len(figure.shapes) else []


def _mixed(pads: Pads, named: dict[int, str]) -> bool:
    """Whether some pads are shapes of the land pattern and others those of a circuit, a tape or a cut-out."""
    kinds = {named[id(p)] for p in pads if id(p) in named}
    return LAND in kinds and bool(kinds & {CIRCUIT, TAPE, CUTOUT})


def _names(figure: Figure, parts: list[Pads]) -> dict[int, str]:
    """The kind that captions give each shape where they are of several kinds; equal shapes that stand together are of one."""
    captions = [c for c in figure.captions if c.kind in APART]
    if len({c.kind for c in captions}) < 2:
        return {}
    alike = [own for part in parts for own in classes_of(part)]
    side = _side(captions, figure.shapes)
    return {id(s): _named(around([o.box for o in own]), captions, side) for own in alike for s in own}


def _side(captions: list[Caption], shapes: list[Shape]) -> int:
    """1 where every caption stands over its figure, as nothing is drawn over the first; -1 where each stands under; else 0."""
    heights = [c.word.box.cy for c in captions]
    if all(s.box.cy > min(heights) for s in shapes):
        return 1
    return -1 if all(s.box.cy < max(heights) for s in shapes) else 0


def _of(pattern: Pattern, figure: Figure, named: dict[int, str]) -> Pattern:
    known = {id(s) for s in (*pattern.pads, *pattern.vias, *pattern.inner, *pattern.frames)}
    captions = sorted(figure.captions, key=lambda c: distance(pattern.box, c.word.box))
    kind = kind_among(captions)
    captions.sort(key=lambda c: c.kind != kind)
    return replace(
        pattern,
        left=[s for s in _near(figure, pattern, named) if id(s) not in known and not _moved(s, pattern)],
        titles=[c.word for c in captions],
        kind=kind,
        extent=figure.box,
        first=leaders.first_pad(pattern.pads, figure.drawing),
    )


def _near(figure: Figure, pattern: Pattern, named: dict[int, str]) -> list[Shape]:
    """The shapes that a pattern has to explain: where a caption of another kind names a part of the figure, not that part.

    Of several patterns side by side each explains what stands within its own extent.
    """
    if pattern.others:
        return [s for s in figure.shapes if pattern.box.holds(s.box)]
    tables = figure.drawing.tables
    here = [s for s in figure.shapes if not across_tables.parted(s.box, pattern.box, tables)]
    if not named:
        return here
    own = {named[id(p)] for p in pattern.pads if id(p) in named}
    return [s for s in here if named[id(s)] in own]


def _named(box: Box, captions: list[Caption], side: int) -> str:
    """The kind that the nearest caption on the side of captions gives, see `_side`."""
    possible = [c for c in captions if side * (box.cy - c.word.box.cy) >= 0] or captions
    return min(possible, key=lambda c: distance(box, c.word.box) + OFF_CENTRE * abs(box.cx - c.word.box.cx)).kind


def _nested(base: Pattern) -> Iterator[Pattern]:
    """The shapes in the middle of the pads instead of them: metal in the openings of a mask, not holes in round pads."""
    inner = [
        next((s for s in base.inner if holds(p, s) and centred(s, p) and s.kind == p.kind), None) for p in base.pads
    ]
    if any(p.kind not in ROUND for p in base.pads) and sum(s is not None for s in inner) > len(base.pads) / 2:
        pads = [p if s is None else s for p, s in zip(base.pads, inner, strict=True)]
        yield replace(
            base, pads=pads, inner=[s for s in base.inner if s not in pads], frames=[*base.frames, *base.pads]
        )


def _painted(group: Pads) -> Iterator[Pattern]:
    """The equal shapes painted in one colour under the strokes of a part, as pads are with the part drawn over them."""
    for color in {s.color for s in group if s.filled}:
        own = [s for s in group if s.filled and s.color == color]
        over = [s for s in group if not s.filled]
        if len(own) < 2 or not all(own[0].same_size(o) for o in own) or not any(_meets(s, own) for s in over):
            continue
        base = sort_out(own)
        if base is not None:
            yield replace(base, frames=[*base.frames, *over])


def _meets(shape: Shape, others: Pads) -> bool:
    return any(shape.box.meets(o.box) for o in others)


def _drilled(base: Pattern) -> Iterator[Pattern]:
    """The holes in the outline of a part or of a board instead of the outline."""
    for outline in base.pads:
        discs = [s for s in (*base.vias, *base.inner) if s.kind in ROUND and holds(outline, s)]
        own = sort_out(discs) if len(discs) >= DRILLED_LEAST else None
        if own is not None:
            yield replace(own, frames=[*base.frames, outline])


def _completed(base: Pattern) -> Iterator[Pattern]:
    """The pads with the few that are missing from their mirror image."""
    added = completed(base.pads)
    if added:
        yield replace(base, pads=[*base.pads, *added], added=added)


def _cores(base: Pattern) -> Iterator[Pattern]:
    """The shapes that mirror onto each other, those that a shape of chance lies around among them; all that are like them."""
    for own in cores([*base.pads, *base.inner]):
        if any(p.same_size(o) for p in base.pads if p not in own for o in own):
            continue
        pattern = sort_out([*own, *(v for v in base.vias if any(holds(p, v) for p in own))])
        if pattern is not None:
            yield replace(pattern, frames=[*base.frames, *pattern.frames])


def classes_of(pads: Pads) -> list[Pads]:
    """Equal shapes, upright or turned by a quarter, the largest class first."""
    found: list[Pads] = []
    for pad in pads:
        home = next((c for c in found if c[0].alike(pad)), None)
        if home is None:
            found.append([pad])
        else:
            home.append(pad)
    return sorted(found, key=len, reverse=True)


def _subsets(base: Pattern) -> Iterator[Pattern]:
    """The pads without shapes that have no equal one and stand in no middle, then the classes that stand alike together."""
    classes = classes_of(base.pads)
    if len(classes) < 2:
        return
    several = [c for c in classes if len(c) > 1]
    body = [p for c in several for p in c]
    if body:
        middles = [c[0] for c in classes if len(c) == 1 and _in_middle(c[0], body)]
        yield _with(base, body + middles)
        yield _with(base, body)
    for count in range(len(several), 0, -1):
        yield _with(base, [p for c in several[:count] for p in c])
    for own in several:
        yield _with(base, own)
        joined = own + [p for c in several if c is not own and symmetric(own, c) for p in c]
        yield _with(base, joined)
        yield _with(base, joined + [c[0] for c in classes if len(c) == 1 and symmetric(own, c)])
    for own in classes:
        yield _with(base, [p for c in classes if c is not own for p in c])


def _in_middle(shape: Shape, others: Pads) -> bool:
    box = around([o.box for o in others])
    return (
        abs(box.cx - shape.box.cx) < IN_MIDDLE * box.width + 1
        and abs(box.cy - shape.box.cy) < IN_MIDDLE * box.height + 1
    )


def _with(base: Pattern, pads: Pads) -> Pattern:
    kept = {id(p) for p in pads}
    own = [s for s in (*base.vias, *base.inner) if any(holds(p, s) for p in pads)]
    inside = {id(s) for s in own}
    return Pattern(
        [p for p in base.pads if id(p) in kept],
        [v for v in base.vias if id(v) in inside],
        [s for s in base.inner if id(s) in inside],
        base.frames,
    )
