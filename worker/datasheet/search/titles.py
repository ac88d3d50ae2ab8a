"""What makers call the figures of a package: the words over a land pattern, over an outline, and over what looks like either."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from worker.datasheet.thresholds.page import CITED_CHARS, OUTLINE_VIEWS, TITLE_CHARS

KEPT_PAGES = 512  # texts whose titles are remembered: the search asks for those of a page several times
_ADVISED = r"(?:rec+om+[ae]?n\w*|suggest\w*|advis\w*|propos\w*|preferred|typical|example|reference)"
_BOARD = (
    r"(?:p\.?\s?[cw]\.?\s?b\.?|p\.?\s?c\.?\s*board|(?:printed\s*)?(?:circuit|wiring)\s*board|board|substrate|smt|smd)"
)
_FIGURE = (
    r"(?:land(?:ing)?[\s-]*(?:pattern|layout|dimension|size|area)s?"
    r"|foot[\s-]*prints?"
    r"|pad[\s-]*(?:layout|pattern|dimension|size|geometr|arrangement|design)\w*"
    rf"|{_BOARD}[\s-]*(?:layout|pattern|mounting|land|pad|hole|cut[\s-]*out|drilling)s?"
    r"|(?:p\.?\s?c\.?\s?b\.?|board)[\s-]*design[\s-]*rules?"
    r"|solder(?:ing)?[\s-]*(?:lands?|pads?|pattern|areas?)"
    r"|mounting[\s-]*(?:pads?|patterns?|holes?|layout|lands?|dimensions?)"
    r"|(?:hole|drill(?:ing)?)[\s-]*(?:layout|pattern|plan|diagram)s?"
    r"|(?:viewed|seen|view)\s*(?:from|on)\s*(?:the\s*)?(?:solder(?:ing)?|component|parts?|copper|mounting)\s*(?:side|surface|face)s?)"
)
_BETWEEN = r"(?:[\s\-,:(/]+(?!(?:that|to|for|when|if|in|is|are|be|the)\b)[\w./×]+){0,4}?[\s\-,:(/]+"
_HAN = (
    r"(?:推[荐薦奨]|建[议議]|[参參]考)[^。\n]{0,8}?(?:[焊銲][盘盤垫墊]|パターン|ランド|封装|[布佈]局|フットプリント|取付穴|[安贴貼][装裝])"
    r"|ランド\s*パターン|フット\s*プリント|[焊銲][盘盤垫墊][图圖尺布设設]|(?:基板|プリント板)[^。\n]{0,4}(?:穴|ランド|パターン)"
    r"|[安贴貼][装裝](?:孔|焊[盘盤])"
)
_EUROPE = (
    r"empf\w*\s*(?:l[öo]t|pad|land|layout|leiterplatten|footprint)[\w-]*|l[öo]t(?:fl[äa]chen|augen)\b"
    r"|l[öo]tpads?[\s-]*(?:layout|ma(?:ß|ss)e|bild|anordnung|abmess|geometr)\w*|bohr(?:bild|plan)|lochbild"
    r"|leiterplatten[\s-]*(?:layout|bild)|empreinte\s*(?:recommand|conseill)\w*|plan\s*de\s*per[çc]age"
)
LAND = (
    (
        re.compile(
            rf"land\s*pattern|solder(?:ing)?\s*foot\s*print|example\s*board\s*layout|suggested\s*layout|recommended\s*layout"
            rf"|\b{_ADVISED}{_BETWEEN}{_FIGURE}|\b(?:rec+om+[ae]?n\w*|suggest\w*){_BETWEEN}(?:pads?|lands?|p\.?c\.?b)\b"
            rf"|{_FIGURE}[\s\-,:(]*(?:is\s*)?{_ADVISED}|{_HAN}|{_EUROPE}",
            re.IGNORECASE,
        ),
        5.0,
    ),
    (re.compile(_FIGURE, re.IGNORECASE), 3.0),
)
MECHANICAL = (
    (
        re.compile(
            r"package\s*(?:outline|dimension|mechanical|size|diagram|information\s*of|information\W{0,3}\d*\W{0,3}(?:and|&)\s)|dimensions?\s*and\s*patterns?|physical\s*dimension|case\s*outline"
            r"|mechanical\s*(?:data|case|drawing|dimension|outline|package|specification)|outline\s*(?:drawing|dimension)"
            r"|dimensional\s*(?:drawing|outline)|(?:external|outer|product|body|unit|shape\s*(?:and|&))\s*dimension|shape\s*(?:and|&)\s*size"
            r"|(?:外形|外观|外觀|外型|封装|封裝|产品|產品|机械|機械)[^。\n]{0,3}(?:尺寸|寸法|[图圖図])|寸法図|パッケージ\s*(?:外形|寸法)"
            r"|ma(?:ß|ss)(?:zeichnung|bild|blatt)|geh[äa]use(?:abmessung|zeichnung|ma)|abmessungen\b",
            re.IGNORECASE,
        ),
        5.0,
    ),
    (
        re.compile(
            r"dimensions?\b|millimet(?:er|re)s|\bBSC\b|seating\s*plane|\bJEDEC\b|\bSIDE VIEW\b|\bTOP VIEW\b"
            r"|units?\s*[:：]\s*mm|单位|單位",
            re.IGNORECASE,
        ),
        1.0,
    ),
    (re.compile(r"\bMIN\b[\s\S]{0,40}\bMAX\b", re.IGNORECASE), 1.5),
)
AWAY = re.compile(
    r"thermal\s*pad\s*(?:mechanical|dimension|characteristic|information)|package\s*marking|marking\s*information|carrier\s*tape"
    r"|(?:reel|tap(?:e|ing))\s*(?:width|diameter|dimension|specification)s?\b|(?:top|cover)\s*tape\b|packing\s*specification"
    r"|tape\s*and\s*reel|tape\s*&\s*reel\s*(?:information|dimension|specification|data|drawing)|table\s*of\s*contents|revision\s*history|\.{8,}|device\s*per\s*reel"
    r"|tube\b.{0,20}\bdimensions|layout\s*(?:guideline|consideration)s?",
    re.IGNORECASE,
)
STENCIL = re.compile(r"stencil|钢网|鋼網|メタルマスク", re.IGNORECASE)


_FACTS = re.compile(
    r"\bmechanical\s*(?:data|specification|characteristic)s?\b(?=[\s\S]{0,260}?"
    r"\b(?:weight|moisture\s*sensitivity|flammability|case\s*material|mounting\s*position|lead\s*free\s*plating)\b)",
    re.IGNORECASE,
)


def _without_facts(text: str) -> str:
    """A text without the headings of lists of facts, such as the weight and the material of the case."""
    return _FACTS.sub("", text)


def _names_outline(text: str) -> bool:
    return MECHANICAL[0][0].search(text) is not None


def names_land(text: str) -> bool:
    """Whether a page or a line says that it shows a land pattern."""
    return any(p.search(text) for p, _ in LAND)


_TOLERANCED = re.compile(r"±|\d\s*(?:MAX|MIN|BSC|REF)\b(?!\W*ALL)", re.IGNORECASE)
_ELECTRICAL = re.compile(
    r"\d\s*(?:[mµuμn]?[AVFsW]|[kMG]?Hz|[kM]?[ΩΩ]|°C|℃|dBm?)\b|\b(?:voltages?|currents?|temperatures?|frequency|power|capacitance|gpio"
    r"|resistance|inductance|supply|electrical)\b",
    re.IGNORECASE,
)
_PROSE = re.compile(
    r"\.{4,}|\s\d{1,3}$|^(?-i:[a-z]+)(?:\s+\S+){4,}"
    r"|[a-z]{3,}[.;](?:\s|$)|\b(?:see|refer|shown|please|should|must|using)\b",
    re.IGNORECASE,
)

_CITED = re.compile(
    r"\b(?:see\s+detailed|refer(?:red)?\s+to|shown\s+(?:as|in|on))\b|\bsections?\s+on\s+page", re.IGNORECASE
)


@lru_cache(KEPT_PAGES)
def land_caption(text: str) -> str | None:
    """The short line of a page, or two lines under each other, that name a land pattern; tables of contents do not count."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    pairs = (f"{a} {b}" for a, b in pairwise(lines) if len(a) + len(b) < TITLE_CHARS)
    named = (c for c in (*lines, *pairs) if len(c) < TITLE_CHARS and names_land(c) and not _PROSE.search(c))
    return next(named, None)


_SIDES = tuple(
    re.compile(rf"^\W*(?:{name})\b[^\n\d]{{0,20}}[\s:=]*\d+[.,]\d+\s*mm", re.IGNORECASE | re.MULTILINE)
    for name in ("length", "width", "thickness|height")
)
_NOTED = re.compile(r"^[DE]\s*:\s*Max\s*=", re.MULTILINE)


def tells_size(text: str) -> bool:
    """Whether a page has a row for each of length, width and height in millimetres, or a note of the limits of D and E."""
    return all(side.search(text) for side in _SIDES) or len(_NOTED.findall(text)) > 1


@lru_cache(KEPT_PAGES)
def is_titled(text: str) -> bool:
    """Whether a page calls what it shows an outline or a recommended land pattern."""
    return any(patterns[0][0].search(_without_facts(text)) for patterns in (LAND, MECHANICAL))


def speaks_of_figures(text: str) -> bool:
    """Whether a text names a land pattern or an outline drawing."""
    return names_land(text) or _names_outline(text)


def land_score(text: str) -> float:
    """The weights of all phrases for a land pattern that a text has; 0 without any."""
    return sum(weight for pattern, weight in LAND if pattern.search(text))


def mechanical_score(text: str) -> float:
    """How much the words of a page speak for an outline drawing; each of them counts twice at most."""
    own = _without_facts(text)
    return sum(weight * min(2, sum(not _cited(m) for m in pattern.finditer(own))) for pattern, weight in MECHANICAL)


def _cited(found: re.Match[str]) -> bool:
    """Whether words are a sentence's about a figure that stands elsewhere."""
    around = found.string[max(0, found.start() - CITED_CHARS) : found.end() + CITED_CHARS]
    return _CITED.search(around) is not None


def outline_caption(text: str) -> bool:
    """Whether a short line of a page calls what it shows an outline, whatever else the page speaks of."""
    lines = (line.strip() for line in _without_facts(text).splitlines())
    return any(len(c) < TITLE_CHARS and _names_outline(c) and not _PROSE.search(c) for c in lines)


def toleranced(text: str) -> int:
    """How many numbers have a tolerance or a limit, as those of an outline do and those of a land pattern rarely."""
    return len(_TOLERANCED.findall(text))


def electrical(text: str) -> int:
    """How many words and units of electrical characteristics a page prints, in which its numbers are then."""
    return len(_ELECTRICAL.findall(text))


@lru_cache(KEPT_PAGES)
def of_land_alone(text: str) -> bool:
    """Whether a page names a land pattern as its subject and no outline."""
    named = LAND[0][0].search(text) is not None and land_caption(text) is not None
    views = {view.lower() for view in _VIEWS.findall(text)}
    return named and len(views) < OUTLINE_VIEWS and not _names_outline(_without_facts(text))


_VIEWS = re.compile(r"\b(top|side|front|end|bottom)\s*view\b", re.IGNORECASE)


def of_tapes(text: str) -> bool:
    """Whether a line of a page begins with the tapes and reels that parts come in, whose figures look like outlines."""
    return _TAPES.search(text) is not None


_TAPES = re.compile(
    r"^\W*(?:taping|(?:carrier|emboss\w*)\s+tape|tape\s*(?:and|&)\s*reel|packing)\b", re.IGNORECASE | re.MULTILINE
)


def distractions(text: str) -> int:
    """How many different matters of a datasheet a page speaks of that are no drawing of a package."""
    return len(AWAY.findall(text)[:2])
