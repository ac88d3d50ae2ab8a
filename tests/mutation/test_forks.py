"""Tests run in forks: what they end with, and that one that hangs is killed with all it has started."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mutation.__main__ import _failures
from tests.mutation.forks import TOO_LONG, Forks

TESTS = """
import subprocess

from db.value import VALUE


def test_value():
    assert VALUE == 1


def test_hang(tmp_path):
    child = subprocess.Popen(["sleep", "600"])
    open("child", "w").write(str(child.pid))
    child.wait()
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for folder in ("db", "tests"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").touch()
    (tmp_path / "db" / "value.py").write_text("VALUE = 1\n")
    (tmp_path / "tests" / "test_it.py").write_text(TESTS)
    return tmp_path


@pytest.fixture
def forks(tree: Path) -> Iterator[Forks]:
    forks = Forks(tree)
    yield forks
    forks.close()


def test_each_run_sees_the_code_as_it_is_then(tree: Path, forks: Forks) -> None:
    asked, output = ["tests/test_it.py::test_value", "-p", "no:cacheprovider"], tree / "output"
    assert forks.run(asked, output, 60) == 0
    (tree / "db" / "value.py").write_text("VALUE = 2\n")
    assert forks.run(asked, output, 60) == 1
    assert "FAILED tests/test_it.py::test_value" in output.read_text()
    (tree / "db" / "value.py").write_text("VALUE = 1\n")
    assert forks.run(asked, output, 60) == 0


def test_a_run_that_hangs_is_killed_with_what_it_started(tree: Path, forks: Forks) -> None:
    assert forks.run(["tests/test_it.py::test_hang", "-p", "no:cacheprovider"], tree / "output", 10) == TOO_LONG
    child = Path("/proc", (tree / "child").read_text())
    deadline = time.monotonic() + 60
    while child.exists() and "Z" not in (child / "stat").read_text().rpartition(")")[2]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_line_of_a_log_is_no_test_that_failed() -> None:
    output = "ERROR    worker.live:live.py:7 no link\nFAILED tests/a.py::b - assert 1\nERROR tests/c.py::d[x] - OSError"
    assert [*_failures(output)] == ["tests/a.py::b", "tests/c.py::d[x]"]
