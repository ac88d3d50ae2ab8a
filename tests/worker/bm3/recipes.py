"""Small training recipes that the tests share."""

from __future__ import annotations

from pathlib import Path

from worker.bm3.training.recipe import Recipe, read_recipe

STEPS = 50

RECIPE = """
[run]
out = "{out}"
seed = 5
device = "cpu"
precision = "float32"
threads = 1
loaders = {loaders}
log_every = 1
checkpoint_every = 10
evaluate_every = 25
evaluate_examples = 4
{run}

[model]
{model}

[optimizer]
matrices = "muon"
peak_lr = 3e-3
warmup_steps = 5

{stages}
"""

TINY = """
vocab_size = 640
[model.vision]
depth = 2
hidden_size = 32
num_heads = 2
intermediate_size = 48
patch_size = 16
num_position_embeddings = 16
deepstack_visual_indexes = [0]
[model.text]
hidden_size = 32
intermediate_size = 64
num_hidden_layers = 2
num_attention_heads = 2
num_key_value_heads = 1
head_dim = 16
rope_parameters = { rope_type = "default", rope_theta = 10000.0, mrope_section = [4, 2, 2] }
"""

STAGES = """
[[stages]]
name = "pictures"
steps = 20
batch = 4
scenes = [{ kind = "still", size_px = 64, chunks = 2 }]
[[stages]]
name = "clips"
steps = 30
batch = 2
accumulate = 2
scenes = [
  { kind = "still", size_px = 64, chunks = 1 },
  { kind = "clip", size_px = 64, chunks = 3, memory_chunks = 5, window_chunks = 2 },
]
"""


def recipe_file(folder: Path, stages: str = STAGES, model: str = TINY, run: str = "", loaders: int = 0) -> Path:
    path = folder / "recipe.toml"
    path.write_text(RECIPE.format(out=folder / "run", stages=stages, model=model, run=run, loaders=loaders))
    return path


def recipe(folder: Path, stages: str = STAGES, model: str = TINY, run: str = "") -> Recipe:
    return read_recipe(recipe_file(folder, stages, model, run))


def first_stage(steps: int) -> str:
    return STAGES.split("[[stages]]\n")[1].replace("steps = 20", f"steps = {steps}").join(["[[stages]]\n", ""])
