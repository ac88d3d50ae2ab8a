"""Training: a killed run ends where an undisturbed one does; checkpoints load; adapters and messages work."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor, Qwen3VLForConditionalGeneration

from tests.needs import need
from tests.worker.bm3.recipes import STEPS, first_stage, recipe, recipe_file
from worker.bm3.training.batches import Batches
from worker.bm3.training.build import build
from worker.bm3.training.loss import loss_sum
from worker.bm3.training.optimizers import optimizers
from worker.bm3.training.recipe import OptimizerTable, Recipe, read_recipe
from worker.bm3.training.run import TrainingRun
from worker.bm3.training.schedule import learning_rate
from worker.bm3.training.training_log import Journal, LogRow, read_rows


def test_a_killed_run_ends_with_the_same_losses(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    (tmp_path / "killed").mkdir()
    TrainingRun(recipe(tmp_path / "whole")).train()
    path = recipe_file(tmp_path / "killed", loaders=1)
    start_and_kill(path, tmp_path / "killed" / "run", after_step=24)
    TrainingRun(read_recipe(path)).train()
    whole, resumed = (read_rows(tmp_path / name / "run" / "metrics.csv") for name in ("whole", "killed"))
    assert [row.step for row in resumed] == list(range(1, STEPS + 1))
    assert [row.loss for row in resumed] == [row.loss for row in whole]
    assert [row.held_out_loss for row in resumed] == [row.held_out_loss for row in whole]
    assert whole[-1].loss < 0.8 * whole[0].loss
    assert (tmp_path / "whole/run/metrics.png").stat().st_size > 1000


def start_and_kill(path: Path, out: Path, after_step: int) -> None:
    """SIGKILL the run and its loader once it has logged `after_step` steps."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "worker.bm3.train", str(path)],
        env=environment, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline_s = time.monotonic() + 120
    while time.monotonic() < deadline_s and process.poll() is None:
        if len(read_rows(out / "metrics.csv")) >= after_step:
            break
        time.sleep(0.02)
    assert process.poll() is None, "the run ended before it was killed"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert after_step <= len(read_rows(out / "metrics.csv")) < STEPS


def test_the_checkpoint_loads_here_and_in_qwen3_vl(tmp_path: Path) -> None:
    TrainingRun(recipe(tmp_path, stages=first_stage(2))).train()
    folder = tmp_path / "run" / "checkpoint"
    processor = AutoProcessor.from_pretrained(folder)
    picture = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    content = [{"type": "image", "image": Image.fromarray(picture)}, {"type": "text", "text": "?"}]
    messages = [{"role": "user", "content": content}]
    inputs = processor.apply_chat_template(
        messages, tokenize=True, return_dict=True, return_tensors="pt", add_generation_prompt=True
    )
    ours = AutoModelForImageTextToText.from_pretrained(folder).eval()
    theirs = Qwen3VLForConditionalGeneration.from_pretrained(folder).eval()
    with torch.no_grad():
        assert (ours(**inputs).logits - theirs(**inputs).logits).abs().max() < 1e-4
    assert {file.name for file in folder.iterdir()} >= {"config.json", "model.safetensors", "tokenizer.json"}
    assert not list(folder.glob("*.pt"))


def messages_file(folder: Path) -> Path:
    Image.fromarray(np.full((64, 64, 3), 200, np.uint8)).save(folder / "gray.png")
    picture = {"type": "image", "image": "gray.png"}
    conversations = [
        [{"role": "user", "content": [picture, {"type": "text", "text": "Colour?"}]},
         {"role": "assistant", "content": "gray"}],
        [{"role": "user", "content": "Say stop."}, {"role": "assistant", "content": "STOP"},
         {"role": "user", "content": "Again."}, {"role": "assistant", "content": "STOP again"}],
    ]  # fmt: skip
    path = folder / "talk.jsonl"
    path.write_text("\n".join(json.dumps({"messages": each}) for each in conversations))
    return path


def fine_tuning(folder: Path, start: Path, steps: int, extra: str = "") -> Recipe:
    stages = (
        f'[[stages]]\nname = "talk"\nsteps = {steps}\nbatch = 2\nmessages = [{{ path = "{messages_file(folder)}" }}]\n'
    )
    return recipe(folder, stages=extra + stages, model=f'start = "{start}"')


def test_fine_tuning_on_messages_learns_what_the_assistant_says(checkpoint: Path, tmp_path: Path) -> None:
    TrainingRun(fine_tuning(tmp_path, checkpoint, steps=120)).train()
    rows = read_rows(tmp_path / "run" / "metrics.csv")
    assert rows[-1].loss < 0.5 < rows[0].loss


@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing:FutureWarning")  # peft still asks by the old name
@pytest.mark.parametrize("qwen", [False, True])
def test_adapters_are_all_that_lora_trains_and_saves(checkpoint: Path, tmp_path: Path, qwen: bool) -> None:
    start = as_qwen(checkpoint, tmp_path / "qwen") if qwen else checkpoint
    run = TrainingRun(fine_tuning(tmp_path, start, steps=30, extra="[lora]\nrank = 4\nalpha = 16\n"))
    frozen = {name: p.detach().clone() for name, p in run.trainee.model.named_parameters() if not p.requires_grad}
    run.train()
    after = dict(run.trainee.model.named_parameters())
    assert frozen
    assert all(torch.equal(after[name], before) for name, before in frozen.items())
    rows = read_rows(tmp_path / "run" / "metrics.csv")
    assert rows[-1].loss < rows[0].loss
    assert (tmp_path / "run/checkpoint/adapter_model.safetensors").exists()


def as_qwen(checkpoint: Path, folder: Path) -> Path:
    """The same weights as a Qwen3-VL checkpoint."""
    Qwen3VLForConditionalGeneration.from_pretrained(checkpoint).save_pretrained(folder)
    AutoProcessor.from_pretrained(checkpoint).save_pretrained(folder)
    return folder


def test_gradient_checkpointing_changes_no_loss(tmp_path: Path) -> None:
    losses = []
    for flag in ("false", "true"):
        folder = tmp_path / flag
        folder.mkdir()
        TrainingRun(recipe(folder, stages=first_stage(3), run=f"gradient_checkpointing = {flag}")).train()
        losses.append([row.loss for row in read_rows(folder / "run/metrics.csv")])
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


@pytest.mark.filterwarnings("ignore::UserWarning")  # the compiler looks at attributes that warn
def test_compiled_layers_learn_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need(shutil.which("g++"), "a C++ compiler")
    monkeypatch.setenv("TORCHINDUCTOR_DEBUG_COMPILE", "1")  # unoptimised code is compiled in half the time
    plain, compiled = (_first_loss(tmp_path, f'attention = "eager"\ncompile = {flag}') for flag in ("false", "true"))
    torch.testing.assert_close(compiled, plain, atol=1e-5, rtol=1e-4)


def _first_loss(folder: Path, run: str) -> dict[str, torch.Tensor]:
    """The loss of the first batch, and its gradient by every weight."""
    asked = recipe(folder, stages=first_stage(1), run=run)
    trainee = build(asked)
    loss = loss_sum(trainee.model, Batches(asked, trainee)[0])
    loss.backward()
    gradients = {name: p.grad for name, p in trainee.model.named_parameters() if p.grad is not None}
    assert gradients
    return {"loss": loss.detach(), **gradients}


def test_muon_moves_the_matrices_of_layers_and_adamw_the_rest(checkpoint: Path) -> None:
    model = AutoModelForImageTextToText.from_pretrained(checkpoint)
    muon, adamw = optimizers(model, OptimizerTable(matrices="muon"))
    moved = [[p for group in each.param_groups for p in group["params"]] for each in (muon, adamw)]
    named = dict(model.named_parameters())
    assert sorted(id(p) for each in moved for p in each) == sorted(map(id, named.values()))
    assert {id(p) for name, p in named.items() if "embed" in name or p.ndim == 1} == set(map(id, moved[1]))


def test_the_learning_rate_rises_then_falls_to_its_share() -> None:
    table = OptimizerTable(peak_lr=1.0, final_lr_share=0.1, warmup_steps=10)
    rates = [learning_rate(step, 100, table) for step in range(101)]
    assert rates.index(max(rates)) in (9, 10)
    assert max(rates) == pytest.approx(1.0)
    assert rates[-1] == pytest.approx(0.1)
    assert all(a > b for a, b in pairwise(rates[10:]))


def test_a_resumed_journal_drops_the_rows_after_its_step(tmp_path: Path) -> None:
    journal = Journal(tmp_path, 0)
    for step in range(1, 6):
        journal.add(LogRow(step, "a", 1.0 / step, 1e-3, 1.0, 1.0, float(step)))
    assert [row.step for row in Journal(tmp_path, 3).rows] == [1, 2, 3]
    assert [row.step for row in read_rows(tmp_path / "metrics.csv")] == [1, 2, 3]


@pytest.mark.parametrize(
    "path", sorted(Path(__file__).parents[3].glob("worker/bm3/configs/*.toml")), ids=lambda p: p.stem
)
def test_shipped_recipes_are_valid(path: Path) -> None:
    assert read_recipe(path).total_steps > 0
