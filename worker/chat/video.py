"""The frames of a video in a conversation: sampled from a file, or given as a list of pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from pathlib import Path

from db.documents.kinds.chat_content import VideoOptions
from db.failures import Failure
from worker.chat.picture import open_picture, resized
from worker.chat.qwen import chosen_frames, frame_px, listed_px, refuse_too_much
from worker.engine.protocol import Engine, Frame
from worker.errors import Permanent
from worker.video.source.decode import Clip, ClipEnd, parts
from worker.video.source.probe import Probe, probe


def read_frames(
    path: Path, options: VideoOptions, engine: Engine, on_step: Callable[[], None] = lambda: None
) -> tuple[Frame, ...]:
    """The frames of a video that are shown. Raises Permanent; a file that breaks off is TRUNCATED_MEDIA, never a shorter
    video. Raises what `on_step` raises, which is called while the file is read through."""
    known = probe(path, on_step)
    slots = chosen_frames(known, options)
    size_px = _size_px(known, len(slots.starts_s), options, engine)
    refuse_too_much(len(slots.starts_s), size_px)
    clip = Clip(end_ms=ceil(slots.end_s * 1000), slots=slots)
    frames: list[Frame] = []
    for part in parts(path, known, clip, size_px):
        if isinstance(part, ClipEnd):
            if part.truncated:
                raise Permanent(Failure.TRUNCATED_MEDIA, f"the video breaks off at {part.end_ms} ms")
            break
        frames.extend(part.chunk.frames)
    if not frames:
        raise Permanent(Failure.INVALID_MEDIA, "none of the pictures to be shown can be decoded")
    return tuple(frames)


def listed_frames(paths: Sequence[Path], options: VideoOptions, engine: Engine) -> tuple[Frame, ...]:
    """The frames of a video that comes as pictures, `sample_fps` of them a second. Raises Permanent."""
    rate = options.sample_fps or VideoOptions.model_fields["fps"].default
    frames: list[Frame] = []
    for number, path in enumerate(paths):
        picture = open_picture(path)
        if options.has_qwen_size:
            size_px = listed_px(*picture.size, len(paths), options, engine.factor_px)
        else:
            size_px = engine.frame_size(*picture.size, options.max_frame_pixels)
        refuse_too_much(len(paths), size_px)
        frames.append(Frame(round(1000 * number / rate), resized(picture, size_px)))
    return tuple(frames)


def _size_px(known: Probe, frames: int, options: VideoOptions, engine: Engine) -> tuple[int, int]:
    if options.has_qwen_size:
        return frame_px(known.width_px, known.height_px, frames, options, engine.factor_px)
    return engine.frame_size(known.width_px, known.height_px, options.max_frame_pixels)
