"""Slots stay packed, and every token keeps its content wherever it is copied."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.streaming.cache_rows import CacheRows, CacheRowsFull

CAPACITY = 64
actions = st.lists(
    st.tuples(st.just("append"), st.integers(0, 9), st.integers(1, 12))
    | st.tuples(st.just("drop"), st.sets(st.integers(0, 9), max_size=5), st.just(0)),
    max_size=40,
)


@given(actions)
def test_rows_hold_what_was_written_whatever_is_dropped(steps: list) -> None:
    slots, buffer = CacheRows(CAPACITY), np.full(CAPACITY, -1)
    expected: dict[int, list[int]] = {}
    written = 0
    for kind, what, tokens in steps:
        if kind == "append" and slots.used + tokens <= CAPACITY:
            first = slots.append(what, tokens)
            buffer[first : first + tokens] = range(written, written + tokens)
            expected.setdefault(what, []).extend(range(written, written + tokens))
            written += tokens
        elif kind == "drop":
            sources, targets = slots.drop(what)
            buffer[targets] = buffer[sources]
            for key in what:
                expected.pop(key, None)
        assert slots.used == sum(map(len, expected.values()))
        for key, content in expected.items():
            rows = slots.rows([key])
            assert buffer[rows].tolist() == content
            assert rows.max() < slots.used


def test_a_full_buffer_says_so() -> None:
    slots = CacheRows(3)
    slots.append(0, 2)
    with pytest.raises(CacheRowsFull):
        slots.append(1, 2)
