"""Columns of what each chunk took: in order, each chunk once, small."""

from __future__ import annotations

import random

from worker.video.timings import ChunkTiming, Timings


def row(chunk: int, tokens: int = 3) -> ChunkTiming:
    return ChunkTiming(chunk, 0.0012, 0.1, 0.2, 0.30004, 0.7, tokens, 2900)


def test_chunks_come_out_in_order_whatever_order_they_came_in() -> None:
    timings = Timings()
    for chunk in random.Random(0).sample(range(1000), 1000):
        timings.add(row(chunk))
    columns = timings.columns()
    assert columns["chunk"] == list(range(1000))
    assert columns["reply_s"][0] == 0.3
    assert columns["decode_s"][0] == 0.0012
    assert columns["context_tokens"][0] == 2900


def test_a_chunk_watched_again_counts_as_it_was_the_last_time() -> None:
    timings = Timings()
    for chunk, tokens in ((0, 1), (1, 2), (2, 3), (1, 20), (2, 30)):
        timings.add(row(chunk, tokens))
    assert timings.columns()["tokens"] == [1, 20, 30]


def test_nothing_watched_is_empty_columns() -> None:
    assert set(Timings().columns()) == set(ChunkTiming._fields)
    assert not any(Timings().columns().values())
