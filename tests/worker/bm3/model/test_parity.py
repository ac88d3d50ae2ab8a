"""BM3-VL computes what transformers' Qwen3-VL computes, with the same weights under the same names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoConfig, AutoModelForImageTextToText, Qwen3VLConfig, Qwen3VLForConditionalGeneration

from worker.bm3.model.config import BM3VLConfig
from worker.bm3.model.model import BM3VLForConditionalGeneration
from worker.compat import cache_argument

IMAGE, VIDEO, START, END, VOCAB = 95, 96, 97, 98, 100
TOLERANCE = 1e-4

SIZES: dict[str, dict[str, Any]] = {
    "tiny": {"vision": {"depth": 2, "hidden_size": 32, "num_heads": 2}, "deepstack": [0], "kv": 2, "side": 4},
    "deep": {"vision": {"depth": 4, "hidden_size": 48, "num_heads": 3}, "deepstack": [0, 1, 3], "kv": 1, "side": 7},
    "plain": {"vision": {"depth": 1, "hidden_size": 32, "num_heads": 4}, "deepstack": [], "kv": 4, "side": 3},
}


def settings(size: str, tie: bool = False) -> dict[str, Any]:
    chosen = SIZES[size]
    vision = {"intermediate_size": 64, "patch_size": 4, "out_hidden_size": 64}
    vision |= {"num_position_embeddings": chosen["side"] ** 2, "deepstack_visual_indexes": chosen["deepstack"]}
    text = {
        "vocab_size": VOCAB, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 4, "num_attention_heads": 4,
        "num_key_value_heads": chosen["kv"], "head_dim": 16,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [4, 2, 2], "mrope_interleaved": True},
    }  # fmt: skip
    ids = {"image_token_id": IMAGE, "video_token_id": VIDEO, "vision_start_token_id": START, "vision_end_token_id": END}
    return {"vision_config": {**vision, **chosen["vision"]}, "text_config": text, "tie_word_embeddings": tie, **ids}


def twins(size: str) -> tuple[BM3VLForConditionalGeneration, Qwen3VLForConditionalGeneration]:
    torch.manual_seed(7)
    theirs = Qwen3VLForConditionalGeneration(Qwen3VLConfig(**settings(size))).eval()
    for parameter in theirs.parameters():  # norms of one and biases of zero would hide a swapped weight
        torch.nn.init.normal_(parameter, std=0.2)
    ours = BM3VLForConditionalGeneration(BM3VLConfig(**settings(size))).eval()
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def pictures(grids: list[list[int]], seed: int) -> tuple[Tensor, Tensor]:
    grid = torch.tensor(grids)
    pixels = torch.randn(int(grid.prod(1).sum()), 3 * 2 * 4 * 4, generator=torch.Generator().manual_seed(seed))
    return pixels, grid


def placeholders(grid: list[int], token: int) -> list[int]:
    """Each frame group has its own text in front, as the timestamps of a video do."""
    groups, height, width = grid
    return [piece for _ in range(groups) for piece in [5, 6, START, *[token] * (height * width // 4), END]]


def inputs(rows: list[list[int]], images: list[list[int]], videos: list[list[int]]) -> dict[str, Tensor]:
    longest = max(map(len, rows))
    ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
    types = (ids == IMAGE).int() + 2 * (ids == VIDEO).int()
    out = {"input_ids": ids, "attention_mask": mask, "mm_token_type_ids": types}
    if images:
        out["pixel_values"], out["image_grid_thw"] = pictures(images, seed=1)
    if videos:
        out["pixel_values_videos"], out["video_grid_thw"] = pictures(videos, seed=2)
    return out


SQUARE, WIDE, TALL, CLIP, LONG = [1, 4, 4], [1, 2, 6], [1, 8, 2], [3, 4, 4], [5, 2, 4]
CASES: dict[str, dict[str, Tensor]] = {
    "text": inputs([[1, 2, 3, 4, 5]], [], []),
    "image": inputs([[1, *placeholders(SQUARE, IMAGE), 9]], [SQUARE], []),
    "video": inputs([[1, *placeholders(CLIP, VIDEO), 9, 8]], [], [CLIP]),
    "sizes": inputs([[3, *placeholders(WIDE, IMAGE), 4, *placeholders(TALL, IMAGE), 9]], [WIDE, TALL], []),
    "mixed": inputs([[3, *placeholders(LONG, VIDEO), 4, *placeholders(TALL, IMAGE), 9]], [TALL], [LONG]),
    "rows": inputs(
        [[1, *placeholders(CLIP, VIDEO), 9], [2, 3, *placeholders(SQUARE, IMAGE), 7], [4] * 6], [SQUARE], [CLIP]
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("size", SIZES)
def test_logits_equal_qwen3_vl(size: str, case: str) -> None:
    ours, theirs = twins(size)
    kept = CASES[case]["attention_mask"].bool()
    with torch.no_grad():
        mine, stock = ours(**CASES[case]).logits, theirs(**CASES[case]).logits
    assert (mine - stock)[kept].abs().max() < TOLERANCE
    assert stock[kept].std() > 0.1


@pytest.mark.parametrize("backend", ["eager", "sdpa"])
def test_gradients_equal_qwen3_vl(backend: str) -> None:
    ours, theirs = twins("deep")
    labels = CASES["rows"]["input_ids"].masked_fill(CASES["rows"]["attention_mask"] == 0, -100)
    for model in (ours, theirs):
        model.set_attn_implementation(backend)
        model(**CASES["rows"], labels=labels).loss.backward()
    stock = dict(theirs.named_parameters())
    for name, parameter in ours.named_parameters():
        assert parameter.grad is not None, name
        torch.testing.assert_close(parameter.grad, stock[name].grad, atol=1e-4, rtol=1e-3, msg=name)


def test_generation_equals_qwen3_vl() -> None:
    ours, theirs = twins("deep")
    options: dict[str, Any] = {"max_new_tokens": 12, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
    mine = ours.generate(**CASES["mixed"], **options)
    assert torch.equal(mine, theirs.generate(**CASES["mixed"], **options))


def test_qwen3_vl_checkpoint_loads_and_ours_loads_there(tmp_path: Path) -> None:
    ours, theirs = twins("deep")
    theirs.save_pretrained(tmp_path / "qwen")
    ours.save_pretrained(tmp_path / "bm3")
    read = BM3VLForConditionalGeneration.from_pretrained(tmp_path / "qwen").eval()
    back = Qwen3VLForConditionalGeneration.from_pretrained(tmp_path / "bm3").eval()
    with torch.no_grad():
        wanted = theirs(**CASES["mixed"]).logits
        assert (read(**CASES["mixed"]).logits - wanted).abs().max() < TOLERANCE
        assert (back(**CASES["mixed"]).logits - wanted).abs().max() < TOLERANCE


def test_auto_classes_know_bm3_vl(tmp_path: Path) -> None:
    ours, _ = twins("tiny")
    ours.save_pretrained(tmp_path)
    assert isinstance(AutoConfig.from_pretrained(tmp_path), BM3VLConfig)
    assert isinstance(AutoModelForImageTextToText.from_pretrained(tmp_path), BM3VLForConditionalGeneration)
    assert AutoConfig.from_pretrained(tmp_path).vision_config.model_type == "bm3_vl_vision"


def test_modules_take_the_arguments_of_qwen3_vl() -> None:
    """What a streaming engine does by hand: vision, explicit positions, DeepStack, a cache fed chunk by chunk."""
    ours, theirs = twins("deep")
    case = CASES["video"]
    with torch.no_grad():
        logits = [by_hand(model, case) for model in (ours, theirs)]
        whole = theirs(**case).logits[0, -1]
    assert (logits[0] - logits[1]).abs().max() < TOLERANCE
    assert (logits[0] - whole).abs().max() < TOLERANCE


def by_hand(model: Any, case: dict[str, Tensor]) -> Tensor:
    from transformers import DynamicCache

    ids, grid = case["input_ids"], case["video_grid_thw"]
    seen = model.model.visual(case["pixel_values_videos"], grid_thw=grid)
    mask = ids == VIDEO
    embeds = model.model.language_model.embed_tokens(ids)
    embeds = embeds.masked_scatter(mask[..., None], seen.pooler_output)
    positions, _ = model.model.get_rope_index(ids, case["mm_token_type_ids"], video_grid_thw=grid)
    cache = DynamicCache(config=model.config.text_config)
    cut = ids.shape[1] - 1
    model.model.language_model(
        inputs_embeds=embeds[:, :cut], position_ids=positions[..., :cut], use_cache=True,
        visual_pos_masks=mask[:, :cut], deepstack_visual_embeds=seen.deepstack_features, **cache_argument(cache),
    )  # fmt: skip
    out = model.model.language_model(
        inputs_embeds=embeds[:, cut:], position_ids=positions[..., cut:], use_cache=True, **cache_argument(cache)
    )
    last: Tensor = model.lm_head(out.last_hidden_state[0, -1])
    return last
