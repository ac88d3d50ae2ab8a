"""Models that cannot be loaded are tried again, less and less often, while the others stay usable."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from db.failures import Failure
from tests.worker.engines.models import checkpoint_folder
from worker.bm3 import NANO
from worker.child.models import LONGEST_PAUSE_S, Models
from worker.engines.inspection import inspect
from worker.engines.spec import ModelSpec
from worker.errors import Permanent


def test_a_model_that_comes_later_is_loaded_then(tmp_path: Path) -> None:
    models = Models([f"late=pytorch:{tmp_path / 'late'}", "fake=fake"], reload_s=0.2)
    late, fake = models.reports(load=True)
    assert (late.name, fake.problem) == ("late", None)
    assert "late" in (late.problem or "")
    (tmp_path / "late").symlink_to(NANO)
    time.sleep(models.retry_in_s())
    late, fake = models.reports(load=True)
    assert (late.problem, late.info["family"]) == (None, "bm3_vl")
    assert models.engine("late") is models.engine(None)
    assert models.retry_in_s() == 0


def test_a_model_that_loads_and_does_not_run_is_found_before_a_job_is_taken(tmp_path: Path) -> None:
    """Its preprocessor speaks of two colours: nothing asks before the first picture."""
    folder = shutil.copytree(checkpoint_folder("qwen3_vl"), tmp_path / "model")
    (folder / "preprocessor_config.json").write_text('{"image_mean": [0.5, 0.5], "image_std": [0.5, 0.5]}')
    (report,) = Models([f"odd=pytorch:{folder}?device=cpu"]).reports(load=True)
    assert report.problem is not None
    assert report.info == {}


def test_a_report_says_what_a_model_is_and_takes() -> None:
    (report,) = Models([f"tiny=pytorch:{checkpoint_folder('qwen3_vl')}?device=cpu"]).reports(load=True)
    found = inspect(ModelSpec("tiny", "pytorch", str(checkpoint_folder("qwen3_vl")), {"device": "cpu"}))
    assert report.problem is None
    assert report.info["parameters"] == found.parameters
    assert report.info["memory_bytes"] == pytest.approx(found.weights, rel=0.02)
    assert (report.info["dtype"], report.info["device"]) == ("float32", "cpu")


def test_tries_are_farther_and_farther_apart(tmp_path: Path) -> None:
    path = tmp_path / "late"
    models = Models([f"late=pytorch:{path}"], reload_s=0.2)
    pauses = []
    for _ in range(3):
        with pytest.raises(Permanent) as caught:
            models.engine("late")
        assert caught.value.code is Failure.MODEL_UNAVAILABLE
        pauses.append(models.retry_in_s())
        time.sleep(models.retry_in_s())
    assert [round(pause, 1) for pause in pauses] == [0.2, 0.4, 0.8]


def test_a_job_in_between_is_refused_at_once_and_does_not_try(tmp_path: Path) -> None:
    models = Models([f"late=pytorch:{tmp_path / 'late'}"], reload_s=2 * LONGEST_PAUSE_S)
    models.reports(load=True)
    (tmp_path / "late").symlink_to(NANO)
    with pytest.raises(Permanent):
        models.engine("late")
    assert 0 < models.retry_in_s() <= LONGEST_PAUSE_S
