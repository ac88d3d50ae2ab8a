"""What a camera and a codec do to a picture, done cheaply: a shift of colours and JPEG."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from worker.bm3.patches import Pixels

GAIN, OFFSET = 0.06, 6.0
"""Largest relative change of contrast, and of brightness in gray levels, for each colour channel."""

QUALITY = (30, 90)


def degraded(frames: Pixels, dice: np.random.Generator, share: float) -> Pixels:
    """frames (n, height, width, 3), changed alike, or with probability 1 - share as they are."""
    if dice.random() >= share:
        return frames
    levels = np.arange(256, dtype=np.float32)
    gain, offset = dice.uniform(1 - GAIN, 1 + GAIN, 3), dice.uniform(-OFFSET, OFFSET, 3)
    tables = [np.clip(levels * g + o, 0, 255).astype(np.uint8) for g, o in zip(gain, offset, strict=True)]
    shifted = np.stack([table[frames[..., channel]] for channel, table in enumerate(tables)], axis=-1)
    quality = int(dice.integers(*QUALITY))
    return np.stack([_through_jpeg(frame, quality) for frame in shifted])


def _through_jpeg(frame: Pixels, quality: int) -> Pixels:
    file = io.BytesIO()
    Image.fromarray(frame).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))
