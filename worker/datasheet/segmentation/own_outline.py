"""Which part of an outline page is the outline of the package asked for: its frame or what stands under its heading."""

from __future__ import annotations

import re
from dataclasses import replace

from worker.datasheet.drawing import dimensions
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.geometry.primitives import Box, Word, around
from worker.datasheet.search import headings, naming, titles
from worker.datasheet.segmentation import captions, figure, own_table
from worker.datasheet.segmentation.frames import Rule, rules_of
from worker.datasheet.thresholds.drawing import (
    FRAME_CAPTION_PT,
    FRAME_JOINT_PT,
    FRAME_SPANS,
    HEADING_ALONE_PT,
    HEADING_CENTRED,
    HEADING_LEADING,
    LEFT_SPANS,
)
from worker.datasheet.thresholds.page import HEADING_LEFT_PT, TITLE_CHARS

_PART_NAME = re.compile(r"[●•■◆▪○]?\s*[A-Z]{2,6}[\-–]?\d{2,5}[A-Z]{0,3}")
_UNIT = re.compile(r"\bunits?\b|millimet|\bview\b", re.IGNORECASE)
_OTHER = frozenset({captions.LAND, captions.MASK, captions.STENCIL, captions.TAPE, captions.CUTOUT})


def parts(drawing: Drawing, package: str | None) -> tuple[Drawing, Drawing]:
    """The outline of the package on a page, and it without the figures of boards and reels."""
    named = own(drawing, package)
    bare = without_boards(named)
    letters = [q.box for q in bare.quantities if q.symbol]
    shown = {id(box) for box in of_outline(drawing, letters)} if letters else set()
    return named, replace(bare, quantities=[q for q in bare.quantities if not q.symbol or id(q.box) in shown])


def own(drawing: Drawing, package: str | None) -> Drawing:
    """The drawing without the outlines of other packages on its page, where frames or headings tell them apart."""
    asked = set(naming.tokens(package)) if package else set()
    if not asked:
        return drawing
    drawing = replace(drawing, entries=own_table.entries(drawing, asked))
    frame = _named_frame(drawing, asked)
    if frame is not None:
        return within(drawing, [frame])
    return _under_heading(drawing, asked)


def without_boards(drawing: Drawing) -> Drawing:
    """The drawing without the dimensions of land patterns, cut-outs and reels on its page, where an outline is left then."""
    boxes = other_figures(drawing)
    kept = [s for s in drawing.spans if not any(_holds(b, dimensions.box_of(s)) for b in boxes)]
    enough = all(sum(s.axis == axis for s in kept) >= LEFT_SPANS for axis in (0, 1))
    return _of_spans(drawing, kept) if boxes and enough else drawing


def other_figures(drawing: Drawing) -> list[Box]:
    """The places of land patterns, cut-outs and reels on a page."""
    return [f.box for f in figure.figures_of(drawing) if f.kind in _OTHER]


def of_outline(drawing: Drawing, places: list[Box]) -> list[Box]:
    """The places that are not in figures of boards and reels: told by the titles over them, else by the figures."""
    blocks = [[w] for w in sorted(drawing.lines, key=lambda w: w.box.y1) if w.turn == 0 and _title(w.text)]
    others = [not titles.outline_caption(block[0].text) for block in blocks]
    if not any(others) or all(others):
        figures = other_figures(drawing)
        return [p for p in places if not any(_holds(f, p) for f in figures)]
    over = [(p, [i for i, b in enumerate(blocks) if b[-1].box.y1 <= p.cy and _begins(b) < p.cx]) for p in places]
    return [p for p, own in over if own and not others[_nearest(own, blocks)]]


def _title(text: str) -> bool:
    """Whether a line calls what stands below it an outline, a land pattern or a reel."""
    if len(text) > TITLE_CHARS:
        return False
    return bool(titles.land_caption(text) or titles.distractions(text)) or titles.outline_caption(text)


def within(drawing: Drawing, boxes: list[Box]) -> Drawing:
    """What of a drawing lies in the boxes."""
    kept = [s for s in drawing.spans if any(_holds(b, dimensions.box_of(s)) for b in boxes)]
    shapes = [s for s in drawing.shapes if any(_holds(b, s.box) for b in boxes)]
    return replace(_of_spans(drawing, kept), shapes=shapes)


def _of_spans(drawing: Drawing, kept: list[dimensions.DimensionSpan]) -> Drawing:
    known = {id(s) for s in kept}
    return replace(drawing, spans=kept, readings=[r for r in drawing.readings if id(r.span) in known])


def _holds(outer: Box, inner: Box) -> bool:
    return outer.holds_point(inner.cx, inner.cy)


def _named_frame(drawing: Drawing, asked: set[str]) -> Box | None:
    """The frame whose caption alone, or better than those of the others, names the package."""
    frames = [f for f in frames_of(rules_of(drawing)) if _dimensioned(f, drawing)]
    if len(frames) < 2:
        return None
    rated = [(len(asked & _captions(f, [o for o in frames if o is not f], drawing.lines)), f) for f in frames]
    most = max(score for score, _ in rated)
    best = [f for score, f in rated if score == most]
    return best[0] if most and len(best) == 1 else None


def frames_of(rules: list[Rule]) -> list[Box]:
    """Rectangles that ruled lines close, none within another."""
    level = sorted((r for r in rules if r[0] == 0), key=lambda r: r[1])
    found: list[Box] = []
    for i, top in enumerate(level):
        below = (b for b in level[i + 1 :] if _near(b[2], top[2]) and _near(b[3], top[3]))
        bottom = next((b for b in below if _joined(top, b, rules)), None)
        if bottom is not None:
            found.append(Box(top[2], top[1], top[3], bottom[1]))
    return [f for f in found if not any(o is not f and o.holds(f, 1.0) for o in found)]


def _near(a: float, b: float) -> bool:
    return abs(a - b) < FRAME_JOINT_PT


def _joined(top: Rule, bottom: Rule, rules: list[Rule]) -> bool:
    """Whether upright lines run from one level line to the other at both their ends."""
    upright = [r for r in rules if r[0] == 1 and r[2] < top[1] + FRAME_JOINT_PT and r[3] > bottom[1] - FRAME_JOINT_PT]
    return all(any(_near(r[1], x) for r in upright) for x in (top[2], top[3]))


def _dimensioned(frame: Box, drawing: Drawing) -> bool:
    return sum(_holds(frame, dimensions.box_of(s)) for s in drawing.spans) >= FRAME_SPANS


def _captions(frame: Box, others: list[Box], lines: list[Word]) -> set[str]:
    """The words near the upper and the lower side of a frame, within it and without, where no other frame holds them."""
    near = [
        w for w in lines
        if min(abs(w.box.cy - frame.y0), abs(w.box.cy - frame.y1)) < FRAME_CAPTION_PT
        and w.box.x0 < frame.x1 and w.box.x1 > frame.x0 and not any(_holds(o, w.box) for o in others)
    ]  # fmt: skip
    return {word for w in near for word in naming.words_of(w.text)}


def _under_heading(drawing: Drawing, asked: set[str]) -> Drawing:
    """The part of a page from the one heading that names the package to the next one, where others have figures too."""
    titles = [t for t in headings.headings(drawing) if not _UNIT.search(t.text)]
    blocks = _blocks([*titles, *(n for n in _part_names(drawing, asked) if n not in titles)])
    named = [b for b in blocks if any(_names(line.text, asked) for line in b)]
    wide = {i for i, block in enumerate(blocks) if block in named and _wide(block, named, drawing.sheet.width)}
    own: list[list[dimensions.DimensionSpan]] = [[] for _ in blocks]
    for span in drawing.spans:
        box = dimensions.box_of(span)
        over = [
            i for i, block in enumerate(blocks)
            if block[-1].box.y1 <= box.cy and (_begins(block) < box.cx or i in wide)
        ]  # fmt: skip
        if over:
            own[_nearest(over, blocks)].append(span)
    rated = [
        (len(asked & {word for line in block for word in naming.words_of(line.text)}), spans)
        for block, spans in zip(blocks, own, strict=True) if len(spans) >= FRAME_SPANS
    ]  # fmt: skip
    most = max((score for score, _ in rated), default=0)
    best = [spans for score, spans in rated if score == most]
    return _of_spans(drawing, best[0]) if most and len(best) == 1 and len(rated) > 1 else drawing


def _names(text: str, asked: set[str]) -> bool:
    """Whether a heading names a package or a part, as that of a chapter does not."""
    return bool(naming.families(text) or asked & naming.words_of(text) or _PART_NAME.fullmatch(text.strip()))


def _part_names(drawing: Drawing, asked: set[str]) -> list[Word]:
    """Lines that are nothing but the number of a part, with a bullet or without, where one of them is the part asked for."""
    named = [w for w in drawing.lines if w.turn == 0 and _PART_NAME.fullmatch(w.text.strip())]
    return named if any(asked & naming.words_of(w.text) for w in named) else []


def _nearest(over: list[int], blocks: list[list[Word]]) -> int:
    """The lowest block over a place; of several in one line, over figures side by side, the last that begins left of it."""
    lowest = blocks[over[-1]][-1].box
    return max((i for i in over if blocks[i][-1].box.y1 > lowest.y0), key=lambda i: (_begins(blocks[i]), i))


def _begins(block: list[Word]) -> float:
    """How far left a figure under a heading may begin."""
    return min(line.box.x0 for line in block) - HEADING_LEFT_PT


def _wide(block: list[Word], others: list[list[Word]], width: float) -> bool:
    """Whether a figure under a heading may begin left of it.

    It may where no other package has a heading farther left, or none beside a heading in the middle of the page.
    """
    box = around([line.box for line in block])
    left = [o for o in others if o is not block and o[-1].box.x1 < box.x0]
    beside = [o for o in left if abs(o[-1].box.cy - box.cy) < HEADING_ALONE_PT]
    return not left or (abs(box.cx - width / 2) < HEADING_CENTRED * width and not beside)


def _blocks(titles: list[Word]) -> list[list[Word]]:
    """Headings from top to bottom, those set close under each other together."""
    blocks: list[list[Word]] = []
    for title in sorted(titles, key=lambda t: t.box.y1):
        home = next((b for b in reversed(blocks) if _set_under(b[-1], title)), None)
        if home is None:
            blocks.append([title])
        else:
            home.append(title)
    return blocks


def _set_under(over: Word, title: Word) -> bool:
    """Whether a heading goes on with a line: the two share some of their width."""
    close = title.box.y0 - over.box.y1 < HEADING_LEADING * title.across
    return close and over.box.x0 < title.box.x1 and title.box.x0 < over.box.x1
