"""How many pins a part has, told by labels and names."""

from __future__ import annotations

import pytest

from worker.datasheet.land.numbering import Label
from worker.datasheet.result import review


@pytest.mark.parametrize(
    ("labels", "package", "pins"),
    [
        ([1, 2, 3], None, 3),
        ([1, 2, 3, 4, 5, 6, 8], None, 8),
        ([1, 7, 8, 14], None, 14),
        ([1, 12, 13, 24, 25, 36, 37, 48], None, 48),
        ([1, 3, 100], None, None),
        ([1, 100], None, None),
        ([], "SOIC-10", 10),
        ([], "RGT", None),
    ],
)
def test_labels_count_pins_only_where_they_are_a_run_or_corners(
    labels: list[int], package: str | None, pins: int | None
) -> None:
    assert review.pins([Label(number, 0.0, 0.0) for number in labels], package) == pins
