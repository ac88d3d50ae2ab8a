"""The measurement of a card, run with a tiny model where there is none: what it writes, and that it ends in time."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch

from tests.bench import bench_gpu
from tests.bench.bench_gpu import Bench, Film, Plan, step_bytes, table
from tests.worker.engines.models import resident_of
from worker.engines.tiny import TinySize
from worker.streaming.forward import Forward

TINY = Plan("cpu", ("tiny",), 5.0, 12, 1, Film(16, 16, frames=2), streams=(1, 2), watched=(1, 2))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a card")
def test_without_a_card_it_says_so_and_measures_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "argv", ["bench_gpu", "--out", str(tmp_path / "gpu.json")])
    with pytest.raises(SystemExit, match="no CUDA device"):
        bench_gpu.main()
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.skipif(torch.cuda.is_available(), reason="interpreted kernels are what this is about")
def test_it_measures_every_way_that_this_machine_has() -> None:
    report = Bench(TINY).run()
    assert [(row["mode"], row["streams"]) for row in report.decode] == [
        ("apart", 1),
        ("apart", 2),
        ("together", 1),
        ("together", 2),
    ]
    ways = [("apart", 1), ("apart", 2), ("together", 1), ("together", 2)]
    assert [(row["mode"], row["streams"]) for row in report.watch] == ways
    assert report.decode[1]["window"] == [12, 6]
    assert all(row["tokens_per_s"] > 0 and 0 < row["roofline"] < 1 for row in report.decode)
    assert all(row["frames_per_s"] > 0 for row in report.watch)
    assert [row["overlapped_frames_per_s"] is not None for row in report.watch] == [False, True, False, True]
    assert all(row["overlapped_frames_per_s"] > 0 for row in report.watch if row["streams"] > 1)
    assert report.left_out == [
        "tests of the kernels: make test runs them where there is no card",
        "tiny graphs: CUDA alone has them",
    ]
    lines = list(table(report))
    assert lines[0].startswith("no card (processor), 0 GB, PyTorch ")
    assert sum(line.startswith("| tiny | together |") for line in lines) == 4


def test_what_there_is_no_time_for_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    out = tmp_path / "build/gpu.json"
    arguments = ["--device", "cpu", "--shapes", "tiny", "--minutes", "0", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", ["bench_gpu", *arguments])
    bench_gpu.main()
    report = json.loads(out.read_text())
    assert report["decode"] == report["watch"] == []
    assert "tiny: all: no time left" in report["left_out"]


def test_a_way_that_fails_is_named_and_the_others_go_on() -> None:
    bench = Bench(TINY)

    def fails() -> dict[str, object]:
        raise RuntimeError("no kernel image is available\nfor execution")

    bench._noted("8b graphs 4", bench.report.decode, fails)
    bench._noted("8b apart 4", bench.report.decode, lambda: {"streams": 4})
    assert bench.report.decode == [{"mode": "apart", "streams": 4}]
    assert bench.report.left_out == ["8b graphs 4: RuntimeError: no kernel image is available"]


def test_the_least_that_a_step_reads_by_hand() -> None:
    """Three layers of a model of 64 with 4 heads of 16, two of them for keys, and what 10 tokens keep."""
    loaded = resident_of("qwen3_vl", TinySize(), Forward)
    loaded.batcher.close()
    attention = 64 * 64 + 2 * 32 * 64 + 64 * 64 + 2 * 16
    layer = attention + 3 * 64 * 128 + 2 * 64
    head = 64 * loaded.forward._head.weight.shape[0]
    assert step_bytes(loaded.forward, [4, 6]) == 4 * (3 * layer + head) + 10 * 2 * 3 * 2 * 16 * 4
