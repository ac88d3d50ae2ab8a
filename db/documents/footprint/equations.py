"""Equations that printed numbers must keep among themselves, between both drawings, and with the pads that were read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from db.documents.footprint.courtyard import copper, nominal
from db.documents.kinds.datasheet import DatasheetResult, Dimension, Equation, LandPattern, Pad, Value

SLACK_MM = 0.02
ROUNDED_MM = 0.05  # where every value of an outline is rounded by itself
LEAST_ROW = 1.5  # pitches: a shorter distance is no row of pads
ALIKE_PITCH = 0.3  # of the pitch: steps further off are of another row
BODY_SHARE = 0.4  # of a whole over the leads, at least
NEAR_MM = 0.01  # two lines of the solved pattern that are one
APART = frozenset({"via", "paste", "stencil", "optional"})
PADS = "land_pattern.pads"
WITHIN = {("high", "low"): 0, ("centre", "centre"): 1, ("low", "high"): 2}  # ends of a gap, of centres, of an extent
WORDS = ("gap", "centres", "extent")


@dataclass(frozen=True, slots=True)
class Number:
    """A number or a range in millimetres, and where the result holds it."""

    low: float
    high: float
    path: str

    @classmethod
    def of(cls, value: Value, path: str) -> Number | None:
        """A value with its limits; None for one that states no number."""
        n = nominal(value)
        if n is None:
            return None
        return cls(value.min if value.min is not None else n, value.max if value.max is not None else n, path)

    @property
    def middle(self) -> float:
        """Of the range, in millimetres."""
        return (self.low + self.high) / 2


@dataclass(frozen=True, slots=True)
class Stretch:
    """A printed distance and the lines of pads it runs between, as they were solved."""

    axis: str
    low: float
    high: float
    number: Number
    ends: tuple[str, str]
    first: Pad
    one_pad: bool

    @property
    def length(self) -> float:
        """In millimetres, as solved."""
        return self.high - self.low


Terms = list[tuple[int, Number]]


def of(result: DatasheetResult) -> list[Equation]:
    """Every equation that the values of a result allow, once, those of the land pattern first."""
    found = [*_outline(result)]
    land = result.land_pattern
    if land is not None and land.pads:
        stretches = [s for i, d in enumerate(land.dimensions) if (s := _stretch(land, i, d)) is not None]
        found = [*_sums(land, stretches), *_rows(land), *_kept(stretches), *_pitches(result, land), *found]
    return list({e.text: e for e in found}.values())


def _equation(name: str, terms: Terms, right: Number, words: str, slack: float = SLACK_MM) -> Equation:
    low, high = (sum(times * n for times, n in pairs) for pairs in _limits(terms))
    apart = max(low - right.high, right.low - high, 0.0)
    left = " + ".join(
        f"{_millimetres(n.middle)} * {times}" if times > 1 else _millimetres(n.middle) for times, n in terms
    )
    return Equation(
        name=name,
        text=f"{left} = {_millimetres(right.middle)} ({words})",
        left=round((low + high) / 2, 4),
        right=round(right.middle, 4),
        off_mm=round(apart, 4),
        held=apart <= slack + 1e-9,
        values=list(dict.fromkeys([n.path for _, n in terms] + [right.path])),
    )


def _limits(terms: Terms) -> tuple[list[tuple[int, float]], list[tuple[int, float]]]:
    return [(times, n.low) for times, n in terms], [(times, n.high) for times, n in terms]


def _millimetres(mm: float) -> str:
    return f"{mm:.4f}".rstrip("0").rstrip(".")


# --- the land pattern: printed numbers against each other and against the pads ------------------------------------


def _stretch(land: LandPattern, index: int, dimension: Dimension) -> Stretch | None:
    n = nominal(dimension.value)
    if dimension.axis is None or dimension.ends is None or n is None:
        return None
    first, last = dimension.ends
    if max(first.pad, last.pad) >= len(land.pads):
        return None
    low, high = (_line(land.pads[end.pad], dimension.axis, end.at) for end in (first, last))
    if low is None or high is None or high <= low:
        return None
    number = Number(n, n, f"land_pattern.dimensions[{index}]")
    return Stretch(
        dimension.axis, low, high, number, (first.at, last.at), land.pads[first.pad], first.pad == last.pad
    )  # fmt: skip


def _line(pad: Pad, axis: str, at: str) -> float | None:
    if at == "centre":
        return pad.x if axis == "x" else pad.y
    area = copper(pad)
    if area is None:
        return None
    low, high = (area.x0, area.x1) if axis == "x" else (area.y0, area.y1)
    return low if at == "low" else high


def _kept(stretches: list[Stretch]) -> Iterator[Equation]:
    """Every printed distance is that of the pads."""
    for s in stretches:
        pads = Number(s.length, s.length, PADS)
        what = "size of a pad" if s.one_pad else f"{WORDS[WITHIN[s.ends]]} of pads" if s.ends in WITHIN else "pads"
        yield _equation("printed_distance", [(1, s.number)], pads, f"printed, {what} along {s.axis}")


def _sums(land: LandPattern, stretches: list[Stretch]) -> Iterator[Equation]:
    pads = [p for p in land.pads if p.role not in APART]
    sizes = [s for s in stretches if s.one_pad and s.ends == ("low", "high")]
    for axis in ("x", "y"):
        own = [s for s in stretches if s.axis == axis and not s.one_pad]
        yield from _nested(own, sizes)
        yield from _chained(own)
        for pitch in (s for s in own if s.ends == ("centre", "centre")):
            for whole in own:
                yield from _row(pitch, whole, sizes, pads)


def _nested(own: list[Stretch], sizes: list[Stretch]) -> Iterator[Equation]:
    """Gap + pad = centres, centres + pad = extent, gap + 2 pads = extent, of the same two pads."""
    ranked = [(WITHIN[s.ends], s) for s in own if s.ends in WITHIN]
    for less, inner in ranked:
        for more, outer in ranked:
            if more <= less or abs(inner.low + inner.high - outer.low - outer.high) > 2 * NEAR_MM:
                continue
            times = more - less
            pad = next((s for s in sizes if _is_size(s, outer.first, outer.axis)), None)
            if pad is not None and abs(inner.length + times * pad.length - outer.length) < NEAR_MM:
                words = f"{WORDS[less]} + {'pad' if times == 1 else 'pads'} = {WORDS[more]} along {outer.axis}"
                name = f"{WORDS[less]}_and_pad"
                yield _equation(name, [(1, inner.number), (times, pad.number)], outer.number, words)


def _chained(own: list[Stretch]) -> Iterator[Equation]:
    """Two printed distances, one after the other, and the one over both."""
    for a in own:
        for b in (s for s in own if abs(s.low - a.high) < NEAR_MM):
            for whole in (s for s in own if abs(s.low - a.low) < NEAR_MM and abs(s.high - b.high) < NEAR_MM):
                words = f"one distance after the other along {a.axis}"
                yield _equation("chain", [(1, a.number), (1, b.number)], whole.number, words)


def _row(pitch: Stretch, whole: Stretch, sizes: list[Stretch], pads: list[Pad]) -> Iterator[Equation]:
    """pitch * (n - 1) = row of centres, and with a pad the extent of the row."""
    if whole.ends not in (("centre", "centre"), ("low", "high")) or whole.length < LEAST_ROW * pitch.length:
        return
    centres = sorted(_centres(whole, pads))
    steps = [b - a for a, b in pairwise(centres)]
    if len(steps) < 2 or max(abs(step - pitch.length) for step in steps) > NEAR_MM:
        return
    row, n = pitch.axis, len(centres)
    if whole.ends == ("centre", "centre"):
        words = f"pitch of {n} pads, centres along {row}"
        yield _equation("pitch_row", [(n - 1, pitch.number)], whole.number, words)
    elif (pad := next((s for s in sizes if _is_size(s, whole.first, row)), None)) is not None:
        words = f"pitch of {n} pads + pad = extent along {row}"
        yield _equation("pitch_extent", [(n - 1, pitch.number), (1, pad.number)], whole.number, words)


def _centres(whole: Stretch, pads: list[Pad]) -> set[float]:
    """Along the axis, of the pads in line with the first one."""
    across = "y" if whole.axis == "x" else "x"
    line = [p for p in pads if abs(getattr(p, across) - getattr(whole.first, across)) < NEAR_MM]
    at = [getattr(p, whole.axis) for p in line]
    return {v for v in at if whole.low - NEAR_MM <= v <= whole.high + NEAR_MM}


def _is_size(size: Stretch, pad: Pad, axis: str) -> bool:
    """Whether a printed pad size is that of another pad along an axis: an equal pad, or an equal one turned."""
    ours, theirs = copper(size.first), copper(pad)
    if ours is None or theirs is None:
        return False
    a, b = (ours.x1 - ours.x0, ours.y1 - ours.y0), (theirs.x1 - theirs.x0, theirs.y1 - theirs.y0)
    a, b = (a if size.axis == "x" else a[::-1]), (b if axis == "x" else b[::-1])
    return max(abs(u - v) for u, v in zip(a, b, strict=True)) < NEAR_MM


def _rows(land: LandPattern) -> Iterator[Equation]:
    """pitch * (n - 1) = length of every evenly spaced row of pads."""
    pitch = Number.of(land.pitch, "land_pattern.pitch")
    if pitch is None:
        return
    for axis, row in _lanes(land):
        gaps = [b - a for a, b in pairwise(row)]
        length = row[-1] - row[0]
        if (
            len(row) >= 3
            and max(gaps) - min(gaps) < SLACK_MM
            and abs(gaps[0] - pitch.middle) < ALIKE_PITCH * pitch.middle
        ):
            words = f"pitch of a row of {len(row)} pads along {axis}"
            yield _equation("pitch_row_of_pads", [(len(row) - 1, pitch)], Number(length, length, PADS), words)


def _lanes(land: LandPattern) -> Iterator[tuple[str, list[float]]]:
    """Centres of the signal pads that stand in line, along each axis, in order."""
    signal = [p for p in land.pads if p.role == "signal"]
    for axis, across in (("x", "y"), ("y", "x")):
        lanes: dict[float, list[float]] = {}
        for pad in signal:
            lanes.setdefault(round(getattr(pad, across), 2), []).append(getattr(pad, axis))
        yield from ((axis, sorted(row)) for row in lanes.values() if len(row) > 1)


def _pitches(result: DatasheetResult, land: LandPattern) -> Iterator[Equation]:
    """The pitch of the leads against the steps of the pads: both drawings are of one part."""
    pitch = Number.of(result.terminals.pitch, "terminals.pitch")
    if pitch is None or pitch.middle <= 0:
        return
    steps = [(b - a, axis) for axis, row in _lanes(land) for a, b in pairwise(row) if b - a > NEAR_MM]
    if not steps:
        return
    step, axis = min(steps)
    times = max(1, round(step / pitch.middle))
    words = f"pitch of the leads, nearest pads along {axis}"
    yield _equation("pitch_of_both_drawings", [(times, pitch)], Number(step, step, PADS), words)


# --- the outline: rows of its table ---------------------------------------------------------------------------------

_LETTERS = (  # name, the part, what is added how often, the whole, another letter that must be there too
    ("leads_and_body", "E1", "L1", 2, "E", "A"),
    ("leads_and_body", "D1", "L1", 2, "D", "E1"),
    ("leads_and_body", "E", "L", 2, "HE", "Lp"),
    ("standoff_and_body", "A2", "A1", 1, "A", "E"),
)


def _outline(result: DatasheetResult) -> Iterator[Equation]:
    """Sums of rows by JEDEC's letters, and halves; a sum holds when the ranges of both sides meet."""
    rows = _by_letter(result)
    for name, part, added, times, whole, also in _LETTERS:
        if {part, added, whole, also} <= rows.keys() and BODY_SHARE * rows[whole].middle < rows[part].middle < rows[
            whole
        ].high:
            words = f"{part} + {f'{times} ' if times > 1 else ''}{added} = {whole}"
            yield _equation(name, [(1, rows[part]), (times, rows[added])], rows[whole], words, ROUNDED_MM)
    for letter in rows:
        if letter.endswith("/2") and letter[:-2] in rows:
            words = f"twice {letter} = {letter[:-2]}"
            yield _equation("half", [(2, rows[letter])], rows[letter[:-2]], words, ROUNDED_MM)


def _by_letter(result: DatasheetResult) -> dict[str, Number]:
    """The dimension table by symbol; for a side of the body the value that stands there, which a person may have corrected."""
    body = {v.symbol: (v, f"body.{n}") for n in ("length", "width", "height") if (v := getattr(result.body, n)).symbol}
    rows: dict[str, Number] = {}
    for i, dimension in enumerate(result.dimensions):
        symbol = dimension.value.symbol
        if symbol and symbol not in rows:
            value, path = body.get(symbol, (dimension.value, f"dimensions[{i}].value"))
            if (number := Number.of(value, path)) is not None:
                rows[symbol] = number
    return rows
