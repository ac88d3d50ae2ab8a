"""Dimension lines that short dimensions on the same line part into pieces: the number of the whole line measures all of them."""

from __future__ import annotations

from dataclasses import replace

from worker.datasheet.drawing import scale
from worker.datasheet.drawing.dimensions import DimensionReading, DimensionSpan
from worker.datasheet.drawing.scale import Scale
from worker.datasheet.thresholds.land import JOINED_FITS, JOINED_PT, LAND_MISFIT


def joined(readings: list[DimensionReading], found: Scale) -> list[DimensionReading]:
    """The readings, each of a number that its span does not fit with that of the whole line where this fits it."""
    spans = list({id(r.span): r.span for r in readings}.values())
    return [_whole(r, spans, found) if scale.misfit(r, found) > LAND_MISFIT else r for r in readings]


def _whole(reading: DimensionReading, spans: list[DimensionSpan], found: Scale) -> DimensionReading:
    own = _chain(reading.span, spans)
    ends = [(low.start, high.end) for i, low in enumerate(own) for high in own[i + 1 :]]
    for start, end in ends:
        longer = replace(reading, span=replace(reading.span, start=start, end=end))
        if start <= reading.span.start and end >= reading.span.end and scale.misfit(longer, found) < JOINED_FITS:
            return longer
    return reading


def _chain(span: DimensionSpan, spans: list[DimensionSpan]) -> list[DimensionSpan]:
    """The spans of one line that follow each other without a gap, from low to high."""
    line = [s for s in spans if s.axis == span.axis and abs(s.at - span.at) < JOINED_PT]
    found = [span]
    for other in sorted(line, key=lambda s: s.start):
        if abs(other.start - found[-1].end) < JOINED_PT:
            found.append(other)
    for other in sorted(line, key=lambda s: -s.end):
        if abs(other.end - found[0].start) < JOINED_PT:
            found.insert(0, other)
    return found
