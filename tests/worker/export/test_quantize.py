"""Codes of few bits: what they stand for is near, packed as ONNX Runtime reads it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.export import quantize
from worker.export.quantize import block_for, least_squares, round_to_nearest, unpack

shapes = st.tuples(st.integers(1, 9), st.integers(1, 300), st.sampled_from([16, 32, 128]), st.sampled_from([4, 8]))


@given(shapes, st.integers(0, 2**32 - 1))
def test_no_weight_is_further_off_than_half_a_step(shape: tuple[int, int, int, int], seed: int) -> None:
    outputs, inputs, block, bits = shape
    weights = np.random.default_rng(seed).normal(0, 1, (outputs, inputs)).astype(np.float32)
    coded = round_to_nearest(weights, bits, block)
    steps = np.repeat(coded.scales, block, axis=1)[:, :inputs]
    # Zero is a whole code, so an end of the range may be up to one step further out.
    assert (np.abs(unpack(coded) - weights) <= steps * 1.001).all()
    assert (np.abs(unpack(coded) - weights) <= steps * 0.501).mean() > 0.8


@given(shapes)
def test_zeros_stay_zeros(shape: tuple[int, int, int, int]) -> None:
    outputs, inputs, block, bits = shape
    assert not unpack(round_to_nearest(np.zeros((outputs, inputs), np.float32), bits, block)).any()


def test_slabs_of_rows_are_what_the_whole_matrix_is(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = np.random.default_rng(0).normal(0, 1, (37, 200)).astype(np.float32)
    whole = round_to_nearest(weights, 4, 32)
    monkeypatch.setattr(quantize, "SLAB_NUMBERS", 900)
    parts = round_to_nearest(weights, 4, 32)
    for name in ("packed", "scales", "zeros"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name))


def test_a_small_matrix_has_small_blocks() -> None:
    assert [block_for(inputs, 128) for inputs in (2560, 128, 127, 64, 40, 7)] == [128, 128, 64, 64, 32, 16]


@given(shapes, st.integers(0, 2**32 - 1))
def test_least_squares_is_never_further_off_in_any_block(shape: tuple[int, int, int, int], seed: int) -> None:
    outputs, inputs, block, bits = shape
    weights = np.random.default_rng(seed).standard_t(3, (outputs, inputs)).astype(np.float32)

    def errors(coded: quantize.Quantized) -> np.ndarray:
        return np.square(quantize.blocks_of(unpack(coded) - weights, block)).sum(axis=2)

    base, better = errors(round_to_nearest(weights, bits, block)), errors(least_squares(weights, bits, block))
    assert (better <= base * 1.0001 + 1e-9).all()


def test_least_squares_cuts_off_what_stands_alone() -> None:
    weights = np.random.default_rng(0).normal(0, 1, (8, 128)).astype(np.float32)
    weights[:, 5] = 7.0
    base, better = (method(weights, 4, 128) for method in (round_to_nearest, least_squares))
    assert np.square(unpack(better) - weights).sum() < 0.98 * np.square(unpack(base) - weights).sum()
