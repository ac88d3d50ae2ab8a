"""Rotary position embeddings: 2-D axial for the vision tower, interleaved three-axis (mRoPE) for the decoder."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from worker.bm3.model.config import BM3VLTextConfig, BM3VLVisionConfig

MROPE_SECTION = (24, 20, 20)
"""Frequencies given to time, height and width when the configuration names none (head_dim 128)."""


def rotate_half(x: Tensor) -> Tensor:
    """(..., D) with its halves swapped and the new first one negated: the imaginary part of rotary positions."""
    first, second = x.chunk(2, dim=-1)
    return torch.cat((-second, first), dim=-1)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn `x` (..., head_dim) by angles whose cosines and sines broadcast against it."""
    return x * cos + rotate_half(x) * sin


def inverse_frequencies(dim: int, base: float) -> Tensor:
    """(dim / 2,) angular frequencies, RoFormer section 3.2.2."""
    exponents = torch.arange(0, dim, 2, dtype=torch.float) / dim
    return torch.as_tensor(1.0 / base**exponents)


class BM3VLVisionRotaryEmbedding(nn.Module):
    """Half of a head's frequencies turn with the row, half with the column."""

    inv_freq: Tensor
    original_inv_freq: Tensor

    def __init__(self, config: BM3VLVisionConfig) -> None:
        super().__init__()
        self.config = config
        self.rope_type = "axial"
        inv_freq, self.attention_scaling = self.compute_axial_rope_parameters(config)
        self.register_buffer("inv_freq", inv_freq, persistent=False)
        # transformers refills non-persistent buffers after loading on the meta device when it finds this name.
        self.register_buffer("original_inv_freq", inv_freq.clone(), persistent=False)

    @staticmethod
    def compute_axial_rope_parameters(config: BM3VLVisionConfig) -> tuple[Tensor, float]:
        """Frequencies of one axis, (head_dim / 4,), and the scale of attention; asked for by transformers under this name."""
        head_dim = config.hidden_size // config.num_heads
        base = (config.rope_parameters or {}).get("rope_theta", 10000.0)
        return inverse_frequencies(head_dim // 2, base), 1.0

    @torch.no_grad()
    def forward(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        """positions (patches, 2) as row, column -> cos and sin, each (patches, head_dim), float32."""
        angles = positions[..., None].float() * self.inv_freq.float()  # (patches, 2, head_dim / 4)
        angles = angles.flatten(1)
        angles = torch.cat((angles, angles), dim=-1)
        return angles.cos(), angles.sin()


class BM3VLTextRotaryEmbedding(nn.Module):
    """Interleaved mRoPE (Qwen3-VL report, section 2.1): frequencies go T H W T H W ..., so each axis has high and low ones."""

    inv_freq: Tensor
    original_inv_freq: Tensor

    def __init__(self, config: BM3VLTextConfig) -> None:
        super().__init__()
        self.config = config
        parameters = config.rope_parameters or {}
        self.rope_type = parameters.get("rope_type", "default")
        if self.rope_type != "default":
            raise ValueError(f"BM3-VL has the default rotary embedding only, not {self.rope_type!r}")
        inv_freq, self.attention_scaling = self.compute_default_rope_parameters(config)
        self.register_buffer("inv_freq", inv_freq, persistent=False)
        self.register_buffer("original_inv_freq", inv_freq.clone(), persistent=False)
        self.mrope_section = parameters.get("mrope_section", list(MROPE_SECTION))

    @staticmethod
    def compute_default_rope_parameters(config: BM3VLTextConfig) -> tuple[Tensor, float]:
        """Frequencies (head_dim / 2,) and the scale of attention; asked for by transformers under this name."""
        base = (config.rope_parameters or {}).get("rope_theta", config.default_theta)
        return inverse_frequencies(config.head_dim, base), 1.0

    @torch.no_grad()
    def forward(self, x: Tensor, position_ids: Tensor) -> tuple[Tensor, Tensor]:
        """position_ids (3, batch, tokens) or (1, batch, tokens) -> cos and sin (batch, tokens, head_dim) in x's dtype."""
        position_ids = position_ids.expand(3, -1, -1)
        angles = (
            position_ids[..., None].float() * self.inv_freq.to(x.device).float()
        )  # (3, batch, tokens, head_dim / 2)
        angles = self.recomposition_frequencies(angles)
        return angles.cos().to(x.dtype), angles.sin().to(x.dtype)

    def recomposition_frequencies(self, per_axis: Tensor) -> Tensor:
        """(3, ..., head_dim / 2) -> (..., head_dim): time everywhere, but every third frequency is height's or width's."""
        mixed = per_axis[0].clone()
        for axis in (1, 2):
            theirs = slice(axis, self.mrope_section[axis] * 3, 3)
            mixed[..., theirs] = per_axis[axis][..., theirs]
        return torch.cat((mixed, mixed), dim=-1)
