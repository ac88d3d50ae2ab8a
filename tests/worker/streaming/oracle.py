"""The slow way, kept as oracle: raw keys of everything visible, rotated anew at each step to positions from the stock model.

It shares no code with the engine: attention is written out, positions come from transformers' `get_rope_index` on the
visible ids, eviction is decided by plain rules on tagged tokens.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import torch

from db.documents.kinds.video import Window


@dataclass(frozen=True)
class Token:
    """One visible token; `grid` is set on the first token of a picture, (1, rows, columns) in patches."""

    id: int
    visual: bool
    role: str
    chunk: int
    grid: tuple[int, int, int] | None = None


@dataclass(frozen=True)
class Past:
    """A chunk that was shown; its reply's tokens count with the turn marks around it."""

    chunk: int
    end_ms: int
    reply_tokens: int
    silent: bool


class Oracle:
    """A stream of tokens through the stock model's weights."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.text = model.model.language_model
        self.tokens: list[Token] = []
        layers = len(self.text.layers)
        self.keys: list[torch.Tensor | None] = [None] * layers
        self.values: list[torch.Tensor | None] = [None] * layers
        self.linear: dict[int, LinearLayer] = {}

    def positions(self) -> torch.Tensor:
        """(3, visible tokens), contiguous from 0."""
        grids = [token.grid for token in self.tokens if token.grid]
        if not grids:
            return torch.arange(len(self.tokens)).expand(3, -1)
        places, _ = self.model.model.get_rope_index(
            torch.tensor([[token.id for token in self.tokens]]),
            mm_token_type_ids=torch.tensor([[2 * token.visual for token in self.tokens]]),
            video_grid_thw=torch.tensor(grids),
        )
        return places[:, 0]

    @torch.no_grad()
    def feed(self, tokens: list[Token], pixels: torch.Tensor | None) -> torch.Tensor:
        """Logits after each of the new tokens, (new tokens, vocabulary)."""
        self.tokens += tokens
        visual = torch.tensor([token.visual for token in tokens])
        hidden = self.text.embed_tokens(torch.tensor([token.id for token in tokens]))
        deep: list[torch.Tensor] = []
        if pixels is not None:
            grids = torch.tensor([token.grid for token in tokens if token.grid])
            seen = self.model.model.visual(pixels, grid_thw=grids, return_dict=True)
            hidden[visual] = seen.pooler_output.to(hidden.dtype)
            deep = list(getattr(seen, "deepstack_features", None) or [])
        cos, sin = self.text.rotary_emb(hidden, self.positions()[:, None])
        for index, layer in enumerate(self.text.layers):
            hidden = hidden + self.mix(index, layer, layer.input_layernorm(hidden), cos[0], sin[0])
            hidden = hidden + layer.mlp(layer.post_attention_layernorm(hidden)[None])[0]
            if index < len(deep):
                hidden[visual] += deep[index]
        return self.model.lm_head(self.text.norm(hidden))

    def mix(self, index: int, layer: Any, x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
        if hasattr(layer, "self_attn"):
            return self.attention(index, layer.self_attn, x, cos, sin)
        return self.linear.setdefault(index, LinearLayer(layer.linear_attn)).feed(x)

    def attention(self, index: int, module: Any, x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
        new, dim = len(x), module.head_dim
        key, value = (p(x).view(new, -1, dim) for p in (module.k_proj, module.v_proj))
        query = module.q_proj(x).view(new, key.shape[1] * module.num_key_value_groups, -1)
        query, gate = query[..., :dim], query[..., dim:]  # a gate of the output is in Qwen3.5 only
        if hasattr(module, "q_norm"):
            query, key = module.q_norm(query), module.k_norm(key)
        self.keys[index] = key if self.keys[index] is None else torch.cat([self.keys[index], key])
        self.values[index] = value if self.values[index] is None else torch.cat([self.values[index], value])
        keys, values = self.keys[index], self.values[index]
        query = turned(query, cos[-new:, None], sin[-new:, None])
        keys = turned(keys, cos[:, None], sin[:, None])
        share = query.shape[1] // keys.shape[1]
        keys, values = keys.repeat_interleave(share, 1), values.repeat_interleave(share, 1)
        scores = torch.einsum("qhd,khd->hqk", query, keys) * dim**-0.5
        ahead = torch.arange(len(keys))[None] > torch.arange(len(keys) - new, len(keys))[:, None]
        weights = scores.masked_fill(ahead, float("-inf")).softmax(-1)
        seen = torch.einsum("hqk,khd->qhd", weights, values)
        return module.o_proj((seen * gate.sigmoid() if gate.numel() else seen).reshape(new, -1))

    def evict(self, history: list[Past], coming_end_ms: int, window: Window, window_chunks: int) -> None:
        """Forget by the rules of the design; `history` is every chunk so far."""
        newest = history[-(window_chunks - 1) :] if window_chunks > 1 else []
        seen = [past.chunk for past in newest if past.end_ms > coming_end_ms - window.vision_ms]
        spoken = [past for past in history if not past.silent]
        totals = list(itertools.accumulate(past.reply_tokens for past in spoken))
        sink = {past.chunk for past, total in zip(spoken, totals, strict=True) if total <= window.text_sink_tokens}
        recent = [past for past in reversed(spoken) if past.chunk not in sink]
        totals = list(itertools.accumulate(past.reply_tokens for past in recent))
        fits = {past.chunk for past, total in zip(recent, totals, strict=True) if total <= window.text_window_tokens}
        kept = set(seen) | sink | fits
        alive = {("frames", c) for c in seen} | {("reply", c) for c in kept}
        self._keep([token.role == "pinned" or (token.role, token.chunk) in alive for token in self.tokens])

    def _keep(self, stays: list[bool]) -> None:
        index = torch.tensor(stays).nonzero()[:, 0]
        self.tokens = [token for token, stay in zip(self.tokens, stays, strict=True) if stay]
        self.keys = [None if k is None else k[index] for k in self.keys]
        self.values = [None if v is None else v[index] for v in self.values]


class LinearLayer:
    """Gated DeltaNet (arXiv 2412.06464, equation 10) token by token; nothing is ever evicted from it."""

    def __init__(self, net: Any) -> None:
        self.net = net
        dtype = net.in_proj_qkv.weight.dtype
        self.state = torch.zeros((net.num_v_heads, net.head_k_dim, net.head_v_dim), dtype=dtype)
        self.past = torch.zeros((net.conv_kernel_size - 1, net.conv_dim), dtype=dtype)

    def feed(self, x: torch.Tensor) -> torch.Tensor:
        """Outputs of the new tokens, both (new tokens, hidden)."""
        net, new = self.net, len(x)
        inputs = torch.cat([self.past, net.in_proj_qkv(x)])
        self.past = inputs[new:]
        seen = inputs.unfold(0, net.conv_kernel_size, 1)  # (new, channels, kernel)
        mixed = torch.nn.functional.silu((seen * net.conv1d.weight[:, 0]).sum(-1))
        query, key, value = mixed.split([net.key_dim, net.key_dim, net.value_dim], dim=-1)
        share = net.num_v_heads // net.num_k_heads
        query, key = (_unit(part.view(new, net.num_k_heads, -1)).repeat_interleave(share, 1) for part in (query, key))
        value = value.view(new, net.num_v_heads, -1)
        beta = net.in_proj_b(x).sigmoid()
        decay = (-net.A_log.exp() * torch.nn.functional.softplus(net.in_proj_a(x) + net.dt_bias)).exp()
        out = torch.stack([self.step(query[t], key[t], value[t], beta[t], decay[t]) for t in range(new)])
        out = out * net.head_k_dim**-0.5
        out = out * torch.rsqrt((out * out).mean(-1, keepdim=True) + net.norm.variance_epsilon) * net.norm.weight
        gate = net.in_proj_z(x).view(new, net.num_v_heads, -1)
        return net.out_proj((out * torch.nn.functional.silu(gate)).reshape(new, -1))

    def step(self, query: Any, key: Any, value: Any, beta: Any, decay: Any) -> torch.Tensor:
        """One token: the state forgets, learns what it predicted wrongly, and is read; all (heads, ...)."""
        self.state = self.state * decay[:, None, None]
        wrong = (value - (key[:, None] @ self.state)[:, 0]) * beta[:, None]
        self.state = self.state + key[:, :, None] * wrong[:, None]
        return (query[:, None] @ self.state)[:, 0]


def _unit(x: torch.Tensor) -> torch.Tensor:
    return x * torch.rsqrt((x * x).sum(-1, keepdim=True) + 1e-6)


def turned(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Rotary embedding of the first dimensions, as many as there are angles for."""
    dims = cos.shape[-1]
    first, second = x[..., :dims].chunk(2, -1)
    moved = x[..., :dims] * cos + torch.cat((-second, first), -1) * sin
    return torch.cat((moved, x[..., dims:]), -1)
