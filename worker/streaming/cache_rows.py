"""Cache rows: which row of a preallocated buffer holds which token, always packed into the first rows.

Attention does not care about the order of keys, so a hole left by a dropped span is filled with rows from the end.
Used rows are then `[0, used)`: no attention mask for holes, no fragmentation, no growth.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


class CacheRowsFull(Exception):
    """More tokens than the buffer has rows."""


class CacheRows:
    """Rows by span key."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.used = 0
        self._rows: dict[int, list[int]] = {}

    def append(self, key: int, tokens: int) -> int:
        """Give the next `tokens` rows to a span (new or growing) and return the first of them.

        Raises CacheRowsFull beyond the capacity.
        """
        first = self.used
        if first + tokens > self.capacity:
            raise CacheRowsFull(f"{first + tokens} rows needed, {self.capacity} there")
        self._rows.setdefault(key, []).extend(range(first, first + tokens))
        self.used += tokens
        return first

    def rows(self, keys: Iterable[int]) -> Rows:
        """Rows of some spans, in the order of the spans and of their tokens."""
        return np.array([row for key in keys for row in self._rows.get(key, ())], dtype=np.int64)

    def drop(self, keys: Iterable[int]) -> tuple[Rows, Rows]:
        """Free the rows of some spans; returns (sources, targets): what must be copied where to stay packed."""
        freed = {row for key in keys for row in self._rows.pop(key, ())}
        used = self.used - len(freed)
        targets = sorted(row for row in freed if row < used)
        sources = [row for row in range(used, self.used) if row not in freed]
        new_row = dict(zip(sources, targets, strict=True))
        if new_row:
            for key, rows in self._rows.items():
                self._rows[key] = [new_row.get(row, row) for row in rows]
        self.used = used
        return np.array(sources, dtype=np.int64), np.array(targets, dtype=np.int64)
