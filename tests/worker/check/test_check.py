"""`python -m worker check`: a model that is there and one that is not, and cards that this machine does not have."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from db.ops.findings import Finding, Level
from worker.check.machine import TorchBuild, cards, disk, torch_build
from worker.check.models import advice_for, fitting, model, settings
from worker.engines.spec import ModelSpec
from worker.engines.tiny import write_tiny
from worker.gpus import Driver, Gpu

pytestmark = pytest.mark.processes

GIB = 1 << 30
H200 = Gpu("NVIDIA H200", 141 * GIB, GIB, 0, (9, 0))
T4 = Gpu("Tesla T4", 15 * GIB, 0, 0, (7, 5))


def checked(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "worker", "check", *arguments]
    env = {**os.environ, "OMP_NUM_THREADS": "1", **variables}
    return subprocess.run(command, capture_output=True, text=True, timeout=200, env=env)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny("qwen3_vl", tmp_path_factory.mktemp("models") / "Qwen3-VL-tiny")


def test_a_model_that_is_there_is_loaded_timed_and_its_settings_named(tiny: Path) -> None:
    ran = checked("--json", BM3_WORKER_MODELS=f"q=pytorch:{tiny}?device=cpu")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = [json.loads(line) for line in ran.stdout.splitlines()]
    assert {"gpu", "pytorch", "memory", "disk"} <= {one["subject"] for one in found}
    room, timed = (one["words"] for one in found if one["subject"] == "q")
    assert "qwen3_vl" in room
    assert "tokens/s" in timed
    assert "x real time" in timed
    assert found[-1]["words"].startswith(f"BM3_WORKER_MODELS='q=pytorch:{tiny}?device=cpu' BM3_WORKER_SLOTS=")


def test_a_model_that_is_missing_is_told_with_what_to_do(tmp_path: Path) -> None:
    ran = checked(f"{tmp_path}/gone")
    assert ran.returncode == 1
    assert f"no such folder: {tmp_path}/gone" in ran.stdout
    assert "-> download it: hf download" in ran.stdout
    assert "Traceback" not in ran.stderr


def test_files_alone_can_be_looked_at(tiny: Path) -> None:
    ran = checked(str(tiny), "--no-load")
    assert ran.returncode == 0
    assert "tokens/s" not in ran.stdout
    assert "a stream" in ran.stdout


def test_a_broken_checkpoint_is_told(tmp_path: Path) -> None:
    folder = write_tiny("qwen3_vl", tmp_path / "broken")
    (folder / "model.safetensors").write_bytes(b"short")
    (finding,) = model(str(folder), None)
    assert finding.level is Level.FAIL


def levels(found: list[Finding]) -> dict[str, Level]:
    return {one.subject: one.level for one in found}


def test_cards_are_listed_and_an_old_one_is_told_its_dtype() -> None:
    found = [*cards(Driver("580.95", (13, 0), (H200,)))]
    assert levels(found) == {"driver": Level.OK, "gpu": Level.OK}
    assert "NVIDIA H200, 141.0 GiB, 140.0 GiB free" in found[1].words
    old = [*cards(Driver("580.95", (13, 0), (T4,)))][1]
    assert (old.level, "dtype=float16" in old.advice) == (Level.WARN, True)
    assert levels([*cards(None)]) == {"gpu": Level.WARN}


@pytest.mark.parametrize(
    ("build", "cuda", "level", "said"),
    [
        (TorchBuild("2.15.0+cu132", (13, 2), usable=True), (13, 0), Level.OK, "CUDA 13.2"),
        (TorchBuild("2.15.0+cpu", None, usable=False), (13, 0), Level.FAIL, "cannot use the GPU"),
        (TorchBuild("2.15.0+cu132", (13, 2), usable=False), (12, 4), Level.FAIL, "knows CUDA up to 12.4"),
        (TorchBuild("2.15.0+cu132", (13, 2), usable=False), (13, 0), Level.FAIL, "cannot be opened"),
    ],
)
def test_a_pytorch_that_does_not_fit_the_driver(
    build: TorchBuild, cuda: tuple[int, int], level: Level, said: str
) -> None:
    found = torch_build(build, Driver("550.1", cuda, (H200,)))
    assert found.level is level
    assert said in found.words
    assert torch_build(build, None).level is Level.OK


def test_settings_name_device_dtype_and_slots() -> None:
    spec = ModelSpec.parse("q=pytorch:/models/q")
    assert settings(spec, Driver("580", (13, 0), (H200,)), 9).words == (
        "BM3_WORKER_MODELS='q=pytorch:/models/q?device=cuda&dtype=bfloat16' BM3_WORKER_SLOTS=9"
    )
    assert "dtype=float16" in settings(spec, Driver("580", (13, 0), (T4,)), 1).words
    chosen = ModelSpec.parse("q=pytorch:/models/q?device=cuda:1&quantization=4bit")
    assert "device=cuda:1&quantization=4bit&dtype=" in settings(chosen, Driver("580", (13, 0), (H200,)), 1).words


def test_streams_fit_beside_the_weights() -> None:
    assert fitting(24 * GIB, 17 * GIB, GIB) == 7
    assert fitting(141 * GIB, 17 * GIB, GIB) == 16
    assert fitting(12 * GIB, 17 * GIB, GIB) == 0


def test_a_gated_model_asks_for_a_login() -> None:
    assert "hf auth login" in advice_for("Access to model X is gated (403)")
    assert disk(Path("/no/such/place")).subject == "disk"
