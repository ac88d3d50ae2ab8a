"""Examples made harder: a shift of colours and JPEG, as a camera and a codec do, other sizes, wrong words."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from worker.bm3.data.layout import NOT_LEARNED, Tokens
from worker.bm3.data.patches import Pixels

GAIN, OFFSET = 0.06, 6.0
"""Largest relative change of contrast, and of brightness in gray levels, for each colour channel."""

QUALITY = (30, 90)


def degraded(frames: Pixels, rng: np.random.Generator, share: float) -> Pixels:
    """frames (n, height, width, 3), changed alike, or with probability 1 - share as they are."""
    if rng.random() >= share:
        return frames
    levels = np.arange(256, dtype=np.float32)
    gain, offset = rng.uniform(1 - GAIN, 1 + GAIN, 3), rng.uniform(-OFFSET, OFFSET, 3)
    tables = [np.clip(levels * g + o, 0, 255).astype(np.uint8) for g, o in zip(gain, offset, strict=True)]
    shifted = np.stack([table[frames[..., channel]] for channel, table in enumerate(tables)], axis=-1)
    quality = int(rng.integers(*QUALITY))
    return np.stack([_through_jpeg(frame, quality) for frame in shifted])


def pooled(frames: Pixels, scale: int) -> Pixels:
    """frames (n, height, width, 3) averaged over blocks of scale x scale pixels."""
    if scale == 1:
        return frames
    n, height, width, _ = frames.shape
    blocks = frames.reshape(n, height // scale, scale, width // scale, scale, 3)
    mean: Pixels = (blocks.sum(axis=(2, 4), dtype=np.uint16) // scale**2).astype(np.uint8)
    return mean


def with_wrong_tokens(tokens: Tokens, rng: np.random.Generator, share: float) -> Tokens:
    """Some learned tokens shown as another learned one; what is to be learned stays."""
    learned = np.flatnonzero(tokens.labels != NOT_LEARNED)
    words = tokens.ids[learned]
    chosen = learned[(rng.random(len(learned)) < share) & (words != words[-1])]  # the last is the end token
    ids = tokens.ids.copy()
    ids[chosen] = rng.choice(words[words != words[-1]], len(chosen)) if len(chosen) else ids[chosen]
    return replace(tokens, ids=ids)


def recoloured(tokens: Tokens, rng: np.random.Generator, share: float, colours: Sequence[NDArray[np.int64]]) -> Tokens:
    """Some colour words shown as another colour; what is to be learned stays.

    `colours`: ids that stand for each other. Else a shape that was never seen in some colour is ruled out by the word
    before it.
    """
    ids = tokens.ids.copy()
    for form in colours:
        places = np.flatnonzero(np.isin(ids, form) & (tokens.labels != NOT_LEARNED))
        places = places[rng.random(len(places)) < share]
        ids[places] = rng.choice(form, len(places)) if len(form) else ids[places]
    return replace(tokens, ids=ids)


def _through_jpeg(frame: Pixels, quality: int) -> Pixels:
    file = io.BytesIO()
    Image.fromarray(frame).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))
