"""From a recipe to a model and its processor: from scratch, or from a checkpoint, with adapters when asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoModelForImageTextToText, AutoProcessor, AutoTokenizer, PreTrainedTokenizerBase
from transformers.modeling_layers import GradientCheckpointingLayer

from worker.bm3.data.patches import PatchShape
from worker.bm3.data.processor import processor_of
from worker.bm3.data.tokenizer import IMAGE_TOKEN, VIDEO_TOKEN, VISION_END, VISION_START, corpus, train, wrap
from worker.bm3.model.config import BM3VLConfig
from worker.bm3.model.model import BM3VLForConditionalGeneration
from worker.bm3.model.patch_resize import reduce
from worker.bm3.training.checkpoints import replace_folder
from worker.bm3.training.recipe import LoraTable, ModelTable, Recipe

SMOOTH_PX = 4
"""Patch filters begin as blocks of this many equal pixels: what tells colours and shapes apart is larger than a pixel."""


@dataclass(frozen=True)
class Trainee:
    """`model` may be wrapped in adapters; `shape` and `merge` are those of its vision tower."""

    model: nn.Module
    processor: Any
    tokenizer: PreTrainedTokenizerBase
    shape: PatchShape

    @property
    def pad_id(self) -> int:
        """The token that fills rows up on the right."""
        return int(self.tokenizer.pad_token_id or 0)


def build(recipe: Recipe) -> Trainee:
    """Model, tokenizer and processor of a recipe, from scratch or from a folder; random weights follow from its seed."""
    torch.manual_seed(recipe.run.seed)
    start = recipe.model.start
    model, processor, tokenizer = (
        _from_scratch(recipe) if start is None else _started(start, recipe.model.start_enlarged)
    )
    model.set_attn_implementation(recipe.run.attention)
    shape = PatchShape.of(model.config.vision_config)
    if recipe.run.gradient_checkpointing:
        model.activation_checkpointing_enable({"use_reentrant": False})
    if recipe.lora is not None:
        model = _with_adapters(model, recipe.lora)
    if recipe.run.compile:
        _compile_layers(model)
    return Trainee(model, processor, tokenizer, shape)


def _from_scratch(recipe: Recipe) -> tuple[Any, Any, PreTrainedTokenizerBase]:
    table = recipe.model
    tokenizer = _tokenizer(table, recipe.run.out / "tokenizer")
    config = config_of(table, tokenizer)
    model = BM3VLForConditionalGeneration(config)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    if table.smooth_patches:
        _smooth(model.model.visual.patch_embed.proj)
    return model, processor_of(tokenizer, config.vision_config), tokenizer


def _tokenizer(table: ModelTable, own: Path) -> PreTrainedTokenizerBase:
    """The one given, or one of the run's own: trained once, so that a resumed run has the same."""
    folder = table.tokenizer or own
    if folder == own and not own.exists():
        replace_folder(own, wrap(train(corpus(), table.vocab_size)).save_pretrained)
    tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder)
    return tokenizer


def config_of(table: ModelTable, tokenizer: PreTrainedTokenizerBase) -> BM3VLConfig:
    """The model's configuration from a recipe; vocabulary and special tokens are those of the tokenizer."""
    width = table.text["hidden_size"]
    text = {"vocab_size": len(tokenizer), "eos_token_id": tokenizer.eos_token_id, **table.text}
    return BM3VLConfig(
        vision_config={"out_hidden_size": width, **table.vision},
        text_config=text,
        tie_word_embeddings=True,
        image_token_id=_id(tokenizer, IMAGE_TOKEN),
        video_token_id=_id(tokenizer, VIDEO_TOKEN),
        vision_start_token_id=_id(tokenizer, VISION_START),
        vision_end_token_id=_id(tokenizer, VISION_END),
    )


def _id(tokenizer: PreTrainedTokenizerBase, token: str) -> int:
    return int(tokenizer.convert_tokens_to_ids(token))  # type: ignore[arg-type]  # one token gives one id


def _started(folder: Path, enlarged: int) -> tuple[Any, Any, PreTrainedTokenizerBase]:
    """float32 weights: bf16 is for the arithmetic, an optimizer step is smaller than bf16 can hold."""
    model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32)
    read: Any = AutoProcessor  # untyped
    processor = read.from_pretrained(folder)
    if enlarged > 1:
        reduce(model, enlarged)
        processor = processor_of(processor.tokenizer, model.config.vision_config)
    return model, processor, processor.tokenizer


def _compile_layers(model: nn.Module) -> None:
    """Each kind of layer is compiled once, for sequences of any length; names in the state dict stay."""
    for module in model.modules():
        if isinstance(module, GradientCheckpointingLayer):
            module.compile(dynamic=True)


def _with_adapters(model: Any, table: LoraTable) -> Any:
    from peft import LoraConfig, get_peft_model

    if model.is_activation_checkpointing:
        model.enable_input_require_grads()  # else nothing before the first adapter asks for a gradient
    config = LoraConfig(
        r=table.rank, lora_alpha=table.alpha, lora_dropout=table.dropout, target_modules=table.targets, bias="none"
    )
    return get_peft_model(model, config)


@torch.no_grad()
def _smooth(convolution: nn.Conv3d) -> None:
    """Blocks of equal values, scaled so that a filter's sum over random pixels keeps its spread."""
    weight = convolution.weight
    side = weight.shape[-1]
    if side % SMOOTH_PX:
        return
    coarse = weight[..., ::SMOOTH_PX, ::SMOOTH_PX]
    weight.copy_(coarse.repeat_interleave(SMOOTH_PX, -1).repeat_interleave(SMOOTH_PX, -2))
