"""Masks: the attention backends agree, and a token that is out of sight changes nothing."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tests.worker.bm3.model.test_parity import CASES, VIDEO, twins


def masked_logits(backend: str, ids: Tensor, mask: Tensor) -> Tensor:
    ours, _ = twins("deep")
    ours.set_attn_implementation(backend)
    case = CASES["video"]
    positions, _ = ours.model.get_rope_index(
        case["input_ids"], case["mm_token_type_ids"], video_grid_thw=case["video_grid_thw"]
    )
    with torch.no_grad():
        logits: Tensor = ours(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            pixel_values_videos=case["pixel_values_videos"],
            video_grid_thw=case["video_grid_thw"],
        ).logits
    return logits


def hiding(columns: slice) -> Tensor:
    """Causal, but the last token does not see some columns."""
    length = CASES["video"]["input_ids"].shape[1]
    mask = torch.ones(1, 1, length, length, dtype=torch.bool).tril()
    mask[..., -1, columns] = False
    return mask


def test_backends_agree_on_a_mask() -> None:
    ids, mask = CASES["video"]["input_ids"], hiding(slice(1, 5))
    torch.testing.assert_close(masked_logits("eager", ids, mask), masked_logits("sdpa", ids, mask), atol=1e-4, rtol=0)


@pytest.mark.parametrize("backend", ["eager", "sdpa"])
def test_what_is_out_of_sight_of_all_does_not_matter(backend: str) -> None:
    ids = CASES["video"]["input_ids"]
    mask = torch.ones_like(hiding(slice(0))).tril()
    mask[..., 1:, 0] = False
    changed = ids.clone()
    changed[0, 0] = 42
    assert ids[0, 0] not in (42, VIDEO)
    one, two = masked_logits(backend, ids, mask), masked_logits(backend, changed, mask)
    torch.testing.assert_close(one[:, 1:], two[:, 1:], atol=1e-5, rtol=0)
    assert (one[:, 0] - two[:, 0]).abs().max() > 1e-3
