"""Cues: repeats merged, silence dropped, lengths bounded, restarts unseen; one pass or several segments, the same cues."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from db.documents.kinds.base import MediaInput
from db.documents.kinds.video import Cue, VideoCaptionParams
from worker.engine.protocol import Chunk, Reply
from worker.video.captions import CaptionTrack
from worker.video.cue_merge import Joiner, spans

CHUNK_MS = 2000
SAYINGS = st.lists(st.sampled_from(["", " ", "A dog runs.", "a dog  runs.", "A cat.", "\x00<b>\n\n"]), max_size=40)


def chunk(index: int) -> Chunk:
    return Chunk(index, index * CHUNK_MS, (index + 1) * CHUNK_MS, ())


def said(texts: list[str], max_ms: int = 30_000, restart_at: int | None = None) -> list[Cue]:
    track, cues = CaptionTrack(max_ms), []
    for index, text in enumerate(texts):
        if index == restart_at:
            track = CaptionTrack(max_ms, track.state())
        cues += track.add(chunk(index), Reply(text, tuple(range(len(text)))))
    return cues + track.close()


@given(SAYINGS, st.integers(500, 9000))
def test_cues_are_numbered_ordered_apart_and_bounded(texts: list[str], max_ms: int) -> None:
    cues = said(texts, max_ms)
    assert [cue.seq for cue in cues] == list(range(len(cues)))
    for cue in cues:
        assert 0 < cue.end_ms - cue.start_ms <= max(max_ms, 1)
        assert cue.text.strip()
    for before, after in pairwise(cues):
        assert before.end_ms <= after.start_ms
        assert before.chunk_last < after.chunk_first


@given(SAYINGS)
def test_no_spoken_chunk_is_lost_or_told_twice(texts: list[str]) -> None:
    covered = [k for cue in said(texts) for k in range(cue.chunk_first, cue.chunk_last + 1)]
    assert covered == [k for k, text in enumerate(texts) if text.strip(" \x00")]
    assert sum(cue.tokens for cue in said(texts)) == sum(len(texts[k]) for k in covered)


@given(SAYINGS, st.integers(0, 40))
def test_a_restart_changes_nothing(texts: list[str], restart_at: int) -> None:
    assert said(texts, restart_at=restart_at) == said(texts)


def test_repeats_become_one_cue_until_it_is_long_enough() -> None:
    cues = said(["A dog runs."] * 10, max_ms=8000)
    assert [(cue.start_ms, cue.end_ms) for cue in cues] == [(0, 8000), (8000, 16_000), (16_000, 20_000)]


def test_silence_parts_two_cues_of_one_text() -> None:
    assert len(said(["A cat.", "", "A cat."])) == 2


def params(segments: int, warmup_ms: int = 0) -> VideoCaptionParams:
    return VideoCaptionParams(
        video=MediaInput(asset_id="x"), mode="parallel", segments=segments, warmup_ms=warmup_ms, chunk_ms=CHUNK_MS
    )


@given(st.integers(1, 500_000), st.integers(1, 64), st.integers(0, 60_000))
def test_spans_cover_every_chunk_once(total_ms: int, segments: int, warmup_ms: int) -> None:
    cut = spans(params(segments, warmup_ms), total_ms)
    assert cut[0].first_chunk == 0
    assert cut[-1].end_chunk is None
    assert [span.end_chunk for span in cut[:-1]] == [span.first_chunk for span in cut[1:]]
    assert all(span.warm_chunk <= span.first_chunk for span in cut)


@given(SAYINGS, st.integers(1, 5), st.randoms(use_true_random=False), st.booleans())
def test_segments_joined_in_any_order_give_the_cues_of_one_pass(
    texts: list[str], segments: int, random: object, restart: bool
) -> None:
    """A caption that goes on over a seam is one cue, though two segments said it."""
    cut = spans(params(segments), max(1, len(texts)) * CHUNK_MS)
    queues = []
    for span in cut:
        track, steps = CaptionTrack(30_000), []
        own = texts[span.first_chunk : span.end_chunk]
        for index, text in enumerate(own, span.first_chunk):
            steps.append((track.add(chunk(index), Reply(text, tuple(range(len(text))))), False))
        queues.append([*steps, (track.close(), True)])
    joiner, cues = Joiner(len(cut), 30_000), []
    while any(queues):
        index = random.choice([k for k, queue in enumerate(queues) if queue])  # type: ignore[attr-defined]
        found, done = queues[index].pop(0)
        cues += joiner.add(index, found, done)
        if restart:
            joiner = Joiner(len(cut), 30_000, joiner.state())
    assert cues == said(texts)
    assert joiner.count == len(cues)
