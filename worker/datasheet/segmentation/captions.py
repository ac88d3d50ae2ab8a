"""Which lines of text name a figure, and what kind of figure they name."""

from __future__ import annotations

import re
from dataclasses import dataclass

from worker.datasheet.geometry.primitives import Box, Word, around
from worker.datasheet.search import titles
from worker.datasheet.text import phrases
from worker.datasheet.thresholds.figures import (
    CAPTION_ALIKE,
    CAPTION_CHARS,
    CAPTION_IN_LINE,
    CAPTION_LEADING,
    CAPTION_LETTERS,
    CAPTION_SPACE,
    SECTION_ALIKE,
    SECTION_MARGIN_PT,
)

LAND, MASK, STENCIL, OUTLINE, TAPE, CUTOUT, CIRCUIT, DETAIL = (
    "land", "mask", "stencil", "outline", "tape", "cutout", "circuit", "detail",
)  # fmt: skip
_KINDS = (
    (STENCIL, r"stencil|solder\s*paste(?!\s*thick)|paste\s*(?:mask|pattern|layer|opening)|metal\s*mask|钢网|鋼網|メタルマスク"),
    (CUTOUT, r"cut[\s-]*out|panel\s*(?:mounting|layout|hole)|\bF\.?P\.?C\b(?=.*\b(?:dimension|thickness|layout))"),
    (TAPE, r"\b(?:tape|tapes|reel|carrier|packing|packaging\s*(?:spec|dimension)|embossed|tray)\b|\btube\b"),
    (CIRCUIT, r"circuit\s*diagram|schematic|(?<!single )\bcircuit\b(?!.{0,8}board|\s*(?:no\b|number|#|\d))"
              r"|connection\s*diagram|internal\s*connections?"
              r"|pin\s*(?:configuration|assignment|out)|terminal\s*arrangement|equivalent|copper\s*(?:spread|area)|spreading\s*copper"),
    (MASK, r"solder\s*(?:mask|resist|stop)\s*(?:detail|layer|pattern)|mask\s*details?"),
    (DETAIL, r"\bdetail\b|mating\s*view|isometric|marking|\bsection\b"),
)  # fmt: skip
_MORE_LAND = (
    r"p\.?\s?c\.?\s?(?:b\.?)?\s*(?:mounting|layout|land|pads?\b|footprint|hole)|solder(?:ing)?\s*pads?\b|reflow\s*solder"
    r"|wave\s*solder|\bfoot\s*print\b|\blanding\s*pattern|mounting\s*(?:hole|pad|pattern|foot)|land\s*pads?\b|board\s*(?:layout|pattern)"
)
_OUTLINE = (
    r"\b(?:top|side|front|end|rear|back|bottom|left|right|plan)\s*view\b|package\s*(?:outline|dimension)|\boutline\b"
    r"|(?:mechanical|outline|external|physical|product)\s*(?:dimension|drawing|data)|\bdimensions?\b"
)
# Letters drawn as strokes lose their round ones: what is left of the usual names without O and spaces.
_SQUASHED = re.compile(
    r"FTPRINT|LANDPATTERN|PCBLAYUT|BARDLAYUT|SLDER(?:ING)?PAD|MUNTING(?:PAD|HLE)|HLELAYUT|PCMUNTING|PADLAYUT"
)
_PROCESS = re.compile(r"temperature|profile|condition|heat|cycle|minute|second", re.IGNORECASE)
LAND_WORDS = re.compile(_MORE_LAND, re.IGNORECASE)
_PATTERNS = [(kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _KINDS]
_NUMBERED = re.compile(r"(?:fig(?:ure)?s?|abb(?:ildung)?|图|圖|図)\s*\.?\s*\d", re.IGNORECASE)
_VIEW = re.compile(_OUTLINE, re.IGNORECASE)
_ENDED = re.compile(
    r"[a-z]{3,}(?<!\bfig)[.;]\s|\b(?:shall|should|must|please|refer|see)\b|\bdimensions?\s+(?:are|is)\b|^notes?\b",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"(?:all\s+)?(?:linear\s+)?(?:dimensions?|dims?\.?|sizes?)\s*(?:are|is|in|:|=|\s)*[(\[]?\s*"
    r"(?:in\s+)?(?:mm|millimet(?:er|re)s?|inch(?:es)?|mils?)\b\W*(?:\w+\W*)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Caption:
    """A short text that names a figure: its lines as one word, and the kind of figure it names."""

    word: Word
    kind: str


def kind_of(text: str) -> str | None:
    """The kind of figure a caption names; None for a text that names none."""
    for kind, pattern in _PATTERNS:
        if pattern.search(text):
            return kind
    squashed = re.sub(r"[O0\s.,*]", "", text)
    if not _PROCESS.search(text) and (titles.names_land(text) or LAND_WORDS.search(text) or _SQUASHED.search(squashed)):
        return LAND
    return OUTLINE if _VIEW.search(text) else None


def is_numbered(caption: Caption) -> bool:
    """Whether a caption begins with the number of its figure."""
    return _NUMBERED.match(caption.word.text.strip()) is not None


def kind_among(captions: list[Caption]) -> str:
    """The kind that captions, nearest first, say: copper and its layers go before the views that stand beside them."""
    kinds = [c.kind for c in captions]
    first = next((k for k in kinds if k in (LAND, MASK, STENCIL)), None)
    return first or (kinds[0] if kinds else "")


def captions_of(words: list[Word]) -> list[Caption]:
    """Every caption of a page, lines set under each other read as one; its words may stand wide apart."""
    found = []
    lines = phrases.join([w for w in words if w.confidence == 1.0], CAPTION_SPACE)
    lines += phrases.join([w for w in words if w.confidence < 1.0], CAPTION_SPACE)
    for block in _blocks([line for line in lines if _short(line.text)]):
        text = " ".join(line.text for line in block)
        kind = kind_of(text) if len(text) <= 2 * CAPTION_CHARS and not _ENDED.search(text) else None
        if kind is not None:
            turn, box = block[0].turn, around([line.box for line in block])
            word = Word(text, box, turn, min(w.confidence for w in block), max(w.across for w in block))
            found.append(Caption(word, kind))
    return found


def sections_among(captions: list[Caption]) -> list[Caption]:
    """Names of outlines and of land patterns at one margin or on one centre line, the first of them over all others."""
    level = [c for c in captions if c.word.turn == 0 and c.kind in (LAND, OUTLINE)]
    top = min((c.word.box.y0 for c in level), default=0.0)
    for first in level:
        if first.word.box.y0 > top + first.word.box.height:
            continue
        alike = [c for c in level if _at_margin(first.word, c.word)]
        if len({c.kind for c in alike}) > 1:
            return alike
    return []


def _at_margin(a: Word, b: Word) -> bool:
    """Whether two headings of one size begin at one margin or are centred on one line."""
    level = min(abs(a.box.x0 - b.box.x0), abs(a.box.cx - b.box.cx)) < SECTION_MARGIN_PT
    return level and abs(a.across - b.across) < SECTION_ALIKE * max(a.across, b.across)


def tells_unit(text: str) -> bool:
    """Whether a line says in which unit the dimensions are: a heading, or a note under everything that names no figure."""
    return _UNIT.fullmatch(text.strip()) is not None


def captioned_between(a: Box, b: Box, extents: Box, captions: list[Caption]) -> bool:
    """Whether a caption stands between two boxes, one of which is over the other: they are of two figures.

    `extents` are those of all that is drawn together with them, over or under which the caption stands.
    """
    over, under = sorted((a, b), key=lambda box: box.cy)
    return any(
        over.y1 <= c.y0 and c.y1 <= under.y0 and c.x0 < extents.x1 and c.x1 > extents.x0
        for c in (caption.word.box for caption in captions)
    )


def _short(text: str) -> bool:
    return 3 <= len(text) <= CAPTION_CHARS and sum(c.isalpha() for c in text) > CAPTION_LETTERS * len(text)


def _blocks(lines: list[Word]) -> list[list[Word]]:
    """Lines of one size set right under each other, one of them naming a figure."""
    blocks: list[list[Word]] = []
    for line in sorted((w for w in lines if w.turn == 0), key=lambda w: w.box.y0):
        home = next((b for b in blocks if _under(b[-1], line)), None)
        if home is None:
            blocks.append([line])
        else:
            home.append(line)
    return blocks + [[w] for w in lines if w.turn != 0]


def _under(over: Word, line: Word) -> bool:
    alike = abs(over.across - line.across) < CAPTION_ALIKE * max(over.across, line.across)
    gap = line.box.y0 - over.box.y1
    near = -0.5 * line.across < gap < CAPTION_LEADING * line.across
    aligned = min(abs(over.box.cx - line.box.cx), 2 * abs(over.box.x0 - line.box.x0)) < CAPTION_IN_LINE * max(
        over.box.width, line.box.width
    )
    return alike and near and aligned
