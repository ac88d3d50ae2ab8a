"""The vision grid: frame size, grouping of frames and the order of patches that every family's vision tower takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from worker.engine.protocol import Frame

MAX_ASPECT = 200


@dataclass(frozen=True)
class Geometry:
    """Sizes of one checkpoint's vision tower; `merge` patches by `merge` patches become one token."""

    patch_px: int
    merge: int
    frames_per_group: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    @property
    def factor_px(self) -> int:
        """Frame sides are multiples of this."""
        return self.patch_px * self.merge

    def grid(self, height_px: int, width_px: int) -> tuple[int, int]:
        """(rows, columns) in patches."""
        return height_px // self.patch_px, width_px // self.patch_px

    def merged(self, grid: tuple[int, int]) -> tuple[int, int]:
        """(rows, columns) in tokens."""
        return grid[0] // self.merge, grid[1] // self.merge

    def most_tokens(self, max_frame_pixels: int) -> int:
        """Tokens of a frame of that many pixels, at most."""
        return max(1, max_frame_pixels // self.factor_px**2)


def smart_size(width_px: int, height_px: int, factor_px: int, max_pixels: int) -> tuple[int, int]:
    """(width, height): multiples of the factor, about the same shape, at most `max_pixels` (as qwen_vl_utils.smart_resize).

    The shape of an extreme strip gives way to the pixel budget: it is a hard bound here.
    """
    width, height = (max(factor_px, round(side / factor_px) * factor_px) for side in (width_px, height_px))
    if width * height <= max_pixels:
        return width, height
    shrink = math.sqrt(width_px * height_px / max_pixels)
    width, height = (
        max(factor_px, math.floor(side / shrink / factor_px) * factor_px) for side in (width_px, height_px)
    )
    most = max(1, max_pixels // factor_px**2) * factor_px
    return min(width, most), min(height, most)


def fit(pixels: NDArray[np.uint8], geometry: Geometry, max_pixels: int) -> NDArray[np.uint8]:
    """The picture on the vision grid and within a budget: untouched when it is there, else bicubic with antialiasing."""
    height, width = pixels.shape[:2]
    factor = geometry.factor_px
    if width % factor == 0 and height % factor == 0 and width * height <= max_pixels:
        return pixels
    size = smart_size(width, height, factor, max_pixels)
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))


def groups(frames: Sequence[Frame], size: int) -> list[tuple[Frame, ...]]:
    """Frames in groups of `size`; a group ends early where the picture size changes, and repeats its last frame to be full."""
    result: list[tuple[Frame, ...]] = []
    current: tuple[Frame, ...] = ()
    for frame in frames:
        if current and (len(current) == size or current[0].pixels.shape != frame.pixels.shape):
            result.append(_filled(current, size))
            current = ()
        current = (*current, frame)
    return [*result, _filled(current, size)] if current else result


def _filled(group: tuple[Frame, ...], size: int) -> tuple[Frame, ...]:
    return group + group[-1:] * (size - len(group))


def patches(pictures: Sequence[NDArray[np.uint8]], geometry: Geometry) -> NDArray[np.uint8]:
    """One frame group as rows of patches, (patches, 3 * frames * side * side), merged neighbours next to each other."""
    rows, columns = geometry.grid(*pictures[0].shape[:2])
    m, p = geometry.merge, geometry.patch_px
    stack = np.stack(pictures).reshape(len(pictures), rows // m, m, p, columns // m, m, p, 3)
    ordered = stack.transpose(1, 4, 2, 5, 7, 0, 3, 6)  # row block, column block, row, column, channel, frame, y, x
    return np.ascontiguousarray(ordered).reshape(rows * columns, -1)
