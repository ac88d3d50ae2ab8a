"""Chat messages with text, images and videos as turns and frame groups of a model's geometry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from db.failures import Failure
from worker.engine.protocol import Frame, parts_of
from worker.errors import Permanent
from worker.families.base import ChatTurn, Still
from worker.families.geometry import Geometry, fit, groups
from worker.streaming.answer import Conversation
from worker.streaming.prompt_builder import Pixels

MAX_IMAGE_PIXELS = 1280 * 28 * 28  # what Qwen recommends as budget of one image
MAX_VIDEO_FRAME_PIXELS = 256 * 28 * 28
UNBOUNDED = 1 << 62


def conversation(messages: Sequence[dict[str, Any]], geometry: Geometry) -> Conversation:
    """The messages in order. Raises Permanent(BAD_PARAMS) for a part of an unknown type."""
    pictures: list[tuple[Pixels, ...]] = []
    turns = [
        ChatTurn(str(message["role"]), tuple(_part(part, geometry, pictures) for part in parts_of(message)))
        for message in messages
    ]
    return Conversation(tuple(turns), tuple(pictures))


def _part(part: dict[str, Any], geometry: Geometry, pictures: list[tuple[Pixels, ...]]) -> Any:
    if part["type"] == "text":
        return str(part["text"])
    if part["type"] == "image":
        still = fit(part["image"], geometry, _budget(part, MAX_IMAGE_PIXELS))
        pictures.append((still,) * geometry.frames_per_group)
        return Still()
    if part["type"] == "video":
        frames = [
            Frame(f.pts_ms, fit(f.pixels, geometry, _budget(part, MAX_VIDEO_FRAME_PIXELS))) for f in part["video"]
        ]
        grouped = groups(frames, geometry.frames_per_group)
        pictures.extend(tuple(frame.pixels for frame in group) for group in grouped)
        return grouped
    raise Permanent(Failure.BAD_PARAMS, f"a message part of type {part['type']!r}")


def _budget(part: dict[str, Any], most: int) -> int:
    """Pixels that a picture of the part may have; none are too many where the size was asked for."""
    return UNBOUNDED if part.get("sized") else most
