"""Sampling as pure functions: laws over random logits."""

from __future__ import annotations

import math
from collections import Counter

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from db.documents.kinds.base import Sampling
from worker.engine.sampling import choose, draw, mass, penalised, probabilities, uniform, without

logits = st.lists(st.floats(-20, 20, width=32), min_size=2, max_size=40).map(torch.tensor)
samplings = st.builds(
    Sampling,
    temperature=st.floats(0.05, 5),
    top_k=st.integers(0, 50),
    top_p=st.floats(0.01, 1),
    repetition_penalty=st.floats(0.5, 5),
    seed=st.integers(0, 2**63 - 1),
)


@given(logits, samplings)
@example(torch.tensor([1.0, 1.0000001]), Sampling(temperature=3.0, top_p=0.3))  # equal once divided by 3
def test_probabilities_are_a_distribution(row: torch.Tensor, sampling: Sampling) -> None:
    chances = probabilities(row, sampling)
    assert float(chances.sum()) == pytest.approx(1, abs=1e-4)
    assert bool((chances >= 0).all())
    assert float(chances[row.argmax()]) == pytest.approx(float(chances.max()))


@given(logits, st.integers(1, 50))
def test_top_k_leaves_k_tokens_unless_some_are_equal(row: torch.Tensor, top_k: int) -> None:
    left = int((probabilities(row, Sampling(temperature=1.0, top_k=top_k)) > 0).sum())
    kth = row.sort(descending=True).values[min(top_k, len(row)) - 1]
    assert left <= int((row >= kth).sum())


@given(logits, st.floats(0.01, 0.99))
def test_top_p_keeps_the_smallest_set_that_is_likely_enough(row: torch.Tensor, top_p: float) -> None:
    full = torch.softmax(row, -1)
    kept = probabilities(row, Sampling(temperature=1.0, top_p=top_p)) > 0
    assert float(full[kept].sum()) >= top_p - 1e-4
    if int(kept.sum()) > 1:
        assert float(full[kept].sum() - full[kept].min()) < top_p + 1e-4


@given(logits, samplings, st.integers(0, 1000))
def test_the_same_draw_gives_the_same_token(row: torch.Tensor, sampling: Sampling, rng_step: int) -> None:
    assert choose(row, sampling, {0}, rng_step) == choose(row, sampling, {0}, rng_step)


@given(logits, st.floats(0, 1, exclude_max=True))
def test_no_impossible_token_is_drawn(row: torch.Tensor, at: float) -> None:
    chances = probabilities(row, Sampling(temperature=0.3, top_p=0.5))
    assert float(chances[draw(chances, at)]) > 0


@given(logits)
def test_temperature_zero_takes_the_most_likely(row: torch.Tensor) -> None:
    assert float(row[choose(row, Sampling(), (), 0)]) == float(row.max())


def test_draws_follow_the_probabilities() -> None:
    row = torch.tensor([0.0, math.log(2), math.log(5)])
    sampling = Sampling(temperature=1.0, seed=11)
    counts = Counter(choose(row, sampling, (), n) for n in range(4000))
    assert [counts[token] / 4000 for token in range(3)] == pytest.approx([1 / 8, 2 / 8, 5 / 8], abs=0.03)


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**40))
def test_uniform_numbers_are_in_range_and_need_no_state(seed: int, count: int) -> None:
    assert 0 <= uniform(seed, count) < 1
    assert uniform(seed, count) == uniform(seed, count) != uniform(seed, count + 1)


@given(logits, st.floats(1.1, 5))
def test_a_penalty_makes_said_tokens_less_likely_and_leaves_the_others(row: torch.Tensor, penalty: float) -> None:
    after = penalised(row, {1}, penalty)
    assert float(after[1]) <= float(row[1])
    assert torch.equal(after[2:], row[2:])


def test_the_penalty_is_that_of_transformers() -> None:
    from transformers import RepetitionPenaltyLogitsProcessor

    row, generated = torch.randn(50, generator=torch.Generator().manual_seed(0)), [3, 7, 7, 20]
    expected = RepetitionPenaltyLogitsProcessor(1.3)(torch.tensor([generated]), row[None].clone())[0]
    assert torch.allclose(penalised(row, set(generated), 1.3), expected)


def test_top_k_and_top_p_are_those_of_transformers() -> None:
    from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

    row = torch.randn(200, generator=torch.Generator().manual_seed(1)) * 3
    warped = row[None].clone()
    for warper in (TemperatureLogitsWarper(0.7), TopKLogitsWarper(40), TopPLogitsWarper(0.8)):
        warped = warper(torch.tensor([[0]]), warped)
    ours = probabilities(row, Sampling(temperature=0.7, top_k=40, top_p=0.8))
    assert torch.allclose(ours, torch.softmax(warped[0], -1), atol=1e-6)


def test_a_banned_token_is_never_chosen_and_mass_adds_up() -> None:
    row = torch.tensor([5.0, 1.0, 0.0])
    assert choose(without(row, [0]), Sampling(), (), 0) == 1
    assert mass(row, [0, 1, 2]) == pytest.approx(1)
