"""Training sequences look as a streaming session presents them, and depend on seed and number alone."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from transformers import PreTrainedTokenizerBase
from transformers.models.qwen3_vl.video_processing_qwen3_vl import Qwen3VLVideoProcessor

from worker.bm3.data.examples import batch
from worker.bm3.data.layout import NOT_LEARNED, Layout, TokenPart, group_stamps_s, in_sight, join
from worker.bm3.data.patches import PatchShape, cut, normalised
from worker.bm3.data.source_scenes import SceneRecipe, SceneSource
from worker.bm3.data.tokenizer import corpus, train, wrap
from worker.bm3.scenes.scenes import PRESETS, Scene
from worker.bm3.scenes.world import PLURALS

SHAPE = PatchShape(patch_px=16, merge=2, frames_per_group=2)


@lru_cache
def tokenizer() -> PreTrainedTokenizerBase:
    return wrap(train(corpus(), 1024))


def source(recipe: SceneRecipe, held_out: bool = False) -> SceneSource:
    return SceneSource(recipe, Layout(tokenizer()), SHAPE, seed=3, held_out=held_out)


CLIP = SceneRecipe(kind="clip", size_px=64, chunks=3, degraded=0.0)
STREAM = replace(CLIP, chunks=12, memory_chunks=30, window_chunks=8, degraded=0.3)
TOLD = SceneRecipe(kind="text_only", chunks=60, dense_event_share=1.0)
STILL = SceneRecipe(kind="still", size_px=64, chunks=2)


def test_the_text_of_a_clip_is_the_streaming_layout() -> None:
    layout = Layout(tokenizer())
    spans = [layout.prompt("Watch."), layout.frames(0, [0.25, 1.25], 4), layout.reply(0, "red star appears"),
             layout.frames(1, [2.25, 3.25], 4), layout.reply(1, "")]  # fmt: skip
    pads = "<|vision_start|>" + "<|video_pad|>" * 4 + "<|vision_end|>"
    assert tokenizer().decode(join(spans).ids) == (
        "<|im_start|>user\nWatch.<|im_end|>\n"
        f"<|im_start|>user\n<0.2 seconds>{pads}<1.2 seconds>{pads}<|im_end|>\n"
        "<|im_start|>assistant\nred star appears<|im_end|>\n"
        f"<|im_start|>user\n<2.2 seconds>{pads}<3.2 seconds>{pads}<|im_end|>\n"
        "<|im_start|>assistant\n<|im_end|>\n"
    )


def test_words_and_end_token_are_learned_and_nothing_else() -> None:
    tokens = source(CLIP).example(5).tokens
    learned = tokens.labels != NOT_LEARNED
    assert (tokens.labels[learned] == tokens.ids[learned]).all()
    said = tokenizer().decode(tokens.ids[learned]).split("<|im_end|>")
    assert len(said) == CLIP.chunks + 1
    assert said[-1] == ""
    assert not learned[tokens.parts == TokenPart.FRAMES].any()


def test_replies_are_the_scenes_captions() -> None:
    spoken = silent = 0
    for index in range(20):
        tokens = source(CLIP).example(index).tokens
        text = tokenizer().decode(tokens.ids[tokens.labels != NOT_LEARNED])
        for reply in text.split("<|im_end|>")[:-1]:
            spoken, silent = spoken + bool(reply), silent + (not reply)
    assert spoken > 10
    assert silent > 10


def test_an_example_depends_on_seed_and_number_alone() -> None:
    for recipe in (CLIP, STREAM, STILL):
        one, two = source(recipe).example(11), source(recipe).example(11)
        assert (one.tokens.ids == two.tokens.ids).all()
        assert one.videos is not None
        assert two.videos is not None
        assert torch.equal(one.videos.patches, two.videos.patches)
        assert not np.array_equal(one.tokens.ids, source(recipe).example(12).tokens.ids)


def test_held_out_examples_are_others() -> None:
    assert not np.array_equal(source(CLIP).example(1).tokens.ids, source(CLIP, held_out=True).example(1).tokens.ids)


def test_remembered_replies_stand_between_prompt_and_first_chunk() -> None:
    tokens = next(
        t for t in (source(STREAM).example(i).tokens for i in range(50)) if (t.parts == TokenPart.PINNED).sum() > 60
    )
    first = int((tokens.parts == TokenPart.FRAMES).argmax())
    assert (tokens.parts[:first] == TokenPart.PINNED).all()
    assert (tokens.labels[:first] == NOT_LEARNED).all()
    assert tokenizer().decode(tokens.ids[:first]).count("<|im_start|>assistant\n") >= 3


def test_of_what_is_told_only_what_memory_decides_is_learned() -> None:
    example = source(TOLD).example(0)
    assert example.videos is None
    learned = {tokenizer().decode([i]) for i in example.tokens.ids[example.tokens.labels != NOT_LEARNED]}
    actions = {" enters", " appears", " leaves", " disappears", " moves", " turns"}
    memory = {"<|im_end|>", " again", " a", " third", " time", ",", " now", " two", " three", " four"}
    assert actions | memory | {f" {plural}" for plural in PLURALS.values()} >= learned
    assert learned >= actions | {"<|im_end|>", " again", ","}


def test_what_is_told_stands_as_a_session_remembers_it() -> None:
    layout, scene = Layout(tokenizer()), Scene(1)
    texts = [text for text in scene.captions(until_ms=60_000) if text]
    assert all(layout.text_only(text).ids == layout.remembered(text).ids for text in texts)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(list(TokenPart)), st.integers(0, 3)), min_size=1, max_size=40), st.integers(1, 4)
)
def test_what_is_in_sight(tokens: list[tuple[TokenPart, int]], window: int) -> None:
    ordered = sorted(tokens, key=lambda token: token[1])
    parts, chunks = (np.array(column) for column in zip(*ordered, strict=True))
    seen = in_sight(parts, chunks, window)
    for query, (_, now) in enumerate(ordered):
        for key, (part, then) in enumerate(ordered):
            lasting = part in (TokenPart.PINNED, TokenPart.REPLY)
            assert seen[query, key] == (key <= query and (lasting or now - then < window))


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 5), st.integers(1, 3), st.integers(1, 3), st.integers(0, 99))
def test_patches_are_those_of_qwens_video_processor(frames: int, rows: int, columns: int, seed: int) -> None:
    video = np.random.default_rng(seed).integers(0, 256, (frames, rows * 32, columns * 32, 3), np.uint8)
    patches, grid = cut(video, SHAPE)
    half = [0.5, 0.5, 0.5]
    processor = Qwen3VLVideoProcessor(
        patch_size=16, image_mean=half, image_std=half, do_resize=False, do_sample_frames=False
    )
    theirs = processor(
        videos=[torch.from_numpy(video).permute(0, 3, 1, 2)], cap_pixels_per_frame=False, return_tensors="pt"
    )
    assert theirs["video_grid_thw"].tolist() == [list(grid)]
    torch.testing.assert_close(normalised(torch.from_numpy(patches)), theirs["pixel_values_videos"], atol=1e-5, rtol=0)


def test_stamps_are_the_mean_of_a_group_and_an_odd_frame_is_repeated() -> None:
    assert group_stamps_s([0, 500, 1000, 1500, 2000], 2) == [0.25, 1.25, 2.0]


def test_batches_pad_on_the_right_and_count_what_is_learned() -> None:
    examples = [source(CLIP).example(index) for index in range(4)]
    made = batch(examples, merge=2, pad_id=0)
    assert made.mask is None
    assert made.videos is not None
    assert made.learned == sum(int((e.tokens.labels != NOT_LEARNED).sum()) for e in examples)
    assert made.videos.patches.shape[0] == int(made.videos.grid_thw.prod(1).sum())
    for row, example in enumerate(examples):
        length = len(example.tokens.ids)
        assert (made.input_ids[row, :length].numpy() == example.tokens.ids).all()
        assert (made.labels[row, length:] == NOT_LEARNED).all()


def test_frames_leave_the_sight_of_a_stream() -> None:
    example = source(STREAM).example(4)
    made = batch([example], merge=2, pad_id=0)
    assert made.mask is not None
    parts, chunks = example.tokens.parts, example.tokens.chunks
    last = int((chunks == chunks.max()).argmax())
    old = (parts == TokenPart.FRAMES) & (chunks <= chunks.max() - 8)
    assert old.any()
    assert not made.mask[0, 0, last][torch.from_numpy(old)].any()


def test_training_scenes_never_show_held_out_seeds() -> None:
    captions = set(Scene(1, PRESETS["nano"]).captions(until_ms=60_000))
    assert captions != set(Scene(1_000_001, PRESETS["nano"]).captions(until_ms=60_000))


def test_recipes_written_before_mean_the_same() -> None:
    read = TypeAdapter(SceneRecipe).validate_python
    before = {"kind": "told", "picks": 2, "busy": 0.5, "garbled": 0.1, "odd": 0.3}
    now = {"kind": "text_only", "best_of": 2, "dense_event_share": 0.5, "token_noise": 0.1, "unnamed_colour_share": 0.3}
    assert read(before) == read(now) == SceneRecipe(**now)  # type: ignore[arg-type]


def test_a_word_that_no_scene_knows_is_refused() -> None:
    with pytest.raises(ValidationError, match="patern"):
        TypeAdapter(SceneRecipe).validate_python({"patern": 0.5})
