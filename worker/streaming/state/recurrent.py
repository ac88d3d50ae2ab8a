"""What linear-attention layers carry from token to token: a recurrent state and the last inputs of a convolution.

Unlike keys and values it cannot be evicted or moved: it has seen every token fed so far once, in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

STATE_DTYPE = torch.float32  # whatever the weights: the delta rule sums over the whole stream


@dataclass(frozen=True)
class StateShape:
    """Geometry of a model's linear-attention states; `layers` are their indices among its layers."""

    layers: tuple[int, ...]
    heads: int
    key_dim: int
    value_dim: int
    conv_channels: int
    conv_tokens: int
    dtype: torch.dtype
    device: torch.device

    @classmethod
    def of(cls, text: Any, dtype: torch.dtype, device: torch.device) -> StateShape | None:
        """From the configuration of a text model (Gated DeltaNet, arXiv 2412.06464); None without such layers."""
        kinds = getattr(text, "layer_types", None) or ()
        layers = tuple(index for index, kind in enumerate(kinds) if kind == "linear_attention")
        if not layers:
            return None
        heads, key_dim, value_dim = text.linear_num_value_heads, text.linear_key_head_dim, text.linear_value_head_dim
        channels = 2 * text.linear_num_key_heads * key_dim + heads * value_dim
        return cls(layers, heads, key_dim, value_dim, channels, text.linear_conv_kernel_dim, dtype, device)

    @property
    def nbytes(self) -> int:
        """Bytes of one stream's states."""
        recurrent = self.heads * self.key_dim * self.value_dim * STATE_DTYPE.itemsize
        return len(self.layers) * (recurrent + self.conv_channels * self.conv_tokens * self.dtype.itemsize)

    @cached_property
    def row_of(self) -> dict[int, int]:
        """Layer of the model -> row of the buffers."""
        return {layer: row for row, layer in enumerate(self.layers)}


class RecurrentState:
    """One stream's states: `recurrent` (layers, heads, key_dim, value_dim), `conv` (layers, channels, tokens)."""

    def __init__(self, shape: StateShape) -> None:
        self.shape = shape
        layers, device = len(shape.layers), shape.device
        size = (layers, shape.heads, shape.key_dim, shape.value_dim)
        self.recurrent = torch.zeros(size, dtype=STATE_DTYPE, device=device)
        self.conv = torch.zeros((layers, shape.conv_channels, shape.conv_tokens), dtype=shape.dtype, device=device)

    @property
    def nbytes(self) -> int:
        """Bytes on the device."""
        return self.recurrent.nbytes + self.conv.nbytes

    def clear(self) -> None:
        """Forget everything: the state before the first token."""
        self.recurrent.zero_()
        self.conv.zero_()

    def save(self, path: Path) -> None:
        """Write a snapshot, bit for bit, as safetensors."""
        save_file({"recurrent": self.recurrent.cpu(), "conv": self.conv.cpu()}, path)

    def load(self, path: Path) -> None:
        """Take a snapshot over. Raises ValueError when it is torn or of another model's shape; nothing is changed then."""
        try:
            saved = load_file(path)
            recurrent, conv = saved["recurrent"], saved["conv"]
        except (OSError, KeyError, SafetensorError) as error:
            raise ValueError(f"no snapshot of a state: {error}") from error
        if (recurrent.shape, conv.shape, conv.dtype) != (self.recurrent.shape, self.conv.shape, self.conv.dtype):
            raise ValueError("a snapshot of another model's state")
        self.recurrent.copy_(recurrent)
        self.conv.copy_(conv)


class StateStep:
    """The states of the streams of one forward pass, by the methods that transformers' layers ask a cache for them.

    A zero state is what a layer starts with, so there is no first pass to tell apart.
    """

    def __init__(self, states: Sequence[RecurrentState]) -> None:
        self._states = states
        self._row_of = states[0].shape.row_of
        self._conv: torch.Tensor | None = None  # of the layer that is running; it is written in place when decoding

    def get_conv_state(self, layer_idx: int, state_idx: int = 0) -> torch.Tensor:
        """(streams, channels, tokens)."""
        row = self._row_of[layer_idx]
        self._conv = torch.stack([state.conv[row] for state in self._states])
        return self._conv

    def get_recurrent_state(self, layer_idx: int, state_idx: int = 0) -> torch.Tensor:
        """(streams, heads, key_dim, value_dim)."""
        row = self._row_of[layer_idx]
        return torch.stack([state.recurrent[row] for state in self._states])

    def is_recording_past(self, layer_idx: int) -> bool:
        """Nothing is ever taken back."""
        return False

    def update_conv_state(self, conv_states: torch.Tensor, layer_idx: int, **_: Any) -> torch.Tensor:
        """Remember the last inputs; returns them all, after those remembered before: (streams, channels, tokens)."""
        before = self.get_conv_state(layer_idx)
        seen = torch.cat([before, conv_states], dim=-1)
        self._conv = seen[..., -before.shape[-1] :]
        return seen

    def update_recurrent_state(self, recurrent_states: torch.Tensor, layer_idx: int, **_: Any) -> torch.Tensor:
        """The last call of a layer: its states go back to their streams."""
        row, conv = self._row_of[layer_idx], self._conv
        for index, state in enumerate(self._states):
            state.recurrent[row] = recurrent_states[index]
            if conv is not None:
                state.conv[row] = conv[index]
        return recurrent_states
