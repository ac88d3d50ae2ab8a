"""The folder that ships: small, complete, and as good on larger frames as the checkpoint on its own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForImageTextToText, AutoProcessor, AutoTokenizer, Qwen3VLForConditionalGeneration

from db.documents.kinds.base import MediaInput
from db.documents.kinds.video import VideoCaptionParams, Window
from tests.worker.bm3.recipes import first_stage, recipe
from worker.bm3.data.augment import pooled, recoloured, with_wrong_tokens
from worker.bm3.data.layout import NOT_LEARNED, TokenPart, TrainingSpan, join
from worker.bm3.data.patches import PatchShape, cut, normalised
from worker.bm3.evaluation.watch import NANO_WINDOW
from worker.bm3.model.patch_resize import reduce
from worker.bm3.scenes.scenes import PRESETS, vocabulary
from worker.bm3.scenes.world import ODD
from worker.bm3.training.export import publish
from worker.bm3.training.run import TrainingRun
from worker.engines import load_engine
from worker.video.caption_pass import watch_options

SHIPPED = Path(__file__).parents[3] / "worker/bm3/weights/nano"


def seen(model: torch.nn.Module, frames: np.ndarray, patch_px: int) -> torch.Tensor:
    patches, grid = cut(frames, PatchShape(patch_px, merge=2, frames_per_group=2))
    with torch.no_grad():
        out = model.model.visual(normalised(torch.from_numpy(patches)), grid_thw=torch.tensor([grid]))
    tokens: torch.Tensor = out.pooler_output
    return tokens


def test_an_enlarged_model_sees_a_frame_as_the_trained_one_sees_it_averaged(checkpoint: Path, tmp_path: Path) -> None:
    publish(checkpoint.parent, tmp_path, torch.float32, times=2)
    small = AutoModelForImageTextToText.from_pretrained(checkpoint).eval()
    large = AutoModelForImageTextToText.from_pretrained(tmp_path).eval()
    coarse = np.random.default_rng(0).integers(0, 256, (2, 64, 32, 3), np.uint8)
    fine = coarse.repeat(2, axis=1).repeat(2, axis=2)
    assert (pooled(fine, 2) == coarse).all()
    torch.testing.assert_close(seen(large, fine, 32), seen(small, coarse, 16), atol=1e-4, rtol=1e-4)


def test_training_goes_on_from_an_enlarged_model_with_the_small_one(checkpoint: Path, tmp_path: Path) -> None:
    publish(checkpoint.parent, tmp_path / "large", torch.float32, times=2)
    model = f'start = "{tmp_path / "large"}"\nstart_enlarged = 2'
    again = TrainingRun(recipe(tmp_path, model=model, stages=first_stage(1)))
    small = AutoModelForImageTextToText.from_pretrained(checkpoint)
    assert again.trainee.shape.patch_px == 16
    assert again.trainee.processor.image_processor.patch_size == 16
    for name, weight in small.state_dict().items():
        torch.testing.assert_close(again.trainee.model.state_dict()[name], weight)
    again.train()
    publish(tmp_path / "run", tmp_path / "larger", torch.float32, times=2)
    assert AutoProcessor.from_pretrained(tmp_path / "larger").image_processor.patch_size == 32


def test_a_model_that_was_not_enlarged_is_not_reduced(checkpoint: Path) -> None:
    model = AutoModelForImageTextToText.from_pretrained(checkpoint)
    with pytest.raises(ValueError, match="not spread"):
        reduce(model, 2)


def test_what_is_published_is_half_as_large_readable_by_all_and_without_optimizer(
    checkpoint: Path, tmp_path: Path
) -> None:
    publish(checkpoint.parent, tmp_path, torch.float16)
    size_bytes = (tmp_path / "model.safetensors").stat().st_size
    assert size_bytes < 0.6 * (checkpoint / "model.safetensors").stat().st_size
    assert all(file.stat().st_mode & 0o044 == 0o044 for file in tmp_path.iterdir())
    assert not list(tmp_path.glob("*.pt"))
    assert AutoProcessor.from_pretrained(tmp_path).image_processor.patch_size == 16
    assert (tmp_path / "metrics.csv").exists()


def test_a_published_model_never_says_that_a_colour_is_odd(checkpoint: Path, tmp_path: Path) -> None:
    publish(checkpoint.parent, tmp_path, torch.float32)
    never = json.loads((tmp_path / "generation_config.json").read_text())["suppress_tokens"]
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    others = [word for word in vocabulary(PRESETS["nano"]) if word != ODD]
    assert {tokenizer.encode(words)[0] for words in ("odd star", " odd star")} == set(never)
    assert not set(never) & {token for word in others for token in tokenizer.encode(f" {word}")}


def test_who_names_no_window_gets_the_one_a_published_model_does_best_with(checkpoint: Path, tmp_path: Path) -> None:
    publish(checkpoint.parent, tmp_path, torch.float32)
    engine = load_engine(f"small=pytorch:{tmp_path}")
    engine.close()
    video = MediaInput(url="https://example.com/a.mp4")
    assert watch_options(VideoCaptionParams(video=video), engine.info).window == NANO_WINDOW
    wide = Window(vision_ms=60_000)
    assert watch_options(VideoCaptionParams(video=video, window=wide), engine.info).window == wide


def test_garbling_changes_what_is_shown_and_never_what_is_learned() -> None:
    reply = TrainingSpan((1, 5, 6, 7, 8, 2), (NOT_LEARNED, 5, 6, 7, 8, 2), TokenPart.REPLY, 0)
    tokens = join([reply] * 50)
    changed = with_wrong_tokens(tokens, np.random.default_rng(0), 0.5)
    assert (changed.labels == tokens.labels).all()
    wrong = changed.ids != tokens.ids
    assert 0.2 < wrong[tokens.labels != NOT_LEARNED].mean() < 0.6
    assert not wrong[tokens.labels == NOT_LEARNED].any()
    assert (changed.ids[tokens.ids == 2] == 2).all()
    assert (with_wrong_tokens(tokens, np.random.default_rng(0), 0.0).ids == tokens.ids).all()


def test_only_colour_words_are_shown_as_other_colours_and_what_is_learned_stays() -> None:
    reply = TrainingSpan((1, 5, 6, 7, 2), (NOT_LEARNED, 5, 6, 7, 2), TokenPart.REPLY, 0)
    remembered = TrainingSpan((5, 6), (NOT_LEARNED, NOT_LEARNED), TokenPart.PINNED, 0)
    tokens = join([remembered, reply] * 50)
    changed = recoloured(tokens, np.random.default_rng(0), 0.5, [np.array([5, 15, 25, 35])])
    assert (changed.labels == tokens.labels).all()
    wrong = changed.ids != tokens.ids
    assert set(tokens.ids[wrong]) == {5}
    assert set(changed.ids[wrong]) == {15, 25, 35}
    assert not wrong[tokens.labels == NOT_LEARNED].any()
    assert (recoloured(tokens, np.random.default_rng(0), 0.0, [np.array([5, 15])]).ids == tokens.ids).all()


@pytest.mark.skipif(not (SHIPPED / "model.safetensors").exists(), reason="no weights in this tree")
def test_the_shipped_weights_are_small_and_load_as_qwen3_vl() -> None:
    assert sum(file.stat().st_size for file in SHIPPED.iterdir()) < 40e6
    ours = AutoModelForImageTextToText.from_pretrained(SHIPPED, dtype=torch.float32).eval()
    theirs = Qwen3VLForConditionalGeneration.from_pretrained(SHIPPED, dtype=torch.float32).eval()
    ids = torch.arange(8, 40)[None]
    with torch.no_grad():
        assert (ours(input_ids=ids).logits - theirs(input_ids=ids).logits).abs().max() < 1e-4
