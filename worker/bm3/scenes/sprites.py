"""Sprites: shapes drawn four times too large and reduced, coloured, ready to be laid over a frame."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from worker.bm3.scenes.fills import mixed, painted
from worker.bm3.scenes.pictures import picture
from worker.bm3.scenes.world import Fill, Thing

OVERSAMPLING = 4
LEVELS = 16  # steps of a fade or colour change; few, so that the caches stay small

Point = tuple[float, float]


@dataclass(frozen=True)
class Sprite:
    """A picture so prepared that laying it over pixels is `light + under * through >> 8`.

    `light` (h, w, 3) uint16 is colour x alpha, `through` (h, w, 1) uint16 is 256 - alpha.
    """

    light: NDArray[np.uint16]
    through: NDArray[np.uint16]


def sprite(thing: Thing, side_px: int, opacity: float = 1.0, turning: tuple[Thing, float] | None = None) -> Sprite:
    """The object at this size; `turning` mixes in the colour of another object of the same shape."""
    level = round(opacity * LEVELS)
    if not thing.colour:
        return _picture_sprite(thing.shape, side_px, level)
    fill = thing.fill
    if turning:
        fill = mixed(fill, turning[0].fill, round(turning[1] * LEVELS) / LEVELS)
    return _shape_sprite(thing.shape, fill, side_px, level)


@lru_cache(maxsize=256)
def plate(text: str, height_px: int) -> Sprite:
    """Black text on a white plate."""
    large_px = height_px * OVERSAMPLING
    font = ImageFont.load_default(size=large_px * 0.85)
    left, _, right, _ = font.getbbox(text)
    image = Image.new("RGB", (int(right - left + large_px * 0.6), large_px), "white")
    ImageDraw.Draw(image).text((image.width / 2, large_px / 2), text, fill="black", font=font, anchor="mm")
    small = image.resize((max(1, image.width // OVERSAMPLING), height_px), Image.Resampling.BOX)
    return _sprite(np.asarray(small), np.full((height_px, small.width), 255, np.uint8), LEVELS)


@lru_cache(maxsize=1024)
def _shape_sprite(shape: str, fill: Fill, side_px: int, level: int) -> Sprite:
    return _sprite(painted(fill, side_px), _mask(shape, side_px), level)


@lru_cache(maxsize=512)
def _picture_sprite(name: str, side_px: int, level: int) -> Sprite:
    pixels = np.asarray(picture(name).resize((side_px, side_px), Image.Resampling.LANCZOS))
    return _sprite(pixels[..., :3], pixels[..., 3], level)


def _sprite(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8], level: int) -> Sprite:
    weight = (alpha.astype(np.uint32) * 256 * level // (255 * LEVELS))[..., None]
    light = (rgb.astype(np.uint32) * weight).astype(np.uint32)
    return Sprite(np.minimum(light, 65280).astype(np.uint16), (256 - weight).astype(np.uint16))


@lru_cache(maxsize=512)
def _mask(shape: str, side_px: int) -> NDArray[np.uint8]:
    """(side, side) coverage of the shape, 0..255."""
    large_px = side_px * OVERSAMPLING
    image = Image.new("L", (large_px, large_px), 0)
    draw = ImageDraw.Draw(image)
    if shape == "circle":
        draw.ellipse((0, 0, large_px - 1, large_px - 1), fill=255)
    else:
        draw.polygon([(x * large_px, y * large_px) for x, y in OUTLINES[shape]], fill=255)
    return np.asarray(image.resize((side_px, side_px), Image.Resampling.BOX))


def _star() -> list[Point]:
    corners = [(0.52 if i % 2 == 0 else 0.21, math.pi * (i / 5 - 0.5)) for i in range(10)]
    return [(0.5 + radius * math.cos(angle), 0.53 + radius * math.sin(angle)) for radius, angle in corners]


def _heart() -> list[Point]:
    curve = [math.tau * i / 60 for i in range(60)]
    xs = [16 * math.sin(t) ** 3 for t in curve]
    ys = [13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t) for t in curve]
    return [(0.5 + x / 33, 0.44 - y / 31) for x, y in zip(xs, ys, strict=True)]


OUTLINES: dict[str, list[Point]] = {
    "square": [(0.06, 0.06), (0.94, 0.06), (0.94, 0.94), (0.06, 0.94)],
    "triangle": [(0.5, 0.03), (1.0, 0.95), (0.0, 0.95)],
    "star": _star(),
    "heart": _heart(),
    "cross": [
        *((0.34, 0.0), (0.66, 0.0), (0.66, 0.34), (1.0, 0.34), (1.0, 0.66), (0.66, 0.66)),
        *((0.66, 1.0), (0.34, 1.0), (0.34, 0.66), (0.0, 0.66), (0.0, 0.34), (0.34, 0.34)),
    ],
}
