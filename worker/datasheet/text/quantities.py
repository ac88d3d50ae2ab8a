"""Reads printed dimensions: numbers with counts, tolerances, limits, references, units and the stacks they are set in."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from worker.datasheet.geometry.primitives import Box, Word, around
from worker.datasheet.text import hole_notes
from worker.datasheet.text.phrases import frame, overlap
from worker.datasheet.thresholds.page import DUAL_STACK_GAP, STACK_GAP

INCH_MM = 25.4
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
_INCH = re.compile(r"(?<![\d.,])(0?)\.\d{3,4}(?!\d)")
_TAIL = re.compile(r"0\d+")  # of a number that a line cut in two: none begins so
_THOUSANDTHS = re.compile(r"\D*\d{3,4}(?![\d.,])")


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
    mm: bool = False  # the unit is known to be millimetres because an inch twin stands beside it
    formula: str = ""  # of printed numbers, where the value is none itself

    @property
    def target(self) -> float:
        """The number a land pattern is made to: the nominal, else the middle of both limits, else the one limit."""
        if self.value is not None:
            return self.value
        known = [v for v in (self.low, self.high) if v is not None]
        return sum(known) / len(known)

    def scaled(self, factor: float) -> Quantity:
        def times(v: float | None) -> float | None:
            return None if v is None else round(v * factor, 6)

        return replace(self, value=times(self.value), low=times(self.low), high=times(self.high))


def number(text: str) -> float:
    """A printed number with a point or a comma. Raises ValueError for anything else."""
    return float(text.replace(",", "."))


def tidy(text: str) -> str:
    """One spelling for the signs that makers print in many ways."""
    text = text.replace("−", "-").replace("×", "X").replace("－", "-").replace("＋", "+").replace("～", "~")
    text = re.sub(r"[ΦφøØ∅⌀ϕ]", "Ø", text)
    text = re.sub(r"(\d)\s+([.,]\d)", r"\1\2", text)
    text = re.sub(r"(\d[.,])\s+(\d)", r"\1\2", text)
    text = re.sub(r"(?<=\d)mm\b", "", text)
    text = re.sub(r"(?<=\d)\s*(?:in(?:ch(?:es)?)?\b\.?|mm\b|[\"”])(?=\s*[\])])", "", text)  # the unit in a bracket
    text = re.sub(r"^n(?=\d*[.,]\d)", "Ø", text)  # the sign of a diameter in fonts of CAD programs
    text = re.sub(r"(?<![\d.,])0(?=\d+[.,]\d)", "Ø", text)  # what the sign of a diameter is read as in pixels
    text = re.sub(r"(?<=\d[.,]\d)(\d*)\s+0$", r"\1", text)  # the lower limit of a tolerance set below the line
    return text.strip(" :;*<>|").lstrip("-_ ")


def twins(a: float, b: float) -> bool:
    """Whether a is b in millimetres; inches are printed to a thousandth."""
    return b > 0 and abs(a - b * INCH_MM) < max(0.04 * a, 0.0005 * INCH_MM + 0.005)


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
        if twins(a, b) or twins(b, a):
            return _Core(max(a, b), mm=True)
        if m.re is _DUAL and "[" in text:
            return _Core(a)
    if (m := _DUAL_LIMITS.match(text)) and (twins(number(m[1]), number(m[3])) or twins(number(m[3]), number(m[1]))):
        v, t = max((number(m[1]), number(m[2])), (number(m[3]), number(m[4])))
        return _Core(v, round(v - t, 6), round(v + t, 6), mm=True)
    if m := _RANGE.match(text):
        a, b = sorted((number(m[1]), number(m[2])))
        date = m[1].isdigit() and m[2].isdigit() and "/" in text
        return _Core(None, a, b) if a < b < 4 * a + 0.2 and not date else None
    if re.fullmatch(NUMBER, text):
        return _Core(number(text))
    return None


def parse(word: Word) -> Quantity | None:
    """A dimension from one line of text, None when the line is something else."""
    text = hole_notes.canonical(tidy(word.text))
    if len(text) > 40 or not re.search(r"\d", text) or "°" in text or "%" in text:
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
    reference = bool(re.fullmatch(rf"\(\s*{NUMBER}[^()]*\)", text))
    core = _core(text.strip("()[] ") if reference or re.fullmatch(r"\[[^\[\]]*\]", text) else text.strip())
    if core is None or not 0 < (core.value or core.high or 0) < 10_000:
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


def _below(a: Box, b: Box, turn: int) -> float | None:
    """How far b starts below a, in heights of a; None when they are not stacked."""
    s, e, t, u = frame(a, turn)
    s2, e2, t2, u2 = frame(b, turn)
    if overlap(s, e, s2, e2) < 0.5 or (t2 + u2) <= (t + u):
        return None
    return (t2 - u) / max(min(u - t, u2 - t2), 0.1)


Apart = Callable[[Box, Box], bool]


def _never(_: Box, __: Box) -> bool:
    return False


def _pointed(inch: Quantity, mm: Quantity) -> Quantity:
    """The thousandths of an inch whose leading point the pixels lost, told by the millimetres they are stacked with."""
    if inch.confidence == 1.0 or not inch.value or not mm.value or not _THOUSANDTHS.match(inch.printed):
        return inch
    return replace(inch, value=inch.value / 1000) if twins(mm.value, inch.value / 1000) else inch


def _stack(top: Quantity, bottom: Quantity, apart: Apart) -> Quantity | None:
    """Two numbers set over each other as one dimension: inch over mm, or max over min where `apart` does not part them."""
    top, bottom = _pointed(top, bottom), _pointed(bottom, top)
    if top.value is None or bottom.value is None:
        return None
    box = around([top.box, bottom.box])
    printed = f"{top.printed} / {bottom.printed}"
    count = top.count or bottom.count
    base = replace(top, box=box, printed=printed, count=count, confidence=min(top.confidence, bottom.confidence))
    bracket = bottom.printed.strip().startswith("[")
    if twins(top.value, bottom.value) or twins(bottom.value, top.value):
        mm = max(top, bottom, key=lambda q: q.value or 0.0)
        return replace(base, value=mm.value, low=mm.low, high=mm.high, limit=top.limit or bottom.limit, mm=True)
    if top.low is not None or bottom.low is not None:
        return None
    if bracket:
        return replace(base, limit=top.limit or bottom.limit)
    if (
        bottom.kind != top.kind
        or (bottom.mm and not top.mm)  # limits of a dual print have their inches beside each
        or bottom.count is not None
        or top.reference
        or bottom.reference
        or _TAIL.fullmatch(top.printed)
        or apart(top.box, bottom.box)
    ):
        return None
    if bottom.value < top.value < 4 * bottom.value + 0.2 or bottom.value == 0:
        return replace(base, value=None, low=bottom.value, high=top.value)
    return None


def _tolerance(word: Word) -> tuple[float, float] | None:
    """Down and up from a line that holds only a tolerance: "±0.1", "+0.1 0"."""
    text = tidy(word.text).replace(" ", "")
    if m := re.fullmatch(rf"(?:±|\+/-)({NUMBER})", text):
        return number(m[1]), number(m[1])
    if m := re.fullmatch(rf"\+({NUMBER})[-/]*({NUMBER})?", text):
        return number(m[2] or "0"), number(m[1])
    return None


def read(lines: list[Word], apart: Apart = _never) -> list[Quantity]:
    """Every dimension printed in the lines, stacks and loose parts joined; `apart` says which boxes are no stack."""
    found = [q for q in (parse(line) for line in lines) if q is not None]
    taken = {id(q.box) for q in found}
    loose = [line for line in lines if id(line.box) not in taken]
    found = [_with_tolerance(q, loose) for q in found]
    found = _stacked(found, apart)
    return _diameters([_with_count(q, loose) for q in found])


def _diameters(found: list[Quantity]) -> list[Quantity]:
    """Inches of a drawing begin alike: where others have no nought before the point, pixels of one show a diameter's sign."""
    inches = [_INCH.search(q.printed) if q.mm else None for q in found]
    if not any(m and not m[1] for m in inches):
        return found
    signed = [m is not None and m[1] != "" and q.confidence < 1.0 for q, m in zip(found, inches, strict=True)]
    return [replace(q, kind="diameter") if s and q.kind == "length" else q for q, s in zip(found, signed, strict=True)]


def _with_tolerance(q: Quantity, loose: list[Word]) -> Quantity:
    _, end, top, bottom = frame(q.box, q.turn)
    for word in loose:
        tol = _tolerance(word)
        if tol is None or word.turn != q.turn or q.value is None or q.low is not None:
            continue
        start, _, top2, bottom2 = frame(word.box, word.turn)
        if -0.3 * q.size < start - end < 0.6 * q.size and overlap(top, bottom, top2, bottom2) > -0.3:
            low, high = round(q.value - tol[0], 6), round(q.value + tol[1], 6)
            if 0 < low <= high:
                box = around([q.box, word.box])
                return replace(q, low=low, high=high, box=box, printed=f"{q.printed} {word.text}")
    return q


def _stacked(found: list[Quantity], apart: Apart) -> list[Quantity]:
    """Joins each number with the number directly below it when the pair reads as one dimension."""
    done: set[int] = set()
    result: list[Quantity] = []
    order = sorted(range(len(found)), key=lambda i: frame(found[i].box, found[i].turn)[2])
    for i in order:
        if i in done:
            continue
        q = found[i]
        for j in order:
            if j == i or j in done or found[j].turn != q.turn or found[j].kind not in (q.kind, "length"):
                continue
            gap = _below(q.box, found[j].box, q.turn)
            blurred = min(q.confidence, found[j].confidence) < 1.0 and len(q.printed) == len(found[j].printed)
            alike = blurred or abs(found[j].size - q.size) < 0.35 * q.size
            most = DUAL_STACK_GAP if q.mm and found[j].mm else STACK_GAP  # their dimension line may run between them
            joined = _stack(q, found[j], apart) if gap is not None and -0.4 < gap < most and alike else None
            if joined is not None:
                done.add(j)
                q = joined
                break
        done.add(i)
        result.append(q)
    return result


def _with_count(q: Quantity, loose: list[Word]) -> Quantity:
    """Counts and limit words printed beside, above or below the number instead of on its line."""
    start, end, top, bottom = frame(q.box, q.turn)
    for word in loose:
        if word.turn != q.turn:
            continue
        s, e, t, b = frame(word.box, word.turn)
        beside = overlap(top, bottom, t, b) > 0.4 and (0 <= start - e < 1.0 * q.size or 0 <= s - end < 1.0 * q.size)
        stacked = overlap(start, end, s, e) > 0.4 and (
            -0.4 < (t - bottom) / q.size < STACK_GAP or -0.4 < (top - b) / q.size < STACK_GAP
        )
        if not (beside or stacked):
            continue
        count = bare_count(word)
        if count is not None and q.count is None:
            q = replace(q, count=count, box=around([q.box, word.box]), printed=f"{q.printed} {word.text}")
        elif (m := re.fullmatch(r"\(?(TYP|BSC|REF|MAX|MIN)\.?\)?", word.text.strip(), re.IGNORECASE)) and not q.limit:
            tag = m[1].upper()
            value, low, high = q.value, q.low, q.high
            if value is not None and low is None and high is None and tag in ("MAX", "MIN"):
                value, low, high = None, (value if tag == "MIN" else None), (value if tag == "MAX" else None)
            box = around([q.box, word.box])
            q = replace(q, limit=tag, value=value, low=low, high=high, box=box, printed=f"{q.printed} {word.text}")
    return q
