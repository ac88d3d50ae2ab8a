"""A vision tower for frames of another size: the patch filters of one spread over more pixels, or taken back."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


def enlarge(model: Any, times: int) -> None:
    """Spread every patch filter over times x times pixels: the same answer as frames averaged down by that factor."""
    filters = model.model.visual.patch_embed.proj.weight.detach()
    _use(model, filters.repeat_interleave(times, -1).repeat_interleave(times, -2) / times**2)


def reduce(model: Any, times: int) -> None:
    """Undo `enlarge`. Raises ValueError when the filters are not spread by that factor."""
    filters = model.model.visual.patch_embed.proj.weight.detach()
    few = filters[..., ::times, ::times]
    if not torch.equal(few.repeat_interleave(times, -1).repeat_interleave(times, -2), filters):
        raise ValueError(f"these patch filters are not spread over {times} x {times} pixels")
    _use(model, few * times**2)


def _use(model: Any, filters: Tensor) -> None:
    projection = model.model.visual.patch_embed.proj
    projection.weight = nn.Parameter(filters.clone())
    model.config.vision_config.patch_size = filters.shape[-1]
    projection.kernel_size = projection.stride = (projection.kernel_size[0], *filters.shape[-2:])
