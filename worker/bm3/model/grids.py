"""Where each patch of a packed batch lies: row and column, and its place in the learned position table."""

from __future__ import annotations

import torch
from torch import Tensor


def segment_lengths(grid_thw: Tensor) -> list[int]:
    """Patches of each frame group: an item (t, h, w) is t groups of h * w."""
    return [h * w for t, h, w in grid_thw.tolist() for _ in range(t)]


def grid_positions(grid_thw: Tensor, merge: int) -> Tensor:
    """(P, 2) row and column of every patch, merge block by merge block, repeated for each frame group."""
    return torch.cat([_blocks(h, w, merge, grid_thw.device).repeat(t, 1) for t, h, w in grid_thw.tolist()])


def _blocks(height: int, width: int, merge: int, device: torch.device) -> Tensor:
    rows = torch.arange(height, device=device)[:, None].expand(height, width)
    columns = torch.arange(width, device=device)[None, :].expand(height, width)
    shape = (height // merge, merge, width // merge, merge)
    return torch.stack([axis.reshape(shape).transpose(1, 2).flatten() for axis in (rows, columns)], dim=-1)


def position_taps(positions: Tensor, grid_thw: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """The four neighbours in a (side, side) table and their bilinear weights; each (P, 4). Corners meet corners."""
    patches = grid_thw.prod(dim=1)
    sizes = torch.repeat_interleave(grid_thw[:, 1:], patches, dim=0)  # (P, 2) height, width
    source = positions.float() * (side - 1) / (sizes - 1).clamp(min=1)
    low = source.floor().long()
    high = (low + 1).clamp(max=side - 1)
    share = source - low  # of the higher neighbour
    rows, columns = torch.stack((low, high), dim=-1).unbind(1)
    row_weights, column_weights = torch.stack((1 - share, share), dim=-1).unbind(1)
    indices = rows[:, :, None] * side + columns[:, None, :]
    weights = row_weights[:, :, None] * column_weights[:, None, :]
    return indices.flatten(1), weights.flatten(1)
