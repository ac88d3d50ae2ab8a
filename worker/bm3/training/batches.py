"""Batches by number: which examples a step sees is a function of the recipe and the step alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Protocol

from torch.utils.data import DataLoader, Dataset

from worker.bm3.data.examples import Example, ExampleBatch, batch
from worker.bm3.data.layout import Layout
from worker.bm3.data.source_messages import MessagesSource
from worker.bm3.data.source_scenes import SceneSource
from worker.bm3.training.build import Trainee
from worker.bm3.training.recipe import Recipe, TrainingStage


class ExampleSource(Protocol):
    def example(self, index: int) -> Example:
        """Example number `index`: the same for the same number, however often and wherever it is asked for."""
        ...


class Batches(Dataset[ExampleBatch]):
    """Micro-batch `number` counts from 0 in the whole run; the stage follows from it, and one source fills the batch."""

    def __init__(self, recipe: Recipe, trainee: Trainee, part: tuple[int, int] = (0, 1)) -> None:
        self._recipe = recipe
        self._rank, self._parts = part
        self._merge, self._pad_id = trainee.shape.merge, trainee.pad_id
        self._sources = {stage.name: sources_of(stage, recipe, trainee, held_out=False) for stage in recipe.stages}

    def __len__(self) -> int:
        return sum(stage.steps * stage.accumulate for stage in self._recipe.stages)

    def __getitem__(self, number: int) -> ExampleBatch:
        stage = stage_of(number, self._recipe)
        sources = self._sources[stage.name]
        source = sources[number % len(sources)]
        first = (number * self._parts + self._rank) * stage.batch
        examples = [source.example(index) for index in range(first, first + stage.batch)]
        return batch(examples, self._merge, self._pad_id)


def stage_of(number: int, recipe: Recipe) -> TrainingStage:
    """The stage that micro-batch `number` (from 0 in the whole run) belongs to. Raises IndexError past the last one."""
    for stage in recipe.stages:
        if number < stage.steps * stage.accumulate:
            return stage
        number -= stage.steps * stage.accumulate
    raise IndexError("past the last batch")


def first_batch(step: int, recipe: Recipe) -> int:
    """The number of the first micro-batch of an optimizer step."""
    number = 0
    for stage in recipe.stages:
        number += min(step, stage.steps) * stage.accumulate
        step -= min(step, stage.steps)
    return number


def sources_of(stage: TrainingStage, recipe: Recipe, trainee: Trainee, held_out: bool) -> list[ExampleSource]:
    """What a stage is fed from: its scenes, then its files of messages; `held_out` gives what training never sees."""
    layout = Layout(trainee.tokenizer)
    scenes: list[ExampleSource] = [
        SceneSource(scene, layout, trainee.shape, recipe.run.seed, held_out) for scene in stage.scenes
    ]
    return scenes + [MessagesSource(table, trainee.processor, recipe.run.seed, held_out) for table in stage.messages]


def loader(batches: Batches, start: int, processes: int | None) -> Iterator[ExampleBatch]:
    """The batches from number `start` on, prepared ahead by other processes; None: one for each core but one."""
    processes = max(1, (os.cpu_count() or 2) - 1) if processes is None else processes
    options: dict[str, Any] = {"prefetch_factor": 4, "multiprocessing_context": "fork"} if processes else {}
    numbers = range(start, len(batches))
    return iter(DataLoader(batches, batch_size=None, sampler=numbers, num_workers=processes, **options))


def held_out_batches(stage: TrainingStage, recipe: Recipe, trainee: Trainee) -> Iterator[ExampleBatch]:
    """`evaluate_examples` examples of data that training never sees, in the stage's batch size."""
    for source in sources_of(stage, recipe, trainee, held_out=True):
        for first in range(0, recipe.run.evaluate_examples, stage.batch):
            indices = range(first, min(first + stage.batch, recipe.run.evaluate_examples))
            yield batch([source.example(index) for index in indices], trainee.shape.merge, trainee.pad_id)
