"""Mutants are drawn from a room's code by a seed, and not where no test could tell a fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutation.covering import Covering
from tests.mutation.sample import Equivalent, equivalents, is_equivalent, sample

ROOT = Path(__file__).parents[2]
CODE = """
from dataclasses import dataclass
from functools import cache

PAUSE_S = 2.0
COUNT: int | None = 3
Number = int | float


@dataclass(frozen=True)
class Point:
    x: int | float = 4


def is_near(a: Point, b: Point | None) -> bool | None:
    log.info("%s", 7 - 1)
    return b is not None and a.x + 1 == b.x


class Shape(Protocol):
    @property
    def area(self) -> float:
        'In square metres.'

    @property
    def name(self):
        return self.kind


@cache
def reply(socket):
    return socket.read(timeout=3)
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "near.py").write_text(CODE)
    return tmp_path


def test_every_kind_of_fault_but_those_that_no_test_could_tell(tree: Path) -> None:
    found = {
        (spec.start_pos[0], spec.operator_name.removeprefix("core/").split("_")[0])
        for spec in sample(tree, "room", 99, 1)
    }
    assert found == {
        (6, "NumberReplacer"),
        (10, "RemoveDecorator"),
        (12, "NumberReplacer"),
        (17, "ReplaceAndWithOr"),
        (17, "ReplaceBinaryOperator"),
        (17, "ReplaceComparisonOperator"),
        (17, "NumberReplacer"),
        (25, "RemoveDecorator"),
    }


def test_a_seed_draws_the_same_again_and_another_seed_others(tree: Path) -> None:
    draws = [[(s.start_pos, s.operator_name) for s in sample(tree, "room", 3, seed)] for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]
    assert len(draws[0]) == 3


def test_the_nearest_and_quickest_tests_come_first_and_for_an_unseen_line_its_own_and_its_folders() -> None:
    own, near, quick = "tests/db/jobs/test_x.py::own", "tests/db/jobs/test_a.py::near", "tests/db/jobs/test_a.py::quick"
    far = "tests/api/test_b.py::far"
    seconds = {own: 3.0, near: 2.0, quick: 0.1, far: 0.01}
    covering = Covering({"db/jobs/x.py": {3: {far, near, quick, own}}}, seconds)
    assert covering.of("db/jobs/x.py", 3) == [quick, near, own, far]
    assert covering.of("db/jobs/x.py", 4) == [own, quick, near, far]
    assert covering.of("db/jobs/deep/y.py", 4) == [quick, near, own]


def test_a_known_equivalent_is_told_by_its_file_and_line() -> None:
    known = [Equivalent("db/a.py", "x = 1", "why")]
    diff = "--- a\n+++ b\n-    x = 2\n+    x = 1\n"
    assert is_equivalent("db/a.py", diff, known)
    assert not is_equivalent("db/b.py", diff, known)
    assert not is_equivalent("db/a.py", "+    x = 3\n", known)


def test_the_list_of_equivalents_speaks_of_files_that_are_there() -> None:
    assert {one.path for one in equivalents() if not (ROOT / one.path).exists()} == set()
    assert all(one.reason for one in equivalents())
