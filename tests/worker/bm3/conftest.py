"""A trained checkpoint, as small as can be, for the tests that start from one."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.worker.bm3.recipes import first_stage, recipe  # here, because the scenes' tests do without torch
    from worker.bm3.training.run import TrainingRun

    folder = tmp_path_factory.mktemp("start")
    TrainingRun(recipe(folder, stages=first_stage(1))).train()
    return folder / "run" / "checkpoint"
