"""Streams on an export compute what they should: T2, T3, T4 and T6 of the test ladder, beside the same oracle as torch."""

from __future__ import annotations

import statistics
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from tests.worker.engines.exports import EXPORTED, WHOLE, export_folder, recording_export
from tests.worker.engines.models import OPTIONS, chunk, stock_model
from tests.worker.streaming.oracle import Oracle, Past, turned
from tests.worker.streaming.test_exactness import BIG_WINDOW, CLOSE, follow, irregular_chunks
from worker.engine.protocol import WatchOptions
from worker.engines.loading import normalisation
from worker.engines.onnx.manifest import KV_SCALES
from worker.export.plan import ExportOptions
from worker.streaming.budget import window_limits
from worker.streaming.context_window import Ablation
from worker.streaming.session import StreamSession

INT8_CACHE = replace(WHOLE, kv="int8")
INT8_CLOSE = 0.05


def marks(loaded: Any) -> int:
    return len(loaded.prompt_builder.reply_start) + len(loaded.prompt_builder.reply_end)


def beside_oracle(
    family: str,
    chunks: list[Any],
    options: WatchOptions,
    ablation: Ablation = Ablation.NONE,
    export: ExportOptions = WHOLE,
) -> tuple[float, int, StreamSession, Oracle]:
    """(largest difference of any logit, silent replies, the session, the oracle)."""
    loaded, forward = recording_export(family, export)
    session = StreamSession(loaded, options, ablation=ablation)
    oracle = Oracle(stock_model(family))
    normalise = normalisation(loaded.geometry, torch.device("cpu"))
    history: list[Past] = []
    errors, silent = [], 0
    for shown in chunks:
        forward.notes.clear()
        reply = session.feed(shown)
        evicted = False
        for pieces, logits in forward.notes:
            if not evicted and any(piece.span.chunk == shown.index for piece in pieces):
                oracle.evict(history, shown.end_ms, options.window, window_limits(options).window_chunks)
                evicted = True
            expected = follow(oracle, pieces, normalise, int(oracle.model.config.video_token_id))
            errors.append(float(np.abs(logits - expected.numpy()).max()))
        history.append(Past(shown.index, shown.end_ms, marks(loaded) + len(reply.token_ids), not reply.token_ids))
        silent += not reply.token_ids
    loaded.batcher.close()
    return max(errors), silent, session, oracle


def usual_silence(family: str, chunks: list[Any], options: WatchOptions) -> float:
    """The median probability of silence of a random model in a stream that never is silent: as threshold it makes about
    half of the replies silent."""
    loaded, _ = recording_export(family)
    session = StreamSession(loaded, options)
    found = [session.feed(shown).silence_probability or 0 for shown in chunks]
    loaded.batcher.close()
    return statistics.median(found)


@pytest.mark.parametrize("family", EXPORTED)
def test_before_any_eviction_it_is_the_whole_sequence_at_once(family: str) -> None:
    """T2: nothing is forgotten in a large window, and every logit is that of one pass over all tokens."""
    options = replace(OPTIONS, window=BIG_WINDOW)
    error, _, _, _ = beside_oracle(family, [chunk(index) for index in range(4)], options)
    assert error < CLOSE


@pytest.mark.parametrize("family", EXPORTED)
def test_after_evictions_it_is_the_oracle_at_every_token(family: str) -> None:
    """T3: 25 chunks of random boundaries, silence included; every logit equals the slow way's."""
    chunks, options = list(irregular_chunks(25, seed=7)), replace(OPTIONS, max_tokens_per_chunk=5)
    options = replace(options, silence_threshold=usual_silence(family, chunks, options))
    error, silent, session, _ = beside_oracle(family, chunks, options)
    assert error < CLOSE
    assert 0 < silent < 25, "both silence and speech were met"
    assert session.context.spans[0].start > 0, "the prefix had to move"


def test_gaps_in_the_positions_would_be_seen() -> None:
    """The test above has power: without re-positioning the logits are far off."""
    error, _, _, _ = beside_oracle("qwen3_vl", list(irregular_chunks(16, seed=7)), OPTIONS, Ablation.GAPS)
    assert error > 100 * CLOSE


@pytest.mark.parametrize("family", EXPORTED)
def test_position_four_million_is_position_zero(family: str) -> None:
    """T4: a stream that has run for weeks says the same, with the same logits."""
    runs = []
    for first_position in (0, 4_000_000):
        loaded, forward = recording_export(family)
        session = StreamSession(loaded, OPTIONS, first_position=first_position)
        for index in range(8):
            session.feed(chunk(index))
        loaded.batcher.close()
        runs.append(np.stack([logits for _, logits in forward.notes]))
    assert np.abs(runs[0] - runs[1]).max() < CLOSE


def first_layer(session: StreamSession, oracle: Oracle) -> list[tuple[Any, Any]]:
    """(as kept, as computed anew) of the first layer's keys and of its values, (heads, tokens, head_dim)."""
    rows = session.cache.slots.rows([span.key for span in session.context.spans])
    first = session.context.spans[0].start
    assert first > 0
    cos, sin = oracle.text.rotary_emb(torch.zeros(1), oracle.positions()[:, None] + first)
    keys, values = oracle.keys[0], oracle.values[0]
    assert keys is not None
    assert values is not None
    kept = (session.cache.keys[0, 0][:, rows], session.cache.values[0, 0][:, rows])
    anew = (turned(keys.transpose(0, 1), cos[0], sin[0]), values.transpose(0, 1))
    return [(ours, theirs.numpy()) for ours, theirs in zip(kept, anew, strict=True)]


@pytest.mark.parametrize("family", EXPORTED)
def test_first_layer_keys_and_values_are_a_full_recompute(family: str) -> None:
    """T6: layer 0 does not depend on attention, so its cache equals the oracle's after any eviction."""
    _, _, session, oracle = beside_oracle(family, [chunk(index) for index in range(10)], OPTIONS)
    for kept, anew in first_layer(session, oracle):
        assert np.abs(kept - anew).max() < CLOSE


@pytest.mark.parametrize("family", EXPORTED)
def test_int8_keys_and_values_are_the_nearest_steps_of_a_full_recompute(family: str) -> None:
    """T6 with int8 keys and values: what was moved too is the nearest step of its channel, and logits stay near."""
    chunks = [chunk(index) for index in range(10)]
    error, _, session, oracle = beside_oracle(family, chunks, OPTIONS, export=INT8_CACHE)
    steps = np.load(export_folder(family, INT8_CACHE) / KV_SCALES)[:, 0, :, None]
    for (kept, anew), step in zip(first_layer(session, oracle), steps, strict=True):
        inside = np.abs(anew) < 127 * step
        assert inside.mean() > 0.99
        assert (np.abs(kept * step - anew) <= step / 2 + CLOSE)[inside].all()
    assert error < INT8_CLOSE
