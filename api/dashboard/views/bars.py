"""The histogram of jobs over time as rectangles: numbers only, the template draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from api.dashboard.views.formats import TONES
from db.jobs.overview import Bar

WIDTH, HEIGHT, GAP = 1000.0, 80.0, 0.22
LEAST_HEIGHT = 1.5  # of a piece, in units of the drawing
ORDER = ("good", "live", "wait", "warn", "quiet", "bad")  # from the ground up


@dataclass(frozen=True)
class BarPiece:
    tone: str
    y: float
    height: float


@dataclass(frozen=True)
class BarColumn:
    """One stretch of time; `since` and `until` stand in its link."""

    x: float
    width: float
    label: str
    since: str
    until: str
    pieces: tuple[BarPiece, ...]


@dataclass(frozen=True)
class Histogram:
    columns: tuple[BarColumn, ...]
    peak: int
    total: int
    first: str
    last: str


def histogram(bars: Sequence[Bar], step: timedelta) -> Histogram:
    """Stacked columns, the highest one as high as the picture."""
    peak = max((bar.total for bar in bars), default=0)
    width = WIDTH / max(len(bars), 1)
    columns = tuple(
        BarColumn(
            x=round(index * width + width * GAP / 2, 2),
            width=round(width * (1 - GAP), 2),
            label=_label(bar, step),
            since=bar.at.isoformat(),
            until=(bar.at + step).isoformat(),
            pieces=_pieces(bar, peak),
        )
        for index, bar in enumerate(bars)
    )
    form = "%d %b %H:%M" if step < timedelta(hours=12) else "%d %b"
    ends = [bar.at.strftime(form) for bar in (bars[0], bars[-1])] if bars else ["", ""]
    return Histogram(columns, peak, sum(bar.total for bar in bars), ends[0], ends[1])


def _pieces(bar: Bar, peak: int) -> tuple[BarPiece, ...]:
    counts = dict.fromkeys(ORDER, 0)
    for state, count in bar.states.items():
        counts[TONES[state]] += count
    pieces, top = [], HEIGHT
    for tone, count in counts.items():
        if count:
            # A single job beside thousands is still to be seen.
            height = max(count / peak * HEIGHT, LEAST_HEIGHT)
            top -= height
            pieces.append(BarPiece(tone, round(top, 2), round(height, 2)))
    return tuple(pieces)


def _label(bar: Bar, step: timedelta) -> str:
    parts = ", ".join(f"{count} {state.value}" for state, count in bar.states.items())
    return f"{bar.at:%d %b %H:%M} – {bar.at + step:%H:%M} UTC: {parts or 'no jobs'}"
