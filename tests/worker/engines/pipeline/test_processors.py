"""Nodes that share processors are told from those that do not, and what is on its way is dealt accordingly."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch

from tests.checkout import ROOT
from tests.worker.engines.pipeline.nodes import pipeline
from worker.engines.pipeline import engine
from worker.engines.pipeline.processors import processors

CPU = torch.device("cpu")
ASK = "import torch; from worker.engines.pipeline.processors import processors; print(processors(torch.device('cpu')))"


def test_processes_with_the_same_cores_share_them() -> None:
    command = [sys.executable, "-c", ASK]
    other = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    assert other == processors(CPU)


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core is all there is")
def test_a_process_that_may_use_other_cores_shares_none() -> None:
    cores = os.sched_getaffinity(0)
    found = []
    try:
        for some in ({min(cores)}, {max(cores)}, cores):
            os.sched_setaffinity(0, some)
            found.append(processors(CPU))
    finally:
        os.sched_setaffinity(0, cores)
    assert len(set(found)) == 3


@pytest.mark.parametrize(("names", "at_once"), [("aaa", 1), ("aba", 2), ("abc", 3)])
def test_as_many_nodes_work_at_once_as_do_not_share_processors(
    names: str, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter(names)
    monkeypatch.setattr(engine, "processors", lambda _: next(drawn))
    with pipeline("bm3_vl", 3) as split_over:
        assert split_over.coordinator.at_once == at_once
