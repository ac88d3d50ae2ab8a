"""Attention over a stream's keys: both ways of computing it agree, and no token sees one that comes after it."""

from __future__ import annotations

import math

import pytest
import torch

from worker.streaming.attention import ATTENTION, causal_mask, eager, sdpa

CPU = torch.device("cpu")


def values(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("masked", [True, False])
def test_the_fused_attention_is_the_one_written_out(masked: bool) -> None:
    query, keys, content = values(2, 3, 8), values(2, 5, 8, seed=1), values(2, 5, 8, seed=2)
    mask = causal_mask(3, 5, 1, CPU) if masked else None
    torch.testing.assert_close(
        eager(query, keys, content, mask, 0.3), sdpa(query, keys, content, mask, 0.3), atol=1e-5, rtol=1e-5
    )


@pytest.mark.parametrize("name", ATTENTION)
def test_attention_by_hand(name: str) -> None:
    """Two keys: weights 1 / (1 + e) and e / (1 + e) where the second scores 1 more."""
    query, keys = torch.tensor([[[2.0]]]), torch.tensor([[[0.0], [1.0]]])
    content = torch.tensor([[[10.0], [20.0]]])
    found = ATTENTION[name](query, keys, content, None, 0.5)
    assert found.item() == pytest.approx((10 + 20 * math.e) / (1 + math.e), rel=1e-5)
    only_first = ATTENTION[name](query, keys, content, torch.tensor([[True, False]]), 0.5)
    assert only_first.item() == pytest.approx(10.0)


def test_new_tokens_see_all_that_is_older_and_themselves() -> None:
    assert causal_mask(2, 4, 1, CPU).tolist() == [[True, True, True, False], [True, True, True, True]]
    assert causal_mask(2, 2, 1, CPU).tolist() == [[True, False], [True, True]]
    assert causal_mask(1, 3, 1, CPU).tolist() == [[True, True, True]]


def test_queries_that_share_a_key_head_see_the_same() -> None:
    once = causal_mask(2, 3, 1, CPU).tolist()
    assert causal_mask(2, 3, 3, CPU).tolist() == once * 3
