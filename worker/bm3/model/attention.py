"""Plain attention, the fallback behind transformers' attention interface and the definition the others must equal."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


def repeat_heads(x: Tensor, times: int) -> Tensor:
    """(batch, kv_heads, tokens, head_dim) -> (batch, kv_heads * times, tokens, head_dim)."""
    return x if times == 1 else x.repeat_interleave(times, dim=1)


def eager_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float,
    dropout: float = 0.0,
    **_: Any,
) -> tuple[Tensor, Tensor]:
    """query (batch, heads, tokens, head_dim) -> (batch, tokens, heads, head_dim) and the weights.

    `attention_mask` is true where a key is seen, or a number added to the scores. The signature is that of transformers'
    attention interface.
    """
    groups = int(module.num_key_value_groups)  # type: ignore[arg-type]
    scores = (query * scaling) @ repeat_heads(key, groups).transpose(2, 3)
    if attention_mask is not None and attention_mask.dtype == torch.bool:
        scores = scores.masked_fill(~attention_mask, float("-inf"))
    elif attention_mask is not None:
        scores = scores + attention_mask.to(scores.dtype)
    weights = nn.functional.softmax(scores, dim=-1)  # sums in float32 whatever the dtype of the scores
    weights = nn.functional.dropout(weights, p=dropout, training=module.training)
    mixed = weights @ repeat_heads(value, groups)
    return mixed.transpose(1, 2).contiguous(), weights
