"""Frames to patches in the order of Qwen's video processor, left as uint8 until the model needs them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from worker.bm3.model.config import BM3VLVisionConfig

Pixels = NDArray[np.uint8]
Grid = tuple[int, int, int]
"""Frame groups, rows and columns of patches."""


@dataclass(frozen=True)
class PatchShape:
    """How the vision tower cuts a video."""

    patch_px: int
    merge: int
    frames_per_group: int

    @classmethod
    def of(cls, config: BM3VLVisionConfig) -> PatchShape:
        """The shape that a vision tower of this configuration takes."""
        return cls(config.patch_size, config.spatial_merge_size, config.temporal_patch_size)


def cut(frames: Pixels, shape: PatchShape) -> tuple[Pixels, Grid]:
    """frames (n, height, width, 3) -> patches (P, 3 * frames_per_group * patch * patch) and the grid.

    Height and width are multiples of patch_px * merge; an odd last frame is repeated.
    """
    lacking = -len(frames) % shape.frames_per_group
    if lacking:
        frames = np.concatenate([frames, np.repeat(frames[-1:], lacking, axis=0)])
    p, m, g = shape.patch_px, shape.merge, shape.frames_per_group
    t, h, w = len(frames) // g, frames.shape[1] // p, frames.shape[2] // p
    cells = frames.reshape(t, g, h // m, m, p, w // m, m, p, 3)
    # (t, block row, block column, row in block, column in block, channel, frame, y, x)
    ordered = cells.transpose(0, 2, 5, 3, 6, 8, 1, 4, 7)
    return ordered.reshape(t * h * w, 3 * g * p * p), (t, h, w)


def normalised(patches: Tensor) -> Tensor:
    """uint8 0..255 -> float32 -1..1, Qwen3-VL's mean and deviation of one half; floats are taken as done."""
    if patches.dtype != torch.uint8:
        return patches
    return patches.float().div_(127.5).sub_(1)  # in place: a batch of patches is the largest tensor of a step
