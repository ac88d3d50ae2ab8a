"""One training run, from its recipe to its last checkpoint; see `worker.bm3.train`, its command line."""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from tqdm import tqdm

from worker.bm3.data.examples import ExampleBatch
from worker.bm3.training import checkpoints
from worker.bm3.training.batches import Batches, first_batch, held_out_batches, loader
from worker.bm3.training.build import Trainee, build
from worker.bm3.training.loss import Scores, loss_sum, score
from worker.bm3.training.optimizers import optimizers
from worker.bm3.training.recipe import Recipe
from worker.bm3.training.run_manifest import RunStart, machine, note_start
from worker.bm3.training.schedule import learning_rate
from worker.bm3.training.training_log import Journal, LogRow


class TrainingRun:
    """One training run: what was done so far is on disk in `recipe.run.out`."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        if recipe.run.threads:
            torch.set_num_threads(recipe.run.threads)
        mixed = "bf16" if recipe.run.precision == "bfloat16" else "no"
        self.accelerator = Accelerator(mixed_precision=mixed, cpu=recipe.run.device == "cpu")
        self.trainee = build(recipe)
        made = optimizers(self.trainee.model, recipe.optimizer)
        recipe.run.out.mkdir(parents=True, exist_ok=True)
        self.step = checkpoints.load_state(recipe.run.out, self.trainee.model, made)
        self.model, *self.optimizers = self.accelerator.prepare(self.trainee.model, *made)
        self.is_main = self.accelerator.is_main_process
        if self.is_main:
            where = machine(self.accelerator.device)
            note_start(recipe.run.out, RunStart(self.step, recipe.total_steps, where, recipe.model_dump(mode="json")))
        self.journal = Journal(recipe.run.out, self.step) if self.is_main else None
        before = [row.elapsed_s for row in self.journal.rows] if self.journal else []
        self._clock = StepClock(before[-1] if before else 0.0)

    def train(self) -> None:
        """Go on from `step` to the last step of the recipe, logging, evaluating and saving on the way."""
        part = (self.accelerator.process_index, self.accelerator.num_processes)
        batches = Batches(self.recipe, self.trainee, part)
        feed = loader(batches, first_batch(self.step, self.recipe), self.recipe.run.loaders)
        bar = tqdm(total=self.recipe.total_steps, initial=self.step, disable=not self.is_main, dynamic_ncols=True)
        while self.step < self.recipe.total_steps:
            stage = self.recipe.stage_at(self.step)
            loss = self._step(list(itertools.islice(feed, stage.accumulate)))
            bar.update()
            bar.set_postfix_str(f"{stage.name} loss {loss:.3f}")
            self._after_step(loss)
        bar.close()

    def _step(self, batches: list[ExampleBatch]) -> float:
        """One optimizer step; the mean loss of its tokens."""
        rate = learning_rate(self.step, self.recipe.total_steps, self.recipe.optimizer)
        for group in (group for optimizer in self.optimizers for group in optimizer.param_groups):
            group["lr"] = rate * group["lr_share"]
        self.model.train()
        learned = max(1, sum(batch.learned for batch in batches))
        total = 0.0
        for batch in batches:
            with self.accelerator.autocast():
                loss = loss_sum(self.model, batch.to(self.accelerator.device)) / learned
            self.accelerator.backward(loss)
            total += float(loss.detach())
        self.accelerator.clip_grad_norm_(self.model.parameters(), self.recipe.optimizer.clip_norm)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad()
        self.step += 1
        self._clock.count(sum(len(batch.input_ids) for batch in batches), sum(b.input_ids.numel() for b in batches))
        return total

    def _after_step(self, loss: float) -> None:
        run, last = self.recipe.run, self.step == self.recipe.total_steps
        evaluate = last or self.step % run.evaluate_every == 0
        if evaluate or self.step % run.log_every == 0:
            self._log(loss, self._evaluate() if evaluate else None)
        if last or self.step % run.checkpoint_every == 0:
            self._checkpoint()

    def _log(self, loss: float, scores: Scores | None) -> None:
        if self.journal is None:
            return
        examples_per_s, tokens_per_s = self._clock.rates()
        stage = self.recipe.stage_at(self.step - 1).name
        rate = learning_rate(self.step - 1, self.recipe.total_steps, self.recipe.optimizer)
        row = LogRow(
            self.step, stage, loss, rate, examples_per_s, tokens_per_s, self._clock.elapsed_s, **shares(scores)
        )
        self.journal.add(row)
        if scores is not None:
            tqdm.write(f"step {self.step} {stage}: loss {loss:.4f}, held out {shares(scores)}")
            self.journal.draw()

    @torch.no_grad()
    def _evaluate(self) -> Scores:
        self.model.eval()
        stage = self.recipe.stage_at(self.step - 1)
        total = Scores()
        for batch in held_out_batches(stage, self.recipe, self.trainee):
            with self.accelerator.autocast():
                total = total + score(self.model, batch.to(self.accelerator.device))
        return total

    def _checkpoint(self) -> None:
        self.accelerator.wait_for_everyone()
        if not self.is_main:
            return
        model = self.accelerator.unwrap_model(self.model)
        checkpoints.save_state(self.recipe.run.out, self.step, model, self.optimizers)
        checkpoints.replace_folder(
            self.recipe.run.out / "checkpoint", lambda folder: export(model, self.trainee, folder)
        )


class StepClock:
    """Time spent and work done since the last look."""

    def __init__(self, before_s: float) -> None:
        self._start_s = time.monotonic() - before_s
        self._looked_s = time.monotonic()
        self._examples = self._tokens = 0

    @property
    def elapsed_s(self) -> float:
        """Seconds of the whole run, those before a restart included."""
        return round(time.monotonic() - self._start_s, 2)

    def count(self, examples: int, tokens: int) -> None:
        """Note work that was done, for the next `rates`."""
        self._examples += examples
        self._tokens += tokens

    def rates(self) -> tuple[float, float]:
        """Examples and tokens a second since the last call."""
        now_s = time.monotonic()
        spent_s = max(1e-9, now_s - self._looked_s)
        rates = round(self._examples / spent_s, 2), round(self._tokens / spent_s, 1)
        self._looked_s, self._examples, self._tokens = now_s, 0, 0
        return rates


def shares(scores: Scores | None) -> dict[str, float]:
    """The journal's held-out figures."""
    if scores is None:
        return {}
    return {
        "held_out_loss": round(scores.loss / max(1, scores.tokens), 5),
        "held_out_token_accuracy": round(scores.right / max(1, scores.tokens), 4),
        "held_out_exact_spoken": round(scores.spoken_exact / max(1, scores.spoken), 4),
        "held_out_exact_silent": round(scores.silent_exact / max(1, scores.silent), 4),
    }


def export(model: Any, trainee: Trainee, folder: Path) -> None:
    """Weights (adapters alone when there are some), configuration, tokenizer and processor."""
    model.save_pretrained(folder)
    trainee.processor.save_pretrained(folder)
