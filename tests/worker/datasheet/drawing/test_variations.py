"""Outlines of a family of packages, whose length depends on the number of pins."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.text.test_tables import row
from worker.datasheet.drawing import variations
from worker.datasheet.geometry.primitives import Word
from worker.datasheet.text import tables

PAGE = [
    *row(12, (80, "DIM"), (150, "MIN"), (200, "MAX")),
    *row(24, (82, "A"), (150, "2.35"), (200, "2.65")),
    *row(36, (82, "E"), (150, "7.40"), (200, "7.60")),
    *row(90, (80, "DIM"), (150, "MIN"), (200, "MAX"), (240, "N")),
    *row(102, (82, "D"), (150, "10.10"), (200, "10.50"), (238, "16")),
    *row(114, (82, "D"), (150, "12.60"), (200, "13.00"), (238, "20")),
    *row(126, (82, "D"), (150, "15.20"), (200, "15.60"), (238, "24")),
]
LETTERS_ALONE = [w for w in PAGE if w.text not in ("N", "16", "20", "24")]


def lengths(page: list[Word], package: str | None) -> tuple[list[float | None], int]:
    entries, aside = variations.chosen(tables.read(page)[0], page, package)
    assert {"A", "E"} <= {e.symbol for e in entries}
    return [e.quantity.high for e in entries if e.symbol == "D"], len(aside)


@pytest.mark.parametrize("package", ["SOIC-24", "24-Pin Wide SO", "SO24W"])
def test_the_package_name_chooses_the_row(package: str) -> None:
    assert lengths(PAGE, package) == ([15.6], 2)


@pytest.mark.parametrize("package", [None, "SOIC", "SOIC-28"])
@pytest.mark.parametrize("page", [PAGE, LETTERS_ALONE])
def test_without_a_number_of_pins_no_row_is_taken(page: list[Word], package: str | None) -> None:
    assert lengths(page, package) == ([], 3)
