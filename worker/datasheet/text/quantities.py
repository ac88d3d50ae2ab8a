"""Reads a printed dimension from one line: numbers with counts, tolerances, limits, references and units."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from worker.datasheet.geometry.primitives import Box, Word
from worker.datasheet.text import hole_notes
from worker.datasheet.thresholds.page import (
    INCH_AGREES,
    INCH_ROUNDED,
    INCH_ROUNDED_MM,
    NUMBER_CHARS_MOST,
    NUMBER_MOST,
    RANGE_MORE_MM,
    RANGE_MOST,
)

INCH_MM = 25.4
MILS = 1000  # in an inch
NUMBER = r"(?:\d+(?:[.,]\d+)?|[.,]\d+)"
_COUNT = re.compile(r"^\(?\s*(\d{1,3})\s*(?:[xX×*]|PLCS?\.?|places)\s*\)?(?=$|[\s(ØR□\d.\[])", re.IGNORECASE)
_DASH_COUNT = re.compile(r"^(\d{1,3})\s*[-–]\s*(?=[ØR(]?\s*\d*[.,]\d)")
_TAIL_COUNT = re.compile(r"\(?\s*(?:(\d{1,3})\s*[xX×]|[xX×]\s*(\d{1,3})|(\d{1,3})\s*PLCS?\.?)\s*\)?$", re.IGNORECASE)
_LIMITS = re.compile(r"(?<![A-Za-z])(TYP|BSC|REF|MAX|MIN|NOM|BASIC)(?![A-Za-z])\.?", re.IGNORECASE)
_NOISE = re.compile(r"\b(PITCH|NOTE\s*\d+|ALL\s*AROUND|AROUND|MM|THRU|SQ|HOLES?|DIA)\b\.?", re.IGNORECASE)
_RANGE = re.compile(rf"^({NUMBER})\s*(?:[-–~/]|to)\s*({NUMBER})$")
_PLUS_MINUS = re.compile(rf"^({NUMBER})\s*(?:±|\+/-|\+-)\s*({NUMBER})$")
_PLUS_THEN = re.compile(rf"^({NUMBER})\s*\+\s*({NUMBER})\s*[/ ]?\s*[-–]?\s*({NUMBER})$")
_DUAL = re.compile(rf"^({NUMBER})\s*[\[(]\s*({NUMBER})\s*[\])]$")
_SLASH_DUAL = re.compile(rf"^({NUMBER})\s*/\s*({NUMBER})$")
_DUAL_LIMITS = re.compile(
    rf"^({NUMBER})\s*(?:±|\+/-)\s*({NUMBER})\s*[\[(]\s*Ø?\s*({NUMBER})\s*(?:±|\+/-)\s*({NUMBER})\s*[\])]?$"
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A printed dimension in the unit of the drawing; `low` and `high` are limits, `value` the nominal."""

    value: float | None
    low: float | None
    high: float | None
    printed: str
    box: Box
    turn: int = 0
    count: int | None = None
    kind: str = "length"  # length, diameter, radius
    limit: str = ""  # TYP BSC REF MAX MIN
    reference: bool = False
    confidence: float = 1.0
    size: float = 8.0
    symbol: str = ""
    mm: bool = False  # the unit is known to be millimetres because the same in inches stands beside it
    formula: str = ""  # of printed numbers, where the value is none itself

    @property
    def target(self) -> float:
        """The number a land pattern is made to: the nominal, else the middle of both limits, else the one limit."""
        if self.value is not None:
            return self.value
        known = [v for v in (self.low, self.high) if v is not None]
        return sum(known) / len(known)

    def scaled(self, factor: float) -> Quantity:
        """Value and limits times a factor, rounded to six places; the printed text stays."""

        def times(v: float | None) -> float | None:
            return None if v is None else round(v * factor, 6)

        return replace(self, value=times(self.value), low=times(self.low), high=times(self.high))


def number(text: str) -> float:
    """A printed number with a point or a comma. Raises ValueError for anything else."""
    return float(text.replace(",", "."))


_WIDE = str.maketrans("（）［］．，：／", "()[].,:/")  # as East Asian fonts print them


def tidy(text: str) -> str:
    """One spelling for the signs that makers print in many ways."""
    text = (
        text.translate(_WIDE)
        .replace("−", "-")
        .replace("×", "X")
        .replace("－", "-")
        .replace("＋", "+")
        .replace("～", "~")
    )
    text = re.sub(r"[ΦφøØ∅⌀ϕ]", "Ø", text)
    text = re.sub(r"(\d)\s+([.,]\d)", r"\1\2", text)
    text = re.sub(r"(\d[.,])\s+(\d)", r"\1\2", text)
    text = re.sub(r"(?<=\d)mm\b", "", text)
    text = re.sub(r"(?<=\d)\s*(?:in(?:ch(?:es)?)?\b\.?|mm\b|[\"”])(?=\s*[\])])", "", text)  # the unit in a bracket
    text = re.sub(r"^(?:—+\s*|-+\s*(?=\d+X))(?=[ØR\d(])", "", text)  # the end of a leader that was taken for a letter
    text = re.sub(r"(?<=\d)\s*[-—]+$", "", text)
    text = re.sub(r"^n(?=\d*[.,]\d)", "Ø", text)  # the sign of a diameter in fonts of CAD programs
    text = re.sub(r"(?<=\d)\s*`\s*(?=[\d.,])", "±", text)  # the sign in fonts of CAD programs
    text = re.sub(r"(?<![\d.,])0(?=\d+[.,]\d)", "Ø", text)  # what the sign of a diameter is read as in pixels
    text = re.sub(r"(?<=\d[.,]\d)(\d*)\s+0$", r"\1", text)  # the lower limit of a tolerance set below the line
    return text.strip(" :;*<>|").lstrip("-_ ")


def same_length(a: float, b: float) -> bool:
    """Whether a is b in millimetres; inches are printed to a thousandth."""
    return b > 0 and abs(a - b * INCH_MM) < max(INCH_AGREES * a, INCH_ROUNDED * INCH_MM + INCH_ROUNDED_MM)


def _same_behind_noise(inch: str, b: float) -> bool:
    """Whether b is in millimetres what a number in inches says without its first digits, which are noise of pixels: 41.650."""
    return any(same_length(b, number(inch[at:])) for at in range(1, inch.find(".") + 1))


@dataclass(frozen=True, slots=True)
class _Core:
    value: float | None = None
    low: float | None = None
    high: float | None = None
    mm: bool = False


def _core(text: str) -> _Core | None:
    """The number part alone, or None when the text is not a dimension."""
    if m := _PLUS_MINUS.match(text):
        v, t = number(m[1]), number(m[2])
        return _Core(v, round(v - t, 6), round(v + t, 6)) if t < v else None
    if m := _PLUS_THEN.match(text):
        v, up, down = number(m[1]), number(m[2]), number(m[3])
        return _Core(v, round(v - down, 6), round(v + up, 6)) if max(up, down) < v else None
    if m := (_DUAL.match(text) or _SLASH_DUAL.match(text)):
        a, b = number(m[1]), number(m[2])
        if same_length(a, b) or same_length(b, a):
            return _Core(max(a, b), mm=True)
        if m.re is _DUAL and "[" in text:
            return _Core(b, mm=True) if _same_behind_noise(m[1], b) else _Core(a)
    if (m := _DUAL_LIMITS.match(text)) and (
        same_length(number(m[1]), number(m[3])) or same_length(number(m[3]), number(m[1]))
    ):
        v, t = max((number(m[1]), number(m[2])), (number(m[3]), number(m[4])))
        return _Core(v, round(v - t, 6), round(v + t, 6), mm=True)
    if m := _RANGE.match(text):
        a, b = sorted((number(m[1]), number(m[2])))
        date = m[1].isdigit() and m[2].isdigit() and "/" in text
        return _Core(None, a, b) if a < b < RANGE_MOST * a + RANGE_MORE_MM and not date else None
    if re.fullmatch(NUMBER, text):
        return _Core(number(text))
    return None


def parse(word: Word) -> Quantity | None:
    """A dimension from one line of text, None when the line is something else."""
    text = hole_notes.canonical(tidy(word.text))
    if len(text) > NUMBER_CHARS_MOST or not re.search(r"\d", text) or "°" in text or "%" in text:
        return None
    count: int | None = None
    if m := (_COUNT.match(text) or _DASH_COUNT.match(text)):
        count, text = int(m[1]), text[m.end() :].strip()
    limit, across = _LIMITS.search(text), re.search(r"\bDIA\b", text, re.IGNORECASE)
    text = _NOISE.sub("", _LIMITS.sub("", text)).strip(" ,-–—_")
    if count is None and (m := _TAIL_COUNT.search(text)) and m.start() > 0:
        count, text = int(m[1] or m[2] or m[3]), text[: m.start()].strip()
    kind = "diameter" if across else "length"
    if m := re.match(r"^([\[(]?)\s*(Ø|R|□|SQ)\s*(?=[\d.,(])", text):
        kind = {"Ø": "diameter", "R": "radius"}.get(m[2], kind)
        text = m[1] + text[m.end() :]
    if re.fullmatch(r"\d*[.,]\d+\)", text):  # the opening bracket stands before a drawn sign, as in "(□1.7)"
        text = f"({text}"
    reference = bool(re.fullmatch(rf"\(\s*{NUMBER}[^()]*\)", text))
    core = _core(text.strip("()[] ") if reference or re.fullmatch(r"\[[^\[\]]*\]", text) else text.strip())
    if core is None or not 0 < (core.value or core.high or 0) < NUMBER_MOST:
        return None
    tag = limit[1].upper() if limit else ""
    value, low, high = core.value, core.low, core.high
    if tag == "MAX" and low is None:
        value, high = None, value
    elif tag == "MIN" and high is None:
        value, low = None, value
    return Quantity(
        value, low, high, word.text, word.box, word.turn, count, kind, tag, reference, word.confidence,
        word.across, "", core.mm,
    )  # fmt: skip


def bare_count(word: Word) -> int | None:
    """The count of a line that holds nothing but a count: "14X", "(3x)"."""
    text = word.text.strip()
    m = re.fullmatch(r"\(?\s*(\d{1,3})\s*[xX×]\s*\)?|\(?[xX×](\d{1,3})\)?|(\d{1,3})\s*PLCS?\.?", text)
    return int(m[1] or m[2] or m[3]) if m else hole_notes.bare_count(text)
