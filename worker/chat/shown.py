"""Pictures and videos of a conversation, read and sized for an engine."""

from __future__ import annotations

from typing import Any

from db.documents.kinds.base import MediaInput
from db.documents.kinds.chat_content import PictureSize, VideoOptions
from worker.chat.picture import open_picture, read_picture, resized
from worker.chat.qwen import image_px
from worker.chat.video import listed_frames, read_frames
from worker.context import Context


def shown_image(media: MediaInput, asked: PictureSize, job: Context) -> dict[str, Any]:
    """The part that an engine is shown of an image. Raises Permanent for what is no image."""
    path = job.fetch(media)
    if not asked.has_qwen_size:
        return {"image": read_picture(path)}
    picture = open_picture(path)
    return {"image": resized(picture, image_px(*picture.size, asked, job.engine.factor_px)), "sized": True}


def shown_video(media: MediaInput | list[MediaInput], asked: VideoOptions, job: Context) -> dict[str, Any]:
    """The part that an engine is shown of a video, or of a list of its frames. Raises Permanent for what is no video."""
    if isinstance(media, list):
        frames = listed_frames([job.fetch(one) for one in media], asked, job.engine)
    else:
        frames = read_frames(job.fetch(media), asked, job.engine, lambda: job.text(""))
    return {"video": frames, "sized": asked.has_qwen_size}
