"""qwen-vl-utils at its place: how large pictures are shown, and which frames of a video. The bytes are read by us."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import Any

import torch
from qwen_vl_utils.vision_process import (
    FRAME_FACTOR,
    IMAGE_MAX_TOKEN_NUM,
    IMAGE_MIN_TOKEN_NUM,
    MODEL_SEQ_LEN,
    VIDEO_MAX_TOKEN_NUM,
    VIDEO_MIN_TOKEN_NUM,
    calculate_video_frame_range,
    smart_nframes,
    smart_resize,
)

from db.documents.kinds.chat_content import PictureSize, VideoOptions
from db.failures import Failure
from worker.errors import Permanent
from worker.video.source.probe import Probe
from worker.video.source.sample import ChosenSlots

MAX_VIDEO_PIXELS = 1 << 28  # of all frames: the 256 k tokens that the largest contexts hold, and 0.8 GB in memory
BUDGET_SHARE = 0.9  # of the longest context, for the pictures of one video: what qwen-vl-utils leaves them
HEADROOM = 1.05  # of the most pixels over the fewest, as there


def image_px(width_px: int, height_px: int, asked: PictureSize, factor_px: int) -> tuple[int, int]:
    """(width, height) at which an image is shown, by the fields of Qwen's that its part has.

    Raises Permanent (BAD_PARAMS) for a strip of more than 200 to 1.
    """
    token_px = factor_px**2
    most = asked.max_pixels or IMAGE_MAX_TOKEN_NUM * token_px
    least = asked.min_pixels or min(most, IMAGE_MIN_TOKEN_NUM * token_px)
    return _resized(width_px, height_px, asked, factor_px, (least, max(least, most)))


def frame_px(width_px: int, height_px: int, frames: int, asked: VideoOptions, factor_px: int) -> tuple[int, int]:
    """(width, height) at which each of so many frames is shown, by the fields of Qwen's that the part has.

    Raises Permanent: BAD_PARAMS for a strip, TOO_LARGE for more pixels than a model could be shown.
    """
    token_px = factor_px**2
    total = asked.total_pixels or MODEL_SEQ_LEN * token_px * BUDGET_SHARE
    least = asked.min_pixels or min(VIDEO_MIN_TOKEN_NUM * token_px, asked.max_pixels or MODEL_SEQ_LEN * token_px)
    most = max(min(VIDEO_MAX_TOKEN_NUM * token_px, total / frames * FRAME_FACTOR), int(least * HEADROOM))
    most = min(asked.max_pixels or most, most)
    return _resized(width_px, height_px, asked, factor_px, (least, most))


def refuse_too_much(frames: int, size_px: tuple[int, int]) -> None:
    """Raise Permanent (TOO_LARGE) where a video would be more pixels than any model takes."""
    width, height = size_px
    if frames * width * height > MAX_VIDEO_PIXELS:
        raise Permanent(
            Failure.TOO_LARGE,
            f"{frames} frames of {width} x {height} pixels are more than a conversation may show "
            f"({MAX_VIDEO_PIXELS} pixels): lower nframes, max_frames, max_pixels or total_pixels",
        )


def chosen_frames(known: Probe, asked: VideoOptions) -> ChosenSlots:
    """The frames of a video that are shown, as times: those that qwen-vl-utils takes where every frame lasts as long as
    the next, and evenly spread in time where not. Raises Permanent (BAD_PARAMS) for a stretch with too few frames."""
    step_s = known.timeline.end_s / known.timeline.pictures
    indexes = _indexes(asked, known.timeline.pictures, float(1 / step_s))
    end_s = min(known.timeline.end_s, (indexes[-1] + 1) * step_s)
    return ChosenSlots(tuple(index * step_s - step_s / 2 for index in indexes), Fraction(end_s))


def _indexes(asked: VideoOptions, total: int, rate: float) -> list[int]:
    try:
        first, last, count = calculate_video_frame_range(_element(asked), total, rate)
    except ValueError as error:
        raise Permanent(
            Failure.BAD_PARAMS, f"video_start and video_end leave no frame of {total / rate:.2f} s of video"
        ) from error
    if count < FRAME_FACTOR or (asked.nframes is None and asked.max_frames < FRAME_FACTOR):
        return [first]
    try:
        frames = smart_nframes(_element(asked), count, rate)
    except ValueError as error:
        raise Permanent(
            Failure.BAD_PARAMS, f"nframes is {asked.nframes}: there are only {count} frames to choose from"
        ) from error
    return [int(index) for index in torch.linspace(first, last, frames).round()]


def _element(asked: VideoOptions) -> dict[str, Any]:
    """The options as qwen-vl-utils knows them; an fps or a number of frames, never both."""
    element = asked.model_dump(exclude_none=True)
    if asked.nframes is not None:
        del element["fps"]
    return element


def _resized(
    width_px: int, height_px: int, asked: PictureSize, factor_px: int, pixels: tuple[int, float]
) -> tuple[int, int]:
    least, most = pixels
    try:
        if asked.resized_height is not None and asked.resized_width is not None:
            height, width = smart_resize(asked.resized_height, asked.resized_width, factor=factor_px)
        else:
            height, width = smart_resize(height_px, width_px, factor=factor_px, min_pixels=least, max_pixels=most)
    except ValueError as error:
        raise Permanent(
            Failure.BAD_PARAMS, f"a picture of {width_px} x {height_px} pixels is too long a strip to be shown"
        ) from error
    return max(factor_px, width), max(factor_px, height)


def listed_px(width_px: int, height_px: int, frames: int, asked: VideoOptions, factor_px: int) -> tuple[int, int]:
    """As `frame_px`, for frames that come as a list of pictures: qwen-vl-utils sizes them twice, at first as pictures on a
    grid of twice the step."""
    coarse = image_px(width_px, height_px, asked, 2 * factor_px)
    return frame_px(*coarse, ceil(frames / FRAME_FACTOR) * FRAME_FACTOR, asked, factor_px)
