"""A training run in one TOML file: model, stages of data, optimizer, checkpoints, evaluation."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from worker.bm3.data.source_scenes import SceneRecipe
from worker.bm3.data.tables import Count, MessagesTable, RecipeTable

Share = Annotated[float, Field(ge=0, le=1)]


class ModelTable(RecipeTable):
    """Either `start` (a checkpoint folder: BM3-VL or any Qwen-VL) or a shape to begin from scratch with."""

    start: Path | None = None
    start_enlarged: Count = 1  # `start` was published with this `--enlarge`; training goes on with the smaller frames
    tokenizer: Path | None = (
        None  # with a shape: a folder made by worker.bm3.tokenizer; None trains one of `vocab_size`
    )
    vocab_size: Count = 2048
    vision: dict[str, Any] = {}
    text: dict[str, Any] = {}
    smooth_patches: bool = True  # begin with patch filters that vary slowly over a patch

    @model_validator(mode="after")
    def _one_beginning(self) -> Self:
        if self.start is not None and (self.vision or self.text):
            raise ValueError("model.start and a shape exclude each other")
        return self


class LoraTable(RecipeTable):
    """Low-rank adapters instead of all weights (arXiv 2106.09685)."""

    rank: Count = 16
    alpha: Count = 32
    dropout: Share = 0.0
    targets: list[str] = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


class OptimizerTable(RecipeTable):
    matrices: Literal["adamw", "muon"] = "adamw"  # what moves the matrices inside layers
    peak_lr: Annotated[float, Field(gt=0)] = 1e-3
    final_lr_share: Share = 0.05
    patch_lr_share: Share = 1.0  # of the patch filters: an Adam step moves their sum over thousands of pixels
    warmup_steps: Annotated[int, Field(ge=0)] = 100
    weight_decay: Annotated[float, Field(ge=0)] = 0.05
    betas: tuple[Share, Share] = (0.9, 0.95)
    clip_norm: Annotated[float, Field(gt=0)] = 1.0


class TrainingStage(RecipeTable):
    """`steps` optimizer steps on one mixture; every batch takes its source by turns in the order written."""

    name: str
    steps: Count
    batch: Count = 16
    accumulate: Count = 1
    scenes: list[SceneRecipe] = []
    messages: list[MessagesTable] = []

    @model_validator(mode="after")
    def _has_data(self) -> Self:
        if not self.scenes and not self.messages:
            raise ValueError(f"stage {self.name!r} has neither scenes nor messages")
        return self


class RunTable(RecipeTable):
    out: Path
    seed: int = 0
    device: Literal["auto", "cpu"] = "auto"
    precision: Literal["float32", "bfloat16"] = "bfloat16"
    attention: Literal["sdpa", "eager"] = "sdpa"  # for training on a CPU, eager is the faster one
    threads: Annotated[int, Field(ge=0)] = 0  # of torch on the CPU; 0 leaves its default
    loaders: Annotated[int | None, Field(ge=0)] = (
        None  # processes that prepare batches; None: one for each core but one
    )
    gradient_checkpointing: bool = False
    compile: bool = (
        False  # layers by torch.compile: a minute or two to begin with (a C++ compiler on a CPU), then faster
    )
    log_every: Count = 10
    checkpoint_every: Count = 500
    evaluate_every: Count = 500
    evaluate_examples: Count = 64


class Recipe(RecipeTable):
    run: RunTable
    model: ModelTable = ModelTable()
    lora: LoraTable | None = None
    optimizer: OptimizerTable = OptimizerTable()
    stages: Annotated[list[TrainingStage], Field(min_length=1)]

    @property
    def total_steps(self) -> int:
        """Optimizer steps of all stages."""
        return sum(stage.steps for stage in self.stages)

    def stage_at(self, step: int) -> TrainingStage:
        """The stage that optimizer step `step` (from 0) belongs to. Raises ValueError past the last stage."""
        for stage in self.stages:
            if step < stage.steps:
                return stage
            step -= stage.steps
        raise ValueError("past the last stage")


def read_recipe(path: Path) -> Recipe:
    """Relative paths are taken from the working directory. Raises pydantic.ValidationError naming the wrong key."""
    return Recipe.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
