"""Rotary angles in float64: exact at any position, whatever the family's interleaving of the three axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from db.failures import Failure
from worker.errors import Permanent

MOVING_FREQUENCIES = frozenset({"dynamic", "longrope"})


def rotate(states: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Apply RoPE in float32 and return to the dtype of `states`; shapes broadcast over (..., tokens, head_dim).

    Angles of fewer dimensions than `states` has turn the first of them and leave the others as they are.
    """
    dims = cos.shape[-1]
    x = states[..., :dims].float()
    first, second = x.chunk(2, dim=-1)
    turned = torch.cat((-second, first), dim=-1)
    rotated = (x * cos + turned * sin).to(states.dtype)
    return rotated if dims == states.shape[-1] else torch.cat((rotated, states[..., dims:]), dim=-1)


class Angles:
    """Cosines and sines of positions, from a text model's own frequencies (its `rotary_emb`)."""

    def __init__(self, rotary: Any) -> None:
        if rotary.rope_type in MOVING_FREQUENCIES:
            raise Permanent(Failure.MODEL_UNAVAILABLE, f"rope type {rotary.rope_type!r} changes with length")
        self._recompose = rotary.recomposition_frequencies
        self._scale = float(rotary.attention_scaling)
        self._device = rotary.inv_freq.device
        self._frequencies = rotary.inv_freq.double()
        self._frequencies_here = self._frequencies.cpu()
        self.dims = 2 * len(self._frequencies)
        """How many dimensions of a head are turned."""

    def at(self, axes: NDArray[np.int64]) -> tuple[torch.Tensor, torch.Tensor]:
        """(cos, sin), float32, each of shape (tokens, dims), for positions of shape (3, tokens)."""
        positions = torch.from_numpy(np.ascontiguousarray(axes)).to(self._device)
        angles = positions.double()[:, None, :, None] * self._frequencies  # (3, 1, tokens, dims / 2)
        cos, sin = self._recompose(angles.cos() * self._scale), self._recompose(angles.sin() * self._scale)
        return cos[0].float(), sin[0].float()

    def of_text(self, positions: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """The same for tokens that sit at one position on all axes, as decoded text does: there is nothing to recompose.

        A few numbers a step: computed on the CPU and sent in one copy, instead of a row of tiny kernels.
        """
        cos, sin = self.on_host(positions).to(self._device)
        return cos, sin

    def on_host(self, positions: list[int]) -> torch.Tensor:
        """The same as one tensor on the CPU, (cos and sin, tokens, dims)."""
        angles = torch.tensor(positions, dtype=torch.float64)[:, None] * self._frequencies_here
        return torch.stack((angles.cos(), angles.sin())).mul_(self._scale).float().repeat(1, 1, 2)
