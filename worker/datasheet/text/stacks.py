"""Joins the parts of a dimension that are set on lines of their own: stacks of two numbers, tolerances, counts, limit words."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from worker.datasheet.geometry.primitives import Box, Word, around
from worker.datasheet.text import three_limits
from worker.datasheet.text.phrases import frame, overlap
from worker.datasheet.text.quantities import MILS, NUMBER, Quantity, bare_count, number, parse, same_length, tidy
from worker.datasheet.thresholds.page import (
    BESIDE_SHARED,
    DUAL_STACK_GAP,
    LEAST_OVER_MOST,
    RANGE_MORE_MM,
    RANGE_MOST,
    STACK_ALIGNED,
    STACK_ALIKE,
    STACK_GAP,
    STACK_HEIGHT_LEAST_PT,
    STACK_OVERLAP,
    TOLERANCE_BEFORE,
    TOLERANCE_GAP,
    UNITS_STACK_GAP,
)

_INCH = re.compile(r"(?<![\d.,])(0?)\.\d{3,4}(?!\d)")
_NOTE = re.compile(r"\(.*[A-Za-z]{3}.*\)")
_TAIL = re.compile(r"0\d+")  # of a number that a line cut in two: none begins so
_THOUSANDTHS = re.compile(r"(?:\d{1,3}\s*[xX×]\s*)?\D*\d{3,4}(?![\d.,])")


def _below(a: Box, b: Box, turn: int) -> float | None:
    """How far b starts below a, in heights of a; None when they are not stacked."""
    s, e, t, u = frame(a, turn)
    s2, e2, t2, u2 = frame(b, turn)
    if overlap(s, e, s2, e2) < 0.5 or (t2 + u2) <= (t + u):
        return None
    return (t2 - u) / max(min(u - t, u2 - t2), STACK_HEIGHT_LEAST_PT)


def _aligned(a: Quantity, b: Quantity) -> bool:
    """Whether two numbers begin, end or stand in the middle at one place, as the limits of one dimension do."""
    (s, e, *_), (s2, e2, *_) = frame(a.box, a.turn), frame(b.box, b.turn)
    return min(abs(s - s2), abs(e - e2), abs(s + e - s2 - e2) / 2) < STACK_ALIGNED * max(a.size, b.size)


Apart = Callable[[Box, Box], bool]


def _never(_: Box, __: Box) -> bool:
    return False


def _right_below(top: Quantity, bottom: Quantity) -> bool:
    """Whether a number stands on the line under another one of its size."""
    gap = _below(top.box, bottom.box, top.turn) if top.turn == bottom.turn else None
    return gap is not None and -STACK_OVERLAP < gap < STACK_GAP and _alike(top, bottom)


def _alike(top: Quantity, bottom: Quantity) -> bool:
    """Whether two numbers are of one size; pixels tell that of equal words badly, and brackets are larger than their numbers."""
    blurred = min(top.confidence, bottom.confidence) < 1.0 and len(top.printed) == len(bottom.printed)
    return blurred or abs(bottom.size - top.size) < STACK_ALIKE * top.size or _same(top, bottom)


def _same(a: Quantity, b: Quantity) -> bool:
    """Whether one number is the other one in millimetres."""
    return same_length(a.target, b.target) or same_length(b.target, a.target)


def _pointed(inch: Quantity, mm: Quantity) -> Quantity:
    """The thousandths of an inch whose leading point the pixels lost, told by the millimetres they are stacked with."""
    if inch.confidence == 1.0 or not inch.value or not mm.value or not _THOUSANDTHS.match(inch.printed):
        return inch
    return replace(inch, value=inch.value / MILS) if same_length(mm.value, inch.value / MILS) else inch


def _stack(top: Quantity, bottom: Quantity, apart: Apart) -> Quantity | None:
    """Two numbers set over each other as one dimension: inch over mm, or two limits where `apart` does not part them."""
    top, bottom = _pointed(top, bottom), _pointed(bottom, top)
    if top.value is None or bottom.value is None:
        return _one_limit(top, bottom) or _both_limits(top, bottom)
    box = around([top.box, bottom.box])
    printed = f"{top.printed} / {bottom.printed}"
    count = top.count or bottom.count
    base = replace(top, box=box, printed=printed, count=count, confidence=min(top.confidence, bottom.confidence))
    bracket = bottom.printed.strip().startswith("[")
    if _same(top, bottom):
        mm = max(top, bottom, key=lambda q: q.value or 0.0)
        both = top.reference and bottom.reference  # brackets around one of them tell the other unit
        limit = top.limit or bottom.limit
        return replace(base, value=mm.value, low=mm.low, high=mm.high, limit=limit, mm=True, reference=both)
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
        or not _aligned(top, bottom)
        or apart(top.box, bottom.box)
    ):
        return None
    if bottom.value < top.value < RANGE_MOST * bottom.value + RANGE_MORE_MM or bottom.value == 0:
        return replace(base, value=None, low=bottom.value, high=top.value)
    if top.mm and bottom.mm and top.value < bottom.value < LEAST_OVER_MOST * top.value:
        return replace(base, value=None, low=top.value, high=bottom.value)  # least over most, their line between them
    return None


def _one_limit(top: Quantity, bottom: Quantity) -> Quantity | None:
    """Inches over millimetres, or the other way about, one of which names a limit: "0.315 Max" over "(8.0)"."""
    if any((q.low is not None) + (q.value is not None) + (q.high is not None) != 1 for q in (top, bottom)):
        return None
    limits = {q.limit for q in (top, bottom)} - {""}
    if len(limits) != 1 or not _same(top, bottom):
        return None
    limit, mm = limits.pop(), max(top.target, bottom.target)
    return replace(
        top, value=None if limit in ("MAX", "MIN") else mm, low=mm if limit == "MIN" else None,
        high=mm if limit == "MAX" else None, limit=limit, mm=True, reference=False, count=top.count or bottom.count,
        box=around([top.box, bottom.box]), printed=f"{top.printed} / {bottom.printed}",
        confidence=min(top.confidence, bottom.confidence),
    )  # fmt: skip


def _both_limits(top: Quantity, bottom: Quantity) -> Quantity | None:
    """Two limits in inches over the same in millimetres, or the other way about: "9.60 – 9.80" over "(.378 – .386)"."""
    inch, mm = sorted((top, bottom), key=lambda q: q.target)
    ends = (inch.low, inch.high, mm.low, mm.high)
    if any(v is None for v in ends) or (inch.value, mm.value) != (None, None):
        return None
    if not all(a is not None and b is not None and same_length(a, b) for a, b in zip(ends[2:], ends[:2], strict=True)):
        return None
    return replace(
        mm, mm=True, reference=False, count=top.count or bottom.count, limit=top.limit or bottom.limit,
        box=around([top.box, bottom.box]), printed=f"{top.printed} / {bottom.printed}",
        confidence=min(top.confidence, bottom.confidence),
    )  # fmt: skip


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
    tolerances = [(word, t) for word in loose if (t := _tolerance(word)) is not None]
    found = [_with_tolerance(q, tolerances) for q in found]
    found = _stacked(three_limits.joined(found, _right_below, apart), apart)
    return _diameters([_with_note(_with_count(q, loose), loose) for q in found])


def _diameters(found: list[Quantity]) -> list[Quantity]:
    """Inches of a drawing begin alike: where others have no zero before the point, pixels of one show a diameter's sign."""
    inches = [_INCH.search(q.printed) if q.mm else None for q in found]
    if not any(m and not m[1] for m in inches):
        return found
    signed = [m is not None and m[1] != "" and q.confidence < 1.0 for q, m in zip(found, inches, strict=True)]
    if 2 * sum(signed) > sum(m is not None for m in inches):  # figures of two hands: some of them print the zero
        return found
    return [replace(q, kind="diameter") if s and q.kind == "length" else q for q, s in zip(found, signed, strict=True)]


def _with_tolerance(q: Quantity, tolerances: list[tuple[Word, tuple[float, float]]]) -> Quantity:
    _, end, top, bottom = frame(q.box, q.turn)
    for word, tol in tolerances:
        if word.turn != q.turn or q.value is None or q.low is not None:
            continue
        start, _, top2, bottom2 = frame(word.box, word.turn)
        if (
            -TOLERANCE_BEFORE * q.size < start - end < TOLERANCE_GAP * q.size
            and overlap(top, bottom, top2, bottom2) > -TOLERANCE_BEFORE
        ):
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
            near = gap is not None and -STACK_OVERLAP < gap < _most_apart(q, found[j]) and _alike(q, found[j])
            joined = _stack(q, found[j], apart) if near else None
            if joined is not None:
                done.add(j)
                q = joined
                break
        done.add(i)
        result.append(q)
    return result


def _most_apart(top: Quantity, bottom: Quantity) -> float:
    """Heights between two numbers of one dimension: its line may run between both limits, or between inches and millimetres."""
    if _same(top, bottom):
        return UNITS_STACK_GAP
    return DUAL_STACK_GAP if top.mm and bottom.mm else STACK_GAP


def _with_note(q: Quantity, loose: list[Word]) -> Quantity:
    """The number with a remark in brackets on the line under it, which stands between it and its dimension line."""
    for word in loose:
        gap = _below(q.box, word.box, q.turn) if word.turn == q.turn and _NOTE.fullmatch(word.text.strip()) else None
        if gap is not None and -STACK_OVERLAP < gap < STACK_GAP:
            return replace(q, box=around([q.box, word.box]))
    return q


def _with_count(q: Quantity, loose: list[Word]) -> Quantity:
    """Counts and limit words printed beside, above or below the number instead of on its line."""
    start, end, top, bottom = frame(q.box, q.turn)
    for word in loose:
        if word.turn != q.turn:
            continue
        s, e, t, b = frame(word.box, word.turn)
        beside = overlap(top, bottom, t, b) > BESIDE_SHARED and (
            0 <= start - e < 1.0 * q.size or 0 <= s - end < 1.0 * q.size
        )
        stacked = overlap(start, end, s, e) > BESIDE_SHARED and (
            -STACK_OVERLAP < (t - bottom) / q.size < STACK_GAP or -STACK_OVERLAP < (top - b) / q.size < STACK_GAP
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
