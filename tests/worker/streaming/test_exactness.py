"""The engine computes what it should: T2, T3, T4 and T6 of the test ladder, for every family."""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from db.documents.kinds.video import Window
from tests.worker.engines.models import ALL, HYBRIDS, OPTIONS, chunk, frame, recording_resident, stock_model
from tests.worker.streaming.oracle import Oracle, Past, Token, turned
from worker.engine.protocol import Chunk, WatchOptions
from worker.families.base import ImageSlot
from worker.families.geometry import groups
from worker.streaming.budget import window_limits
from worker.streaming.context_window import Ablation
from worker.streaming.hybrid import open_session
from worker.streaming.runtime.protocol import ImageInput, PromptSegment
from worker.streaming.session import StreamSession

pytestmark = pytest.mark.slow

CLOSE = 1e-4
EXACT = dict.fromkeys(("qwen3_vl_moe", *HYBRIDS), torch.float64)  # float32 may send a token to another expert
BIG_WINDOW = Window(text_sink_tokens=2000, text_window_tokens=2000, vision_ms=60_000)


def follow(oracle: Oracle, pieces: list[PromptSegment], normalise: Any, video_token: int) -> torch.Tensor:
    """Show the oracle what the engine was shown; logits after the last token."""
    tokens: list[Token] = []
    pixels: list[np.ndarray] = []
    for piece in pieces:
        role, index = str(piece.span.role), piece.span.chunk
        if isinstance(piece.content, ImageInput):
            pixels.append(piece.content.patches)
            visual = [Token(video_token, True, role, index, (1, *piece.content.grid))]
            tokens += visual + [replace(visual[0], grid=None)] * (piece.span.tokens - 1)
        else:
            tokens += [Token(token, False, role, index) for token in piece.content]
    seen = torch.from_numpy(np.concatenate(pixels)).float() if pixels else None
    dtype = oracle.model.dtype
    return oracle.feed(tokens, None if seen is None else (seen * normalise.scale + normalise.shift).to(dtype))[-1]


def worst(got: torch.Tensor, expected: torch.Tensor) -> float:
    return float((got - expected).abs().max())


def irregular_chunks(count: int, seed: int) -> Iterator[Chunk]:
    """Chunks of random length, with one to four frames of random times."""
    dice, now_ms = random.Random(seed), 0
    for index in range(count):
        length_ms = dice.choice([500, 1000, 1500, 2000])
        times = sorted(dice.sample(range(now_ms, now_ms + length_ms, 50), dice.randint(1, 4)))
        yield Chunk(index, now_ms, now_ms + length_ms, tuple(frame(t) for t in times))
        now_ms += length_ms


@pytest.mark.parametrize("family", ALL)
def test_before_any_eviction_it_is_one_forward_pass_of_transformers(family: str) -> None:
    """T2: every logit of a chunk-by-chunk run equals the stock model's on the whole sequence at once."""
    loaded, forward = recording_resident(family)
    session = open_session(loaded, replace(OPTIONS, window=BIG_WINDOW))
    for index in range(8):
        session.feed(chunk(index))
    loaded.batcher.close()
    ids, types, grids, pixels, ends = [], [], [], [], []
    model = stock_model(family)
    for pieces, _ in forward.notes:
        for piece in pieces:
            if isinstance(piece.content, ImageInput):
                ids += [model.config.video_token_id] * piece.span.tokens
                grids.append((1, *piece.content.grid))
                pixels.append(piece.content.patches)
            else:
                ids += piece.content
            types += [2 * isinstance(piece.content, ImageInput)] * piece.span.tokens
        ends.append(len(ids) - 1)
    seen = (
        torch.from_numpy(np.concatenate(pixels)).float() * forward._normalisation.scale + forward._normalisation.shift
    )
    with torch.no_grad():
        expected = model(
            input_ids=torch.tensor([ids]),
            pixel_values_videos=seen,
            video_grid_thw=torch.tensor(grids),
            mm_token_type_ids=torch.tensor([types]),
        ).logits[0, ends]
    assert len(ends) > 40
    assert worst(torch.stack([logits for _, logits in forward.notes]), expected) < CLOSE


def usual_silence(loaded: Any) -> float:
    """The median probability of silence of a random model: as threshold it makes half of the replies silent."""
    session = open_session(loaded, OPTIONS)
    return statistics.median(session.feed(shown).silence_probability or 0 for shown in irregular_chunks(30, seed=1))


def run_beside_oracle(
    family: str, chunks: int, ablation: Ablation = Ablation.NONE, window: Window = OPTIONS.window
) -> tuple[float, int, StreamSession]:
    """(largest difference of any logit, silent replies, the session)."""
    loaded, forward = recording_resident(family)
    options = replace(OPTIONS, window=window, silence_threshold=usual_silence(loaded), max_tokens_per_chunk=5)
    session = open_session(loaded, options, ablation=ablation)
    oracle = Oracle(stock_model(family, dtype=EXACT.get(family, torch.float32)))
    history: list[Past] = []
    errors, silent = [], 0
    for shown in irregular_chunks(chunks, seed=7):
        forward.notes.clear()
        reply = session.feed(shown)
        evicted = False
        for pieces, logits in forward.notes:
            if not evicted and any(piece.span.chunk == shown.index for piece in pieces):
                oracle.evict(history, shown.end_ms, options.window, window_limits(options).window_chunks)
                evicted = True
            errors.append(worst(logits, follow(oracle, pieces, forward._normalisation, resident_video_token(oracle))))
        marks = len(loaded.prompt_builder.reply_start) + len(loaded.prompt_builder.reply_end)
        history.append(Past(shown.index, shown.end_ms, marks + len(reply.token_ids), not reply.token_ids))
        silent += not reply.token_ids
        assert session.cache.slots.used <= session.cache.slots.capacity
    loaded.batcher.close()
    return max(errors), silent, session


@pytest.mark.parametrize("family", ALL)
def test_after_evictions_it_is_the_oracle_at_every_token(family: str) -> None:
    """T3: 200 chunks of random boundaries, silence included; every logit equals the slow way's."""
    error, silent, session = run_beside_oracle(family, 200)
    assert error < CLOSE
    assert 5 < silent < 195, "both silence and speech were met"
    assert session.context.spans[0].start > 0, "the prefix had to move"


@pytest.mark.parametrize("family", HYBRIDS)
def test_a_recurrent_state_sees_every_token_once(family: str) -> None:
    """Also the ends of replies that are forgotten at once, silent ones among them: nothing else says they are over."""
    narrow = Window(text_sink_tokens=0, text_window_tokens=0, vision_ms=2000)
    error, silent, session = run_beside_oracle(family, 30, window=narrow)
    assert error < CLOSE
    assert 3 < silent < 27
    loaded, forward = recording_resident(family)
    session = open_session(loaded, replace(OPTIONS, window=narrow))
    said = [session.feed(chunk(index)).token_ids for index in range(12)]
    loaded.batcher.close()
    fed = [token for pieces, _ in forward.notes for piece in pieces for token in texts(piece)]
    builder = loaded.prompt_builder
    turns = [
        [*session_turn(loaded, index), *builder.reply_start, *said[index], *builder.reply_end] for index in range(12)
    ]
    pinned = [*loaded.family.pinned(loaded.tokens, OPTIONS.prompt, None)]
    script = pinned + [token for turn in turns for token in turn]
    assert fed == script[: len(fed)]
    assert len(script) - len(fed) <= len(builder.reply_end) + 1, "the end of the last reply is still to come"


def texts(piece: PromptSegment) -> list[int]:
    return [] if isinstance(piece.content, ImageInput) else [*piece.content]


def session_turn(loaded: Any, index: int) -> list[int]:
    """The text of a chunk's user turn."""
    shown = chunk(index)
    layout = loaded.family.frames(loaded.tokens, (shown.start_ms, shown.end_ms), groups(shown.frames, 2))
    return [token for part in layout if not isinstance(part, ImageSlot) for token in part]


def test_gaps_in_the_positions_would_be_seen() -> None:
    """The test above has power: without re-positioning the logits are far off."""
    error, _, _ = run_beside_oracle("qwen3_vl", 30, Ablation.GAPS)
    assert error > 100 * CLOSE


def resident_video_token(oracle: Oracle) -> int:
    return int(oracle.model.config.video_token_id)


@pytest.mark.parametrize("family", ALL)
def test_position_four_million_is_position_zero(family: str) -> None:
    """T4: a stream that has run for weeks says the same, with the same logits."""
    runs = []
    for first_position in (0, 4_000_000):
        loaded, forward = recording_resident(family)
        session = open_session(loaded, OPTIONS, first_position=first_position)
        for index in range(12):
            session.feed(chunk(index))
        loaded.batcher.close()
        runs.append(torch.stack([logits for _, logits in forward.notes]))
    assert worst(*runs) < CLOSE


@pytest.mark.parametrize("family", ALL)
def test_first_layer_keys_and_values_are_a_full_recompute(family: str) -> None:
    """T6: layer 0 does not depend on attention, so its cache equals a recompute of the visible window after any eviction.

    Deeper layers need not: surviving tokens attended to what has been forgotten since. The first attention layer of a
    hybrid comes after one that has seen the whole stream, as the oracle's has.
    """
    loaded, forward = recording_resident(family)
    session = open_session(loaded, OPTIONS)
    oracle = Oracle(stock_model(family, dtype=EXACT.get(family, torch.float32)))
    history: list[Past] = []
    for index in range(15):
        oracle.evict(history, chunk(index).end_ms, OPTIONS.window, window_chunks=4)
        forward.notes.clear()
        reply = session.feed(chunk(index))
        for pieces, _ in forward.notes:
            follow(oracle, pieces, forward._normalisation, resident_video_token(oracle))
        history.append(
            Past(index, chunk(index).end_ms, len(reply.token_ids) + session_marks(loaded), not reply.token_ids)
        )
    loaded.batcher.close()
    rows = session.cache.slots.rows([span.key for span in session.context.spans])
    first = session.context.spans[0].start
    cos, sin = oracle.text.rotary_emb(torch.zeros(1), oracle.positions()[:, None] + first)
    keys, values = (next(layer for layer in kept if layer is not None) for kept in (oracle.keys, oracle.values))
    assert first > 0
    assert worst(session.cache.keys[0][:, rows], turned(keys.transpose(0, 1), cos[0], sin[0])) < CLOSE
    assert worst(session.cache.values[0][:, rows], values.transpose(0, 1)) < CLOSE


def session_marks(loaded: Any) -> int:
    return len(loaded.prompt_builder.reply_start) + len(loaded.prompt_builder.reply_end)


def test_the_prompt_is_in_the_window_at_the_end() -> None:
    loaded, _ = recording_resident("qwen3_vl")
    options: WatchOptions = replace(OPTIONS, system="You see all.")
    session = open_session(loaded, options)
    for index in range(30):
        session.feed(chunk(index))
    loaded.batcher.close()
    pinned = session.context.spans[0]
    assert pinned.role == "pinned"
    assert pinned.tokens == len(loaded.family.pinned(loaded.tokens, options.prompt, options.system))
    assert len(session.cache.slots.rows([pinned.key])) == pinned.tokens
