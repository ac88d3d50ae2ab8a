"""One token through a linear-attention layer (Gated DeltaNet, arXiv 2412.06464), each stream's states written where they are.

transformers has fused kernels for this on a GPU only; without them it copies every state several times a token. Here a
state is read once and written once. Projections and the norm are the layer's own modules, so quantized ones work too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional

from worker.streaming.state.recurrent import STATE_DTYPE, RecurrentState

NORM_EPS = 1e-6  # added to the squared length of queries and keys, as in the stock layer


def linear_layer(layer: Any, hidden: torch.Tensor, states: Sequence[RecurrentState]) -> torch.Tensor:
    """A whole decoder layer with linear attention for one new token of each stream; hidden (streams, 1, size) in and out."""
    hidden = hidden + one_token(layer.linear_attn, layer.input_layernorm(hidden), states)
    following = layer.mlp(layer.post_attention_layernorm(hidden))
    after: torch.Tensor = hidden + (following[0] if isinstance(following, tuple) else following)
    return after


def one_token(net: Any, hidden: torch.Tensor, states: Sequence[RecurrentState]) -> torch.Tensor:
    """What the stock layer gives for normed `hidden` (streams, 1, size), and the states after it."""
    row = states[0].shape.row_of[net.layer_idx]
    mixed = _convolved(net, net.in_proj_qkv(hidden), [state.conv[row] for state in states])
    query, key, value = torch.split(mixed.float(), [net.key_dim, net.key_dim, net.value_dim], dim=-1)
    repeats = net.num_v_heads // net.num_k_heads  # consecutive value heads share a query and a key
    pair = torch.stack((key, query), dim=1).view(len(states), 2, net.num_k_heads, net.head_k_dim)
    pair = pair * torch.rsqrt(pair.square().sum(dim=-1, keepdim=True) + NORM_EPS)
    pair = pair.repeat_interleave(repeats, dim=2).transpose(1, 2)  # (streams, heads, key and query, key_dim)
    decay = (-net.A_log.float().exp() * functional.softplus(net.in_proj_a(hidden).float() + net.dt_bias)).exp()
    said = _delta_rule(
        pair,
        value.reshape(len(states), net.num_v_heads, net.head_v_dim),
        decay[:, 0, :, None],
        net.in_proj_b(hidden).sigmoid().float()[:, 0, :, None],
        [state.recurrent[row] for state in states],
    )
    gate = net.in_proj_z(hidden).view(-1, net.head_v_dim)
    normed = net.norm(said.to(hidden.dtype).view(-1, net.head_v_dim), gate)
    projected: torch.Tensor = net.out_proj(normed.view(hidden.shape[0], 1, net.value_dim))
    return projected


def _convolved(net: Any, mixed: torch.Tensor, states: Sequence[torch.Tensor]) -> torch.Tensor:
    """(streams, channels) after the causal convolution; `states` (channels, tokens) hold the newest inputs then."""
    window = torch.cat((torch.stack(list(states))[..., 1:], mixed.transpose(1, 2).to(states[0].dtype)), dim=-1)
    for stream, state in enumerate(states):
        state.copy_(window[stream])
    return functional.silu(torch.einsum("sct,ct->sc", window, net.conv1d.weight[:, 0])).to(mixed.dtype)


def _delta_rule(
    pair: torch.Tensor, value: torch.Tensor, decay: torch.Tensor, beta: torch.Tensor, states: Sequence[torch.Tensor]
) -> torch.Tensor:
    """What the queries read, (streams, heads, value_dim); `states`, (heads, key_dim, value_dim) each, see one token more.

    S' = decay S + k (beta (v - decay k S)), read as q S' / sqrt(key_dim) = (decay q S + (q k) delta) / sqrt(key_dim).
    """
    key, query = pair[:, :, 0], pair[:, :, 1]
    read = torch.stack([torch.bmm(pair[stream], state) for stream, state in enumerate(states)]) * decay[..., None]
    delta = (value - read[:, :, 0]) * beta
    for stream, state in enumerate(states):
        state.mul_(decay[stream, ..., None]).addcmul_(key[stream, ..., None], delta[stream, :, None])
    met = (query * key).sum(dim=-1, keepdim=True)
    said: torch.Tensor = (read[:, :, 1] + met * delta) * key.shape[-1] ** -0.5
    return said.to(STATE_DTYPE)
