"""Which layers go where: as good as trying every cut, and refused with a reason where nothing fits."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.split.plan import CannotSplit, ModelParts, balance

SIZES = st.lists(st.integers(1, 50), min_size=4, max_size=9).map(tuple)


def fullest(parts: ModelParts, ranges: list[range], weights: list[float]) -> float:
    loads = [sum(parts.layers[index] for index in one) for one in ranges]
    loads[0] += parts.starter
    loads[-1] += parts.finisher
    return max(load / weight for load, weight in zip(loads, weights, strict=True))


@given(
    SIZES,
    st.integers(0, 80),
    st.integers(0, 80),
    st.integers(1, 3),
    st.lists(st.floats(0.1, 1), min_size=2, max_size=4),
)
def test_no_other_cut_is_better(
    layers: tuple[int, ...], starter: int, finisher: int, starter_layers: int, weights: list[float]
) -> None:
    parts = ModelParts(layers, starter, finisher, starter_layers)
    every_cut = [
        [range(a, b) for a, b in pairwise((0, *cuts, len(layers)))]
        for cuts in combinations(range(starter_layers, len(layers)), len(weights) - 1)
    ]
    if not every_cut:
        with pytest.raises(CannotSplit, match="use fewer nodes"):
            balance(parts, weights)
        return
    found = balance(parts, weights)
    assert [index for one in found for index in one] == list(range(len(layers)))
    assert len(found[0]) >= starter_layers
    assert fullest(parts, found, weights) == pytest.approx(min(fullest(parts, one, weights) for one in every_cut))


@pytest.mark.parametrize("weights", [[0.5, 0.0], [0.5, -1], [1, float("nan")], [1, float("inf")]])
def test_weights_that_are_none_are_refused(weights: list[float]) -> None:
    with pytest.raises(CannotSplit, match="above 0"):
        balance(ModelParts((1, 1, 1), 0, 0), weights)
