"""Positions: contiguous after every eviction, with the newest span where it was and the older ones moved up to it.

RoPE is relative, so only differences of positions matter. Moving the small prefix forward instead of the large
visual suffix back leaves visual keys untouched for their whole life; the price is that positions grow without bound,
which is why angles are computed in float64.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from worker.streaming.spans import TokenSpan


def close_gaps(kept: Sequence[TokenSpan], end: int) -> list[TokenSpan]:
    """The same spans without gaps between them, the last one ending at `end`, where the next token will be."""
    placed: list[TokenSpan] = []
    for span in reversed(kept):
        end -= span.advance
        placed.append(span if span.start == end else replace(span, start=end))
    return placed[::-1]


def moved(before: Sequence[TokenSpan], after: Sequence[TokenSpan]) -> list[TokenSpan]:
    """The spans of `after` whose start differs from the one of the same key in `before`."""
    starts = {span.key: span.start for span in before}
    return [span for span in after if starts[span.key] != span.start]


def axes(span: TokenSpan) -> NDArray[np.int64]:
    """Positions of a span's tokens on the (time, height, width) axes, shape (3, tokens)."""
    if span.grid is None:
        return np.broadcast_to(np.arange(span.start, span.end, dtype=np.int64), (3, span.tokens))
    rows, columns = span.grid
    height, width = np.divmod(np.arange(rows * columns, dtype=np.int64), columns)
    return np.stack([np.zeros_like(height), height, width]) + span.start


def all_axes(spans: Iterable[TokenSpan]) -> NDArray[np.int64]:
    """Positions of all tokens of some spans in their order, shape (3, tokens)."""
    return np.concatenate([axes(span) for span in spans], axis=1)
