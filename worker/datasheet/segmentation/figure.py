"""The figures of a page: connected drawings with the captions that name them, and each as a drawing of its own."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from worker.datasheet.drawing.dimensions import DimensionSpan, box_of
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.drawing.shapes import Shape
from worker.datasheet.geometry.primitives import Box, Word, around
from worker.datasheet.segmentation.candidates import candidates
from worker.datasheet.segmentation.captions import (
    LAND,
    MASK,
    STENCIL,
    Caption,
    captioned_between,
    captions_of,
    is_numbered,
    kind_among,
    sections_among,
    tells_unit,
)
from worker.datasheet.segmentation.frames import crossed
from worker.datasheet.segmentation.ink import Ink
from worker.datasheet.segmentation.links import dimension_pairs, linked
from worker.datasheet.thresholds.figures import (
    AMID,
    BESIDE_PT,
    BY_HAND_PT,
    CAPTION_ASIDE,
    CAPTION_OFF_CENTRE,
    CAPTION_PARTED_PT,
    CAPTION_REACH_PT,
    JOIN_REACH_PT,
    ONE_END_PT,
    OWN_NUMBERS,
    SHEET_PART,
    SPAN_END_PT,
    SPAN_REACH_PT,
)


@dataclass
class Figure:
    """One drawing of a page. `box` in points holds its strokes and numbers; `captions` nearest first."""

    box: Box
    drawing: Drawing  # what of the page belongs to it
    shapes: list[Shape]  # that can be pads
    captions: list[Caption] = field(default_factory=list)
    paged: bool = False  # whether it is a whole page: its shapes are no one pattern then

    @property
    def kind(self) -> str:
        """What the nearest caption of a layer of the board names, else the nearest caption."""
        return kind_among(self.captions)


def figures_of(page: Drawing) -> list[Figure]:
    """Every figure that holds shapes or dimensions, largest first."""
    ink = Ink(page)
    shapes = candidates(page)
    homes, roots = _joined(page, shapes, ink)
    by_home: dict[int, list[Shape]] = defaultdict(list)
    for shape, home in zip(shapes, homes, strict=True):
        by_home[home].append(shape)
    own_spans = [s for s in page.spans if not crossed(ink.rules, s.axis, s.at, s.start, s.end)]
    spans: dict[int, list[DimensionSpan]] = defaultdict(list)
    for slack in (SPAN_END_PT, BY_HAND_PT):
        loose = {home: own for home, own in by_home.items() if not spans[home]}
        taken = {id(s) for own in spans.values() for s in own}
        for span in (s for s in own_spans if id(s) not in taken):
            home = _home_of(span, roots[ink.at(box_of(span))], by_home if slack == SPAN_END_PT else loose, ink, slack)
            if home in by_home:
                spans[home].append(span)
    found = [_figure(page, own, spans[home], home, roots, ink, by_home) for home, own in by_home.items() if home]
    found = [f for f in found if f.box.area < SHEET_PART * page.sheet.width * page.sheet.height]  # else the border
    _give_captions(page, found, ink)
    return sorted(found, key=lambda f: -f.box.area)


def whole(page: Drawing) -> Figure:
    """The page taken for one figure: where it names nothing but a land pattern, or where its parts make no sense."""
    shapes = candidates(page)
    box = around([s.box for s in shapes] or [Box(0, 0, page.sheet.width, page.sheet.height)])
    captions = sorted(captions_of(page.sheet.words), key=lambda c: distance(box, c.word.box))
    return Figure(box, page, shapes, captions, paged=True)


def _home_of(span: DimensionSpan, own: int, by_home: dict[int, list[Shape]], ink: Ink, slack: float) -> int:
    """The drawing a dimension line belongs to: one apart from all shapes measures those nearest that have its ends."""
    if own in by_home:
        return own
    box, low = box_of(span), 0 if span.axis == 0 else 1
    best = (SPAN_REACH_PT, own)
    for home, shapes in by_home.items():
        edges = [(s, v) for s in shapes for v in _lines(s.box, low)]
        ends = [[s for s, v in edges if abs(v - end) < slack] for end in (span.start, span.end)]
        found = [end for end in ends if end]
        if home and found:  # from a face of the part to a pad only one end is an edge of a shape
            gap = max(min(s.box.gap(box) for s in end) for end in found) + (0.0 if all(ends) else ONE_END_PT)
            if gap < best[0] and not ink.parted(found[0][0].box, box):
                best = (gap, home)
    return best[1]


def _lines(box: Box, axis: int) -> tuple[float, float, float]:
    return (box.x0, box.cx, box.x1) if axis == 0 else (box.y0, box.cy, box.y1)


def _joined(page: Drawing, shapes: list[Shape], ink: Ink) -> tuple[list[int], list[int]]:
    """The drawing of every shape, and the drawing that each piece of ink was joined to.

    Two drawings with dimensions of their own are two views of a part, however alike their shapes are, unless a
    dimension runs from one to the other.
    """
    parent = list(range(ink.count))

    def root(i: int) -> int:
        while parent[i] != i:
            i = parent[i]
        return i

    def divided(i: int, j: int) -> bool:
        """Whether a rule runs between two shapes, or the caption of what is drawn together with one of them stands there."""
        a, b, both = shapes[i].box, shapes[j].box, (root(homes[i]), root(homes[j]))
        if ink.parted(a, b) or not named:
            return ink.parted(a, b)
        extents = around([s.box for s, home in zip(shapes, homes, strict=True) if root(home) in both])
        return captioned_between(a, b, extents, named)

    homes = [ink.at(s.box) for s in shapes]
    held = Counter(homes)
    dimensioned = {ink.at(box_of(span)) for span in page.spans}
    named = [c for c in captions_of(page.sheet.words) if c.kind in (LAND, MASK, STENCIL)]
    near = set(dimension_pairs(shapes, page.spans, JOIN_REACH_PT))
    for i, j in dimension_pairs(shapes, page.spans, SPAN_REACH_PT):
        views = {homes[i], homes[j]} <= dimensioned and (i, j) not in near
        if 0 not in (homes[i], homes[j]) and not views and not divided(i, j):
            parent[root(homes[j])] = root(homes[i])
    for i, a in enumerate(shapes):
        for j in range(i + 1, len(shapes)):
            one, two = root(homes[i]), root(homes[j])
            views = {one, two} <= dimensioned and min(held[homes[i]], held[homes[j]]) > 1
            apart = one == two or 0 in (one, two) or views
            if apart or not a.same_size(shapes[j]) or not linked(a, shapes[j]):
                continue
            if not divided(i, j):
                parent[two] = one
                dimensioned |= {one} if two in dimensioned else set()
    for inner, outer in _within(shapes, [root(h) for h in homes], ink):
        parent[root(inner)] = root(outer)
    return [root(h) for h in homes], [root(i) for i in range(ink.count)]


def _within(shapes: list[Shape], homes: list[int], ink: Ink) -> list[tuple[int, int]]:
    """Drawings that lie amid the shapes of another one: the exposed pad between the rows of terminals."""
    own: dict[int, list[Shape]] = defaultdict(list)
    for shape, home in zip(shapes, homes, strict=True):
        own[home].append(shape)
    boxes = {home: around([s.box for s in of]) for home, of in own.items() if home}
    return [
        (a, b) for a, inner in boxes.items() for b, outer in boxes.items()
        if a != b and len(own[b]) >= AMID and outer.holds(inner) and not ink.parted(inner, own[b][0].box)
    ]  # fmt: skip


def _figure(
    page: Drawing,
    own: list[Shape],
    spans: list[DimensionSpan],
    home: int,
    roots: list[int],
    ink: Ink,
    homes: Iterable[int],
) -> Figure:
    kept = {id(s) for s in spans}
    readings = [r for r in page.readings if id(r.span) in kept]
    numbers = {id(r.quantity): r.quantity for r in readings}
    near = [b for b in map(box_of, spans) if min(s.box.gap(b) for s in own) < BESIDE_PT]
    box = around([s.box for s in own] + near)
    others = {h for h in homes if h != home}
    quantities = [q for q in page.quantities if id(q) in numbers or roots[ink.at(q.box)] not in others]
    plain = [q for q in numbers.values() if not q.symbol]
    if len(plain) >= OWN_NUMBERS:  # a figure that prints its own numbers takes no letters of a table
        quantities = [q for q in quantities if not q.symbol]
        readings = [r for r in readings if not r.quantity.symbol]
    shapes = [s for s in page.shapes if roots[ink.at(s.box)] == home]
    return Figure(box, replace(page, spans=spans, readings=readings, quantities=quantities, shapes=shapes), own)


def _give_captions(page: Drawing, figures: list[Figure], ink: Ink) -> None:
    """Each caption names the figure nearest to it, over or under it; the head of a table names none."""
    rated: dict[int, list[tuple[float, Caption]]] = defaultdict(list)
    found = [c for c in captions_of(page.sheet.words) if not any(t.holds(c.word.box, 1.0) for t in page.tables)]
    drawn = [(f, i) for i, f in enumerate(figures) if f.drawing.spans or len(f.shapes) > 1]  # the rest are bullets
    sections, below = sections_among(found), _numbered_below(found, [f.box for f, _ in drawn])
    for caption in found:
        heads = caption in sections
        offs = [(_off(f.box, caption.word, heads), f, i) for f, i in drawn]
        near = sorted((off + _apart(f.box, caption, ink, below), i, off) for off, f, i in offs)
        if near and near[0][2] < CAPTION_REACH_PT:
            rated[near[0][1]].append((near[0][2], caption))
    for i, own in rated.items():
        figures[i].captions = [c for _, c in sorted(own, key=lambda one: one[0])]


def _apart(figure: Box, caption: Caption, ink: Ink, below: bool | None) -> float:
    """Points added to the distance of a figure beyond a ruled line, and on the side where figures have no numbered captions."""
    wrong = below is not None and is_numbered(caption) and (figure.cy < caption.word.box.cy) != below
    return CAPTION_PARTED_PT * (ink.parted(figure, caption.word.box) + wrong)


def _numbered_below(captions: list[Caption], figures: list[Box]) -> bool | None:
    """Whether the captions of numbered figures stand under them, as one way for all of a page; None for fewer than two."""
    numbered = [c.word.box for c in captions if is_numbered(c)]
    if len(numbered) < 2 or not figures:
        return None

    def cost(under: bool) -> float:
        ways = [[distance(f, c) for f in figures if (f.cy < c.cy) == under] for c in numbered]
        return sum(min([CAPTION_REACH_PT, *own]) for own in ways)

    return cost(True) <= cost(False)


def _off(figure: Box, caption: Word, heads: bool) -> float:
    """The distance of a figure; one over a caption that ends in a colon, tells a unit or heads a section is not meant by it."""
    heads = heads or caption.text.rstrip().endswith(":") or tells_unit(caption.text)
    over = heads and figure.cy < caption.box.cy
    return distance(figure, caption.box) + (CAPTION_REACH_PT / 2 if over else 0.0)


def distance(figure: Box, caption: Box) -> float:
    """Points from a figure to a caption; one beside it is farther than one over or under it."""
    aside = max(figure.x0 - caption.x1, caption.x0 - figure.x1, 0.0)
    apart = max(figure.y0 - caption.y1, caption.y0 - figure.y1, 0.0)
    return apart + CAPTION_ASIDE * aside + CAPTION_OFF_CENTRE * abs(figure.cx - caption.cx)
