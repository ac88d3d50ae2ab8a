"""Rotary positions of a whole sequence: text counts on all three axes, a picture spreads over height and width."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import torch
from torch import Tensor

TEXT, IMAGE, VIDEO = 0, 1, 2
"""Values of `mm_token_type_ids`, as transformers' processors write them."""


def rope_index(
    token_types: Tensor,
    merge: int,
    image_grid_thw: Tensor | None = None,
    video_grid_thw: Tensor | None = None,
    attention_mask: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """token_types (B, N) -> positions (3, B, N) and, (B, 1), what to add to a token's index to get its position.

    Time is told by text timestamps (Qwen3-VL report, section 2.2): each frame group of a video is a picture of its own.
    """
    pictures = {IMAGE: _pictures(image_grid_thw), VIDEO: _pictures(video_grid_thw)}
    kept = torch.ones_like(token_types, dtype=torch.bool) if attention_mask is None else attention_mask.bool()
    positions = torch.zeros(3, *token_types.shape, dtype=torch.long, device=token_types.device)
    deltas = []
    for row, (types, mask) in enumerate(zip(token_types, kept, strict=True)):
        sequence = _sequence_positions(types[mask].tolist(), pictures, merge).to(token_types.device)
        positions[:, row, mask] = sequence
        deltas.append(int(sequence.max()) + 1 - sequence.shape[1])
    return positions, torch.tensor(deltas, device=token_types.device)[:, None]


def _pictures(grid_thw: Tensor | None) -> Iterator[tuple[int, int]]:
    """Height and width in patches of every frame group, in order."""
    grids = [] if grid_thw is None else grid_thw.tolist()
    return ((h, w) for t, h, w in grids for _ in range(t))


def _sequence_positions(types: list[int], pictures: dict[int, Iterator[tuple[int, int]]], merge: int) -> Tensor:
    """(3, N) for one sequence. A run of picture tokens may hold several pictures when no text stands between them."""
    parts: list[Tensor] = []
    position = 0
    for kind, run in groupby(types):
        remaining = sum(1 for _ in run)
        if kind == TEXT:
            parts.append(torch.arange(position, position + remaining).expand(3, -1))
            position += remaining
            continue
        height, width = (size // merge for size in next(pictures[kind]))
        if height * width != remaining:
            raise ValueError(f"{remaining} picture tokens in a row for a picture of {height * width}")
        parts.append(_picture_positions(position, height, width))
        position += max(height, width)
    return torch.cat(parts, dim=1)


def _picture_positions(start: int, height: int, width: int) -> Tensor:
    """(3, height * width): one time, rows and columns counted from `start`."""
    time = torch.zeros(height, width, dtype=torch.long)
    rows = torch.arange(height)[:, None].expand(height, width)
    columns = torch.arange(width)[None, :].expand(height, width)
    return torch.stack((time, rows, columns)).flatten(1) + start
