"""The decoder of BM3-VL: Qwen3 layers (QK-norm, grouped queries, SwiGLU) with three-axis rotary positions and DeepStack.

Shapes: B sequences, N tokens, D hidden size.
"""

# mypy: disable-error-code="misc, no-untyped-call"
# transformers' base classes have untyped hooks, and instance attributes where it reads class attributes.

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from transformers.activations import ACT2FN
from transformers.cache_utils import Cache, DynamicCache
from transformers.masking_utils import create_causal_mask
from transformers.modeling_layers import GradientCheckpointingLayer
from transformers.modeling_outputs import BaseModelOutputWithPast
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from worker.bm3.model.attention import eager_attention
from worker.bm3.model.base import BM3VLPreTrainedModel
from worker.bm3.model.config import BM3VLTextConfig
from worker.bm3.model.rotary import BM3VLTextRotaryEmbedding, rotate
from worker.compat import cache_argument, takes_either_name

Angles = tuple[Tensor, Tensor]


class BM3VLTextRMSNorm(nn.Module):
    """Root mean square norm in float32 (arXiv 1910.07467)."""

    def __init__(self, hidden_size: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(hidden_size))
        self.variance_epsilon = eps

    def forward(self, x: Tensor) -> Tensor:
        """x (..., hidden_size) -> the same shape and dtype; the mean is taken in float32."""
        wide = x.float()
        wide = wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + self.variance_epsilon)
        return self.weight * wide.to(x.dtype)


class BM3VLTextAttention(nn.Module):
    """Causal attention; queries and keys are normed per head before they are rotated (Qwen3 report, section 2)."""

    def __init__(self, config: BM3VLTextConfig, layer_idx: int) -> None:
        super().__init__()
        self.config = config
        self.layer_idx = layer_idx
        self.head_dim = config.head_dim
        heads, kv_heads = config.num_attention_heads, config.num_key_value_heads or config.num_attention_heads
        self.num_key_value_groups = heads // kv_heads
        self.scaling = self.head_dim**-0.5
        self.attention_dropout = config.attention_dropout
        self.is_causal = True
        bias = config.attention_bias
        self.q_proj = nn.Linear(config.hidden_size, heads * self.head_dim, bias=bias)
        self.k_proj = nn.Linear(config.hidden_size, kv_heads * self.head_dim, bias=bias)
        self.v_proj = nn.Linear(config.hidden_size, kv_heads * self.head_dim, bias=bias)
        self.o_proj = nn.Linear(heads * self.head_dim, config.hidden_size, bias=bias)
        self.q_norm = BM3VLTextRMSNorm(self.head_dim, eps=config.rms_norm_eps)
        self.k_norm = BM3VLTextRMSNorm(self.head_dim, eps=config.rms_norm_eps)

    def forward(
        self,
        hidden_states: Tensor,
        position_embeddings: Angles,
        attention_mask: Tensor | None,
        cache: Cache | None = None,
        **kwargs: Any,
    ) -> tuple[Tensor, Tensor | None]:
        """hidden_states (B, N, D), angles' cos and sin (B, N, head_dim) -> (B, N, D) and, when eager, the weights."""
        heads_shape = (*hidden_states.shape[:-1], -1, self.head_dim)
        cos, sin = (part[:, None] for part in position_embeddings)
        query = rotate(self.q_norm(self.q_proj(hidden_states).view(heads_shape)).transpose(1, 2), cos, sin)
        key = rotate(self.k_norm(self.k_proj(hidden_states).view(heads_shape)).transpose(1, 2), cos, sin)
        value = self.v_proj(hidden_states).view(heads_shape).transpose(1, 2)
        if cache is not None:
            key, value = cache.update(key, value, self.layer_idx)
        attend: Callable[..., Any] = ALL_ATTENTION_FUNCTIONS.get_interface(
            self.config._attn_implementation, eager_attention
        )
        dropout = self.attention_dropout if self.training else 0.0
        mixed, weights = attend(
            self, query, key, value, attention_mask, dropout=dropout, scaling=self.scaling, **kwargs
        )
        return self.o_proj(mixed.reshape(*hidden_states.shape[:-1], -1)), weights


class BM3VLTextMLP(nn.Module):
    """SwiGLU (arXiv 2002.05202)."""

    def __init__(self, config: BM3VLTextConfig) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.up_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.down_proj = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)
        self.act_fn = ACT2FN[config.hidden_act]

    def forward(self, x: Tensor) -> Tensor:
        """x (..., hidden_size) -> the same shape."""
        out: Tensor = self.down_proj(self.act_fn(self.gate_proj(x)) * self.up_proj(x))
        return out


class BM3VLTextDecoderLayer(GradientCheckpointingLayer):
    def __init__(self, config: BM3VLTextConfig, layer_idx: int) -> None:
        super().__init__()
        self.self_attn = BM3VLTextAttention(config, layer_idx)
        self.mlp = BM3VLTextMLP(config)
        self.input_layernorm = BM3VLTextRMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        self.post_attention_layernorm = BM3VLTextRMSNorm(config.hidden_size, eps=config.rms_norm_eps)

    def forward(
        self,
        hidden_states: Tensor,
        position_embeddings: Angles,
        attention_mask: Tensor | None = None,
        cache: Cache | None = None,
        **kwargs: Any,
    ) -> Tensor:
        """hidden_states (B, N, D), angles as of the attention -> (B, N, D)."""
        attended, _ = self.self_attn(
            self.input_layernorm(hidden_states),
            position_embeddings=position_embeddings,
            attention_mask=attention_mask,
            cache=cache,
            **kwargs,
        )
        hidden_states = hidden_states + attended
        out: Tensor = hidden_states + self.mlp(self.post_attention_layernorm(hidden_states))
        return out


class BM3VLTextModel(BM3VLPreTrainedModel):
    """Tokens, some of them pictures, to hidden states."""

    config_class = BM3VLTextConfig
    input_modalities = ("text",)

    def __init__(self, config: BM3VLTextConfig) -> None:
        super().__init__(config)
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size, config.pad_token_id)
        self.layers = nn.ModuleList([BM3VLTextDecoderLayer(config, index) for index in range(config.num_hidden_layers)])
        self.norm = BM3VLTextRMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        self.rotary_emb = BM3VLTextRotaryEmbedding(config)
        self.gradient_checkpointing = False
        self.post_init()

    @takes_either_name
    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        cache: Cache | None = None,
        inputs_embeds: Tensor | None = None,
        use_cache: bool | None = None,
        visual_pos_masks: Tensor | None = None,
        deepstack_visual_embeds: list[Tensor] | None = None,
        **kwargs: Any,
    ) -> BaseModelOutputWithPast:
        """The arguments are transformers' Qwen3-VL's.

        position_ids: (3, B, N) time, height, width; (4, B, N) with the plain text position in front; (B, N) for text.
        attention_mask: (B, N) of ones and zeros, or a ready 4-D mask for the attention backend.
        visual_pos_masks: (B, N) true at picture tokens, V in all; deepstack_visual_embeds: one (V, D) a layer.
        Raises ValueError unless exactly one of input_ids and inputs_embeds is given.
        """
        if (input_ids is None) == (inputs_embeds is None):
            raise ValueError("give exactly one of input_ids and inputs_embeds")
        hidden = self.embed_tokens(input_ids) if inputs_embeds is None else inputs_embeds
        use_cache = self.config.use_cache if use_cache is None else use_cache
        if use_cache and cache is None and not self.training:
            cache = DynamicCache(config=self.config)
        text_positions, position_ids = _split_positions(position_ids, hidden, cache)
        mask = create_causal_mask(
            config=self.config,
            inputs_embeds=hidden,
            attention_mask=attention_mask,
            position_ids=text_positions,
            **cache_argument(cache),
        )
        angles = self.rotary_emb(hidden, position_ids)
        extra = deepstack_visual_embeds or []
        for index, layer in enumerate(self.layers):
            hidden = layer(hidden, position_embeddings=angles, attention_mask=mask, cache=cache, **kwargs)
            if index < len(extra) and visual_pos_masks is not None:
                hidden = _with_deepstack(hidden, visual_pos_masks, extra[index])
        return BaseModelOutputWithPast(last_hidden_state=self.norm(hidden), **cache_argument(cache))


def _split_positions(position_ids: Tensor | None, hidden: Tensor, past: Cache | None) -> tuple[Tensor | None, Tensor]:
    """(plain text positions or None, (3, B, N) rotary positions); counted on from the cache when none are given."""
    if position_ids is None:
        seen = past.get_seq_length() if past is not None else 0
        position_ids = torch.arange(seen, seen + hidden.shape[1], device=hidden.device).expand(hidden.shape[0], -1)
    if position_ids.ndim == 2:
        return position_ids, position_ids[None].expand(3, -1, -1)
    if position_ids.shape[0] == 4:
        return position_ids[0], position_ids[1:]
    return None, position_ids


def _with_deepstack(hidden: Tensor, visual_pos_masks: Tensor, features: Tensor) -> Tensor:
    """Add a deeper look at the picture to the tokens that stand for it (DeepStack, section 3)."""
    mask = visual_pos_masks.to(hidden.device)[..., None].expand_as(hidden)
    added = torch.zeros_like(hidden).masked_scatter(mask, features.to(hidden.device, hidden.dtype))
    return hidden + added
