"""What each chunk took: a row of numbers while it is watched, columns in the result, 32 bytes a chunk in between."""

from __future__ import annotations

from array import array
from threading import Lock
from typing import NamedTuple

import numpy as np


class ChunkTiming(NamedTuple):
    """One chunk that was answered. Its frames are decoded beside the model; `whole_s` is what its reply was waited for,
    turns of other streams included. `context_tokens` are those in the model's memory after it."""

    chunk: int
    decode_s: float
    vision_s: float
    prefill_s: float
    reply_s: float
    whole_s: float
    tokens: int
    context_tokens: int


WHOLE = frozenset({"chunk", "tokens", "context_tokens"})


class Timings:
    """The chunks of one attempt at a job, whatever order and thread they come in."""

    def __init__(self, most: int | None = None) -> None:
        """`most`: of how many chunks rows are kept at least, the newest; the others may be dropped."""
        self._rows = array("f")
        self._lock = Lock()
        self._most = None if most is None else 2 * most * len(ChunkTiming._fields)

    def add(self, row: ChunkTiming) -> None:
        """Note one chunk."""
        with self._lock:
            self._rows.extend(row)
            if self._most is not None and len(self._rows) > self._most:
                del self._rows[: self._most // 2]

    def columns(self) -> dict[str, list[float]]:
        """The rows in order of chunks, by column; where a chunk was watched again after a failure, the last time counts."""
        newest_first = np.array(self._rows, np.float64).reshape(-1, len(ChunkTiming._fields))[::-1]
        _, last = np.unique(newest_first[:, 0], return_index=True)
        return {
            name: [int(value) if name in WHOLE else round(float(value), 4) for value in column]
            for name, column in zip(ChunkTiming._fields, newest_first[last].T, strict=True)
        }
