"""A sample of the matrix of containers, faults and starts; all of it runs by `python -m tests.worker.video.matrix`."""

from __future__ import annotations

import random

import pytest

from tests.worker.video.matrix.cases import Bench, Case, cases

pytestmark = pytest.mark.slow

SAMPLED = 40


def sampled() -> list[Case]:
    """Spread over all: every fault, then whatever chance takes, the same in every run."""
    every = list(cases())
    random.Random(12).shuffle(every)
    firsts = {case.fault: case for case in every}
    others = [case for case in every if case not in firsts.values()]
    return [*firsts.values(), *others[: SAMPLED - len(firsts)]]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("matrix"))


@pytest.mark.parametrize("case", sampled(), ids=str)
def test_nothing_is_shown_wrong_without_a_gap(bench: Bench, case: Case) -> None:
    assert bench.problems(case) == []


def test_there_are_enough_cases() -> None:
    assert len(list(cases())) >= 300
