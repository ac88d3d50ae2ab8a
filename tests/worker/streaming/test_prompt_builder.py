"""The turns of a stream as spans of tokens and pictures, and what they cost at most."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.worker.engines.models import ALL, HEIGHT_PX, OPTIONS, WIDTH_PX, chunk
from worker.engine.protocol import Chunk, Frame
from worker.engines.loading import HubTokenizer
from worker.engines.tiny import tiny_tokenizer
from worker.families import FAMILIES
from worker.families.geometry import Geometry, patches
from worker.streaming.context_window import ContextWindow
from worker.streaming.policy import ContextLimits
from worker.streaming.prompt_builder import LATE_MS, PINNED_CHUNK, PromptBuilder, image_input
from worker.streaming.runtime.protocol import ImageInput, PromptSegment
from worker.streaming.spans import SpanRole

TOKENIZER = tiny_tokenizer()
GEOMETRY = Geometry(patch_px=8, merge=2, frames_per_group=2, mean=(0.5,) * 3, std=(0.5,) * 3)
NO_LIMITS = ContextLimits(0, 0, 0, 1)
LATE = LATE_MS - 4000


def builder(family: str) -> PromptBuilder:
    return PromptBuilder(FAMILIES[family], HubTokenizer(TOKENIZER), GEOMETRY)


def written(segments: list[PromptSegment]) -> str:
    parts = [segment.content for segment in segments]
    return "".join("[]" if isinstance(part, ImageInput) else TOKENIZER.decode(list(part)) for part in parts)


@pytest.fixture
def context() -> ContextWindow:
    return ContextWindow(NO_LIMITS)


def test_a_stream_opens_with_its_prompt_which_never_leaves(context: ContextWindow) -> None:
    segments = builder("qwen3_vl").opening(context, replace(OPTIONS, system="Be brief."))
    assert written(segments) == "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nWhat happens?<|im_end|>\n"
    (span,) = context.spans
    assert (span.role, span.chunk, span.tokens) == (SpanRole.PINNED, PINNED_CHUNK, len(segments[0].content))


def test_a_chunk_is_a_turn_with_a_picture_for_each_frame_group(context: ContextWindow) -> None:
    segments = builder("qwen3_vl").frames(context, chunk(6), OPTIONS.max_frame_pixels)
    picture = "<|vision_start|>[]<|vision_end|>"
    assert written(segments) == f"<|im_start|>user\n<12.2 seconds>{picture}<13.2 seconds>{picture}<|im_end|>\n"
    assert {(span.role, span.chunk) for span in context.spans} == {(SpanRole.FRAMES, 6)}
    pictures = [segment for segment in segments if isinstance(segment.content, ImageInput)]
    assert [segment.span.grid for segment in pictures] == [(2, 3), (2, 3)], "32 x 48 pixels, 16 a token"
    assert [segment.span.tokens for segment in pictures] == [6, 6]
    assert [segment.span for segment in segments] == context.spans


def test_pictures_hold_the_frames_of_their_group_in_order(context: ContextWindow) -> None:
    shown = chunk(0)
    segments = builder("qwen2_vl").frames(context, shown, OPTIONS.max_frame_pixels)
    contents = [segment.content for segment in segments if isinstance(segment.content, ImageInput)]
    for place, content in enumerate(contents):
        group = [frame.pixels for frame in shown.frames[2 * place : 2 * place + 2]]
        assert content.grid == (HEIGHT_PX // 8, WIDTH_PX // 8)
        assert np.array_equal(content.patches, patches(group, GEOMETRY))


@pytest.mark.parametrize(("width", "height", "grid"), [(48, 32, (2, 3)), (47, 33, (2, 3)), (480, 320, (2, 3))])
def test_frames_off_the_grid_or_above_the_budget_are_resized(
    context: ContextWindow, width: int, height: int, grid: tuple[int, int]
) -> None:
    segments = builder("qwen3_vl").frames(context, chunk(0, width_px=width, height_px=height), WIDTH_PX * HEIGHT_PX)
    assert {segment.span.grid for segment in segments if isinstance(segment.content, ImageInput)} == {grid}


def test_a_reply_that_was_said_before_is_a_whole_turn(context: ContextWindow) -> None:
    build = builder("qwen3_vl")
    ids = tuple(HubTokenizer(TOKENIZER).text("A ball."))
    segment = build.reply(context, 4, ids)
    assert written([segment]) == "<|im_start|>assistant\nA ball.<|im_end|>\n"
    assert segment.content == (*build.reply_start, *ids, *build.reply_end)
    assert (segment.span.role, segment.span.chunk, segment.span.tokens) == (SpanRole.REPLY, 4, len(segment.content))


def test_an_image_is_shown_as_often_as_a_group_has_frames(context: ContextWindow) -> None:
    pixels = np.arange(16 * 32 * 3, dtype=np.uint8).reshape(16, 32, 3)
    segment = image_input(context, 0, [pixels, pixels], GEOMETRY)
    assert (segment.span.grid, segment.span.tokens) == ((1, 2), 2)
    assert isinstance(segment.content, ImageInput)
    assert segment.content.grid == (2, 4)


@pytest.mark.parametrize("family", ALL)
@pytest.mark.parametrize("start_ms", [0, LATE])
def test_no_chunk_costs_more_than_it_was_budgeted_for(family: str, start_ms: int) -> None:
    """The longest stamps are those of the hundredth hour: there the costs are just met."""
    build, options = builder(family), replace(OPTIONS, prompt="Look!", system="Be brief.")
    costs = build.costs(options)
    context = ContextWindow(NO_LIMITS)
    build.opening(context, options)
    assert context.tokens == costs.pinned_tokens
    before = context.tokens
    shown = Chunk(
        0, start_ms, start_ms + 2000, tuple(Frame(start_ms + 500 * k, f.pixels) for k, f in enumerate(chunk(0).frames))
    )
    build.frames(context, shown, options.max_frame_pixels)
    taken, allowed = context.tokens - before, costs.turn_tokens + 2 * costs.group_tokens
    assert taken == allowed if start_ms == LATE else taken < allowed or family == "bm3_vl"
    before = context.tokens
    build.reply(context, 0, (1, 2, 3))
    assert context.tokens - before == costs.reply_tokens + 3
