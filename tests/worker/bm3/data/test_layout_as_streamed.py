"""Training writes the very tokens that the streaming engine writes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.worker.bm3.data.test_data import tokenizer
from worker.bm3.data.layout import Layout, TokenPart, TrainingSpan, group_stamps_s, in_sight, join
from worker.engine.protocol import Frame
from worker.engines.loading import HubTokenizer
from worker.families.base import ImageSlot
from worker.families.bm3_vl import BM3_VL
from worker.families.geometry import groups

PICTURE_TOKENS = 4
PIXELS = np.zeros((1, 1, 3), np.uint8)


def streamed(chunk: int, prompt: str) -> tuple[int, ...]:
    """Prompt, frames and reply header of one chunk of two seconds, as the engine's family writes them."""
    tokens = HubTokenizer(tokenizer())
    frames = [Frame(chunk * 2000 + index * 500, PIXELS) for index in range(4)]
    layout = BM3_VL.frames(tokens, (chunk * 2000, chunk * 2000 + 2000), groups(frames, 2))
    pad = tokens.mark("<|video_pad|>")
    shown = [ids for part in layout for ids in ((pad,) * PICTURE_TOKENS if isinstance(part, ImageSlot) else part)]
    return (*BM3_VL.pinned(tokens, prompt, None), *shown, *BM3_VL.reply_start(tokens))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 20_000), st.text(st.characters(min_codepoint=32, max_codepoint=0x24F), min_size=1, max_size=40))
def test_a_chunk_has_the_same_tokens(chunk: int, prompt: str) -> None:
    layout = Layout(tokenizer())
    stamps_s = group_stamps_s([chunk * 2000 + index * 500 for index in range(4)], 2)
    ids = [
        *layout.prompt(prompt).ids,
        *layout.frames(chunk, stamps_s, PICTURE_TOKENS).ids,
        *layout.reply(chunk, "x").ids,
    ]
    wanted = streamed(chunk, prompt)
    assert tuple(ids[: len(wanted)]) == wanted


def test_a_reply_ends_as_the_engine_ends_it() -> None:
    tokens = HubTokenizer(tokenizer())
    ids = Layout(tokenizer()).reply(0, "red star appears").ids
    assert ids == (*BM3_VL.reply_start(tokens), *tokens.text("red star appears"), *BM3_VL.turn_end(tokens))


def test_frames_are_in_sight_for_the_window_of_the_engine() -> None:
    """Chunks of 2 s and a window of 16 s: a chunk loses its frames before the eighth after it goes in."""
    chunks = [TrainingSpan((1,), (1,), TokenPart.FRAMES, number) for number in range(20)]
    tokens = join(chunks)
    seen = in_sight(tokens.parts, tokens.chunks, window_chunks=8)
    for now in range(20):
        kept = [then for then in range(now + 1) if (then + 1) * 2000 > (now + 1) * 2000 - 16_000]
        assert list(np.flatnonzero(seen[now])) == kept
    assert all(earlier <= later for earlier, later in pairwise(tokens.chunks))
