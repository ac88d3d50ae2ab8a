"""Turns a decoded picture into an upright RGB array of the model's size, in one pass of swscale."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

from worker.video.source.probe import DisplayGeometry

Pixels = NDArray[np.uint8]
MAX_STRETCH = 0.05  # a picture whose shape differs more from the canvas gets bars instead of being distorted
HD_HEIGHT_PX = 720
UNSPECIFIED = 2  # AVCOL_SPC_UNSPECIFIED


class DisplayedShape(Protocol):
    """A picture as it is displayed."""

    @property
    def width_px(self) -> int:
        """Pixels across, as shown."""

    @property
    def height_px(self) -> int:
        """Pixels from top to bottom, as shown."""

    @property
    def look(self) -> DisplayGeometry:
        """How coded pictures are turned and stretched to be shown."""


class FrameConverter:
    """Paints every picture of a video on a canvas of one size, also when the resolution changes on the way."""

    def __init__(self, probe: DisplayedShape, frame_px: tuple[int, int]) -> None:
        self.width_px, self.height_px = frame_px
        self._look = probe.look
        self._shape = probe.width_px / probe.height_px
        self._reformatter = VideoReformatter()  # holds the scaler: one a video, not one a frame

    def convert(self, frame: VideoFrame) -> Pixels:
        """(height, width, 3) RGB, rotated and mirrored as the display matrix says, pixel aspect applied."""
        width, height = self._fit(frame)
        upright = self._upright(self._scaled(frame, (height, width) if self._look.turned else (width, height)))
        if (width, height) == (self.width_px, self.height_px):
            return np.ascontiguousarray(upright)
        canvas = np.zeros((self.height_px, self.width_px, 3), np.uint8)
        top, left = (self.height_px - height) // 2, (self.width_px - width) // 2
        canvas[top : top + height, left : left + width] = upright
        return canvas

    def _fit(self, frame: VideoFrame) -> tuple[int, int]:
        """The part of the canvas a picture covers: all of it, unless its shape is not the one the canvas was made for."""
        width, height = self._look.shown_px(frame)
        wider = width / height / self._shape
        if abs(wider - 1) <= MAX_STRETCH:
            return self.width_px, self.height_px
        if wider > 1:
            return self.width_px, max(1, round(self.height_px / wider))
        return max(1, round(self.width_px * wider)), self.height_px

    def _scaled(self, frame: VideoFrame, size_px: tuple[int, int]) -> Pixels:
        untagged_hd = frame.colorspace == UNSPECIFIED and frame.height >= HD_HEIGHT_PX
        scaled = self._reformatter.reformat(
            frame,
            *size_px,
            format="rgb24",
            src_colorspace=Colorspace.ITU709 if untagged_hd else None,
            interpolation=Interpolation.AREA,
            threads=1,
        )
        return np.asarray(scaled.to_ndarray(), np.uint8)

    def _upright(self, pixels: Pixels) -> Pixels:
        a, b, c, d = self._look.matrix
        if self._look.turned:
            a, d = c, b
            pixels = pixels.transpose(1, 0, 2)
        return pixels[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1]
