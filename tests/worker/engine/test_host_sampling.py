"""Sampling by numpy is sampling by torch: the same laws, the same token at the same draw."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from db.documents.kinds.base import Sampling
from worker.engine import host_sampling, sampling
from worker.engine.choices import Choices

rows = st.lists(st.integers(-160, 160), min_size=2, max_size=40, unique=True).map(
    lambda eighths: np.array(eighths, dtype=np.float32) / 8
)
samplings = st.builds(
    Sampling,
    temperature=st.sampled_from([0.0, 0.25, 0.5, 1.0, 2.0]),
    top_k=st.integers(0, 50),
    top_p=st.sampled_from([0.31, 0.77, 1.0]),
    repetition_penalty=st.sampled_from([0.5, 1.0, 2.0]),
    seed=st.integers(0, 2**63 - 1),
)


@given(rows, samplings, st.integers(0, 1000))
def test_the_same_token_is_chosen(row: np.ndarray, asked: Sampling, rng_step: int) -> None:
    by_torch: Choices = sampling
    by_numpy: Choices = host_sampling
    chosen = by_numpy.choose(row, asked, {0, 1}, rng_step)
    assert chosen == by_torch.choose(torch.from_numpy(row), asked, {0, 1}, rng_step)


@given(rows, samplings.filter(lambda asked: asked.temperature > 0))
def test_the_distribution_is_the_same(row: np.ndarray, asked: Sampling) -> None:
    expected = sampling.probabilities(torch.from_numpy(row), asked).numpy()
    assert host_sampling.probabilities(row, asked) == pytest.approx(expected, abs=1e-5)


@pytest.mark.slow
@given(rows, st.data())
def test_rows_are_barred_alike_and_left_as_they_were(row: np.ndarray, data: st.DataObject) -> None:
    before, tensor = row.copy(), torch.from_numpy(row.copy())
    token = data.draw(st.integers(0, len(row) - 1))
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=len(row), max_size=len(row))))
    assert np.array_equal(host_sampling.without(row, [token]), sampling.without(tensor, [token]).numpy())
    assert np.array_equal(host_sampling.only(row, token), sampling.only(tensor, token).numpy())
    assert np.array_equal(host_sampling.barred(row, allowed), sampling.barred(tensor, allowed).numpy())
    assert host_sampling.mass(row, [token, 0]) == pytest.approx(sampling.mass(tensor, [token, 0]), abs=1e-5)
    assert host_sampling.likeliest(row[None]) == sampling.likeliest(tensor[None])
    assert np.array_equal(row, before)


@given(rows, st.integers(1, 50))
def test_chances_are_told_alike(row: np.ndarray, count: int) -> None:
    got, expected = host_sampling.chance(row, 1, count), sampling.chance(torch.from_numpy(row), 1, count)
    assert got.logprob == pytest.approx(expected.logprob, abs=1e-4)
    assert [token for token, _ in got.likeliest] == [token for token, _ in expected.likeliest]


def test_an_impossible_token_is_not_drawn_at_the_end_of_the_distribution() -> None:
    assert host_sampling.draw(np.array([0.5, 0.5, 0.0], dtype=np.float32), np.nextafter(1.0, 0.0)) == 1
