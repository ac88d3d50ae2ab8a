"""From a view to pixels: background, sprites laid over it, text plate, noise and camera shake."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from worker.bm3.scenes.pose import BAND_CENTRE, BAND_HEIGHT, Pose, SceneView
from worker.bm3.scenes.sprites import Sprite, plate, sprite
from worker.bm3.scenes.world import BACKGROUNDS, Options

Pixels = NDArray[np.uint8]
SHAKE_X, SHAKE_Y = 7.1, 9.7  # radians a second: two swings that do not meet again soon
NOISE_TILES, NOISE_ROOM_PX = 4, 32


class Renderer:
    """Draws views of one scene at one size; equal arguments give equal bytes."""

    def __init__(self, seed: int, options: Options, size: tuple[int, int]) -> None:
        self._seed = seed
        self._options = options
        self._width, self._height = size
        self._short = min(size)

    def draw(self, view: SceneView, t_ms: int) -> Pixels:
        """uint8 RGB (height, width, 3)."""
        dx, dy = self._shake_px(t_ms)
        frame = self._background(view.background, dx, dy)
        for pose in view.poses:
            self._lay_pose(frame, pose, dx, dy)
        if view.text:
            sign = plate(view.text, max(8, round(BAND_HEIGHT * self._height)))
            self._lay(frame, sign, 0.5 * self._width + dx, BAND_CENTRE * self._height + dy)
        return self._with_noise(frame, t_ms) if self._options.noise else frame

    def _lay_pose(self, frame: Pixels, pose: Pose, dx: int, dy: int) -> None:
        side_px = max(4, round(pose.side * self._short))
        drawn = sprite(pose.thing, side_px, pose.opacity, pose.turning)
        self._lay(frame, drawn, pose.x * self._width + dx, pose.y * self._height + dy)

    def _lay(self, frame: Pixels, drawn: Sprite, x_px: float, y_px: float) -> None:
        height, width = drawn.through.shape[:2]
        left, top = round(x_px - width / 2), round(y_px - height / 2)
        x0, x1 = max(0, left), min(self._width, left + width)
        y0, y1 = max(0, top), min(self._height, top + height)
        if x0 >= x1 or y0 >= y1:
            return
        part = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
        under = frame[y0:y1, x0:x1]
        under[:] = (drawn.light[part] + under * drawn.through[part]) >> 8

    def _background(self, name: str, dx: int, dy: int) -> Pixels:
        texture = self._options.texture
        room = math.ceil(self._options.shake * self._short)
        size = (self._width + 2 * room, self._height + 2 * room)
        whole = _pattern(self._seed if texture else 0, name, size, texture)
        return whole[room - dy : room - dy + self._height, room - dx : room - dx + self._width].copy()

    def _shake_px(self, t_ms: int) -> tuple[int, int]:
        if not self._options.shake:
            return 0, 0
        phase, t_s = self._seed % 1000, t_ms / 1000
        reach = self._options.shake * self._short
        return round(reach * math.sin(SHAKE_X * t_s + phase)), round(reach * math.sin(SHAKE_Y * t_s + 2 * phase))

    def _with_noise(self, frame: Pixels, t_ms: int) -> Pixels:
        tiles = _noise((self._width, self._height), self._options.noise)
        roll = (t_ms * 2_654_435_761 + self._seed * 40_503) & 0xFFFFFFFF  # Knuth's hash: neighbours get unlike tiles
        x, y = roll >> 8 & (NOISE_ROOM_PX - 1), roll >> 16 & (NOISE_ROOM_PX - 1)
        noisy = frame + tiles[roll >> 24 & (NOISE_TILES - 1), y : y + self._height, x : x + self._width]
        return np.clip(noisy, 0, 255, out=noisy).astype(np.uint8)


@lru_cache(maxsize=8)
def _noise(size: tuple[int, int], deviation: float) -> NDArray[np.int16]:
    width, height = size
    shape = (NOISE_TILES, height + NOISE_ROOM_PX, width + NOISE_ROOM_PX, 3)
    return (np.random.RandomState(0).standard_normal(shape) * deviation).round().astype(np.int16)


@lru_cache(maxsize=16)
def _pattern(seed: int, name: str, size: tuple[int, int], amplitude: float) -> Pixels:
    """The background colour with slow waves of light on it."""
    coarse = np.random.RandomState((seed * 31 + len(name)) % 2**32).uniform(-1, 1, (7, 7)).astype(np.float32)
    waves = np.asarray(Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC))[..., None] * amplitude
    return np.clip(np.array(BACKGROUNDS[name], np.float32) + waves, 0, 255).astype(np.uint8)
