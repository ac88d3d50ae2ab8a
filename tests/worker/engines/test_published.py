"""The tables of docs/gpu.md are what the code computes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.worker.engines.published import SHAPES, Shape, Taken, card_row, memory_row, taken

PAGE = (Path(__file__).parents[3] / "docs/gpu.md").read_text().splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_both_rows_of_a_model_stand_on_the_page(shape: Shape) -> None:
    found = taken(shape)
    assert memory_row(shape.name, found) in PAGE
    assert card_row(shape.name, found, "854 x 480") in PAGE


def test_a_card_that_is_too_small_holds_no_stream() -> None:
    one = Taken(10**9, 30 * 10**9, None, {"854 x 480": 10**9})
    assert one.streams(24, one.weights, "854 x 480") == 0
    assert one.streams(48, one.weights, "854 x 480") == 13
