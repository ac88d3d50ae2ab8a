"""Words of headings that tell figures apart."""

from __future__ import annotations

import pytest

from worker.datasheet.search.headings import words_of


@pytest.mark.parametrize(
    ("heading", "size"),
    [("6.1. Outline: 3.2 x 5 mm 4-pin DFN", "3.2X5"), ("6.2. Outline: 2.5 × 3.2 mm 4-pin DFN", "2.5X3.2"), ("2x2.5 mm", "2X2.5")],
)  # fmt: skip
def test_the_size_of_a_part_is_one_word(heading: str, size: str) -> None:
    assert size in words_of(heading)


def test_sizes_that_share_a_side_differ() -> None:
    asked = words_of("2.5 x 3.2 mm DFN")
    assert asked - words_of("Package: 3.2 x 5 mm DFN") == {"2.5X3.2"}
