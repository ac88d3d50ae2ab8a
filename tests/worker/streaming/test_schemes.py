"""Other ways to the same words, and the ablations: what they share with the engine and what they lose."""

from __future__ import annotations

from dataclasses import replace

import pytest

from db.documents.kinds.video import Window
from db.failures import Failure
from tests.bench.schemes import RotateAll, reprefill
from tests.worker.engines.models import ALL, OPTIONS, chunk, resident_of
from worker.engine.protocol import WatchOptions
from worker.engines.tiny import TinySize
from worker.errors import Permanent
from worker.streaming.context_window import Ablation
from worker.streaming.forward import Forward
from worker.streaming.hybrid import open_session

pytestmark = pytest.mark.slow

CHUNKS = 20
WIDE = replace(OPTIONS, window=Window(text_sink_tokens=900, text_window_tokens=900, vision_ms=60_000))
WORDY = replace(OPTIONS, window=Window(text_sink_tokens=100, text_window_tokens=100, vision_ms=2000))


@pytest.mark.parametrize("family", ALL)
def test_rotating_all_keys_at_every_token_says_the_same(family: str) -> None:
    """StreamingVLM's scheme, done exactly, is a second oracle; the engine only pays less for it."""
    said = []
    for forward in (Forward, RotateAll):
        loaded = resident_of(family, TinySize(), forward)
        session = open_session(loaded, OPTIONS)
        said.append([session.feed(chunk(index)).token_ids for index in range(CHUNKS)])
        loaded.batcher.close()
    assert said[0] == said[1]


@pytest.mark.parametrize("family", ALL)
def test_prefilling_everything_again_says_the_same_while_nothing_is_forgotten(family: str) -> None:
    loaded = resident_of(family, TinySize(), Forward)
    session = open_session(loaded, WIDE)
    past = []
    for index in range(6):
        ids = session.feed(chunk(index)).token_ids
        assert reprefill(loaded, WIDE, past, chunk(index)).ids == ids
        past.append((chunk(index), ids))
    loaded.batcher.close()


@pytest.mark.parametrize("options", [OPTIONS, WORDY])
def test_full_attention_remembers_everything_and_grows(options: WatchOptions) -> None:
    loaded = resident_of("qwen3_vl", TinySize(), Forward)
    full, wide = open_session(loaded, options, ablation=Ablation.FULL), open_session(loaded, WIDE)
    before = full.cache.nbytes
    assert [full.feed(chunk(index)).token_ids for index in range(12)] == [
        wide.feed(chunk(index)).token_ids for index in range(12)
    ]
    loaded.batcher.close()
    assert full.cache.nbytes > before


def test_full_attention_ends_with_the_context() -> None:
    loaded = resident_of("qwen3_vl", TinySize(context_tokens=1024), Forward)
    session = open_session(loaded, OPTIONS, ablation=Ablation.FULL)
    with pytest.raises(Permanent) as failed:
        [session.feed(chunk(index)) for index in range(100)]
    loaded.batcher.close()
    assert failed.value.code is Failure.CONTEXT_TOO_SMALL


def test_more_frames_than_promised_are_refused_not_squeezed_in() -> None:
    loaded = resident_of("qwen3_vl", TinySize(), Forward)
    session = open_session(loaded, OPTIONS)
    with pytest.raises(Permanent) as failed:
        session.feed(chunk(0, frames=100))
    loaded.batcher.close()
    assert failed.value.code is Failure.CONTEXT_TOO_SMALL


@pytest.mark.parametrize(("width_px", "height_px"), [(50, 31), (480, 320), (1, 1), (7, 900)])
def test_frames_of_any_other_size_are_resized(width_px: int, height_px: int) -> None:
    """A stream whose pictures change size in the middle goes on, within its budget."""
    loaded = resident_of("qwen3_vl", TinySize(), Forward)
    session = open_session(loaded, OPTIONS)
    session.feed(chunk(0))
    for index in (1, 2, 3):
        session.feed(chunk(index, width_px=width_px, height_px=height_px))
    loaded.batcher.close()
    assert session.cache.slots.used <= session.cache.slots.capacity
