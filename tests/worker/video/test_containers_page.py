"""docs/containers.md: its table is the matrix's, and the tests it names exist."""

from __future__ import annotations

import re
from pathlib import Path

from tests.worker.video.matrix.sources import CONTAINERS, FAULTS

HERE = Path(__file__).parent
PAGE = (HERE.parents[2] / "docs" / "containers.md").read_text(encoding="utf-8")
COLUMNS = [
    {"none"},
    {"starts an hour late"},
    {"stands still for 5 s"},
    {"leaps ten hours", "clock leaps in the bytes"},
    {"one picture 20 s late", "one stamp 20 s late"},
    {"two recordings glued"},
    {"foreign bytes at the end"},
    {"broken off"},
]


def test_the_table_is_what_the_matrix_tries() -> None:
    rows = {
        cells[0]: [cell == "yes" for cell in cells[2:]]
        for line in PAGE.splitlines()
        if line.startswith("|") and (cells := [cell.strip() for cell in line.strip("|").split("|")])[0] in CONTAINERS
    }
    tried = {
        name: [any(name in FAULTS[fault].containers for fault in column) for column in COLUMNS] for name in CONTAINERS
    }
    assert rows == tried


def test_the_tests_it_names_exist() -> None:
    written = {name for path in HERE.rglob("test_*.py") for name in re.findall(r"def (test_\w+)", path.read_text())}
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert named
    assert named <= written
