"""What tests run is measured once: new tests are measured, and lines are found again in code that has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutation.measuring import Run, measured, moved

CODE = "def double(x):\n    return 2 * x\n\n\ndef half(x):\n    return x / 2\n"
DOUBLE = "from room.code import double\n\n\ndef test_double():\n    assert double(2) == 4\n"
HALF = "from room.code import half\n\n\ndef test_half():\n    assert half(2) == 1\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for folder in ("room", "checks"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").touch()
    (tmp_path / "room" / "code.py").write_text(CODE)
    (tmp_path / "checks" / "test_double.py").write_text(DOUBLE)
    return tmp_path


def _lines(runs: list[Run], tree: Path) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for run in runs:
        for line, tests in run.lines(tree).get("room/code.py", {}).items():
            found[line] = found.get(line, set()) | tests
    return {line: tests for line, tests in found.items() if tests}


def test_only_new_tests_are_measured(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    kept = tmp_path_factory.mktemp("kept")
    runs = measured(tree, "checks", ["room"], kept)
    assert _lines(runs, tree) == {2: {"checks/test_double.py::test_double"}}
    assert set(runs[0].seconds) == {"checks/test_double.py::test_double"}

    (tree / "checks" / "test_half.py").write_text(HALF)
    (tree / "room" / "code.py").write_text("FACTOR = 2\n" + CODE)
    runs = measured(tree, "checks", ["room"], kept)
    assert sorted([*run.wanted] for run in runs) == [["checks/test_double.py"], ["checks/test_half.py"]]
    assert _lines(runs, tree) == {
        3: {"checks/test_double.py::test_double"},
        7: {"checks/test_half.py::test_half"},
    }

    (tree / "checks" / "test_half.py").write_text(HALF + "    assert half(4) == 2\n")
    assert len(measured(tree, "checks", ["room"], kept)) == 2
    assert len([*kept.glob("*.json")]) == 3


def test_lines_are_found_where_they_are_now() -> None:
    assert moved("a\nb\nc\n", "x\na\nc\nd\n") == {1: 2, 3: 3}
