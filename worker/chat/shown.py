"""Pictures and videos of a conversation, read and sized for an engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from db.documents.kinds.base import MediaInput
from db.documents.kinds.chat_content import PictureSize, VideoOptions
from db.failures import Failure
from worker.chat.picture import open_picture, read_picture, resized
from worker.context import Context
from worker.errors import Permanent


@contextmanager
def by_qwen() -> Iterator[None]:
    """Where qwen-vl-utils is asked; it needs PyTorch, which a worker of exported models may lack. Raises Permanent then."""
    try:
        yield
    except ImportError as error:
        raise Permanent(
            Failure.UNSUPPORTED, "videos and Qwen's picture sizes in chats need a worker with bm3-vl[worker] installed"
        ) from error


def shown_image(media: MediaInput, asked: PictureSize, job: Context) -> dict[str, Any]:
    """The part that an engine is shown of an image. Raises Permanent for what is no image."""
    path = job.fetch(media)
    if not asked.has_qwen_size:
        return {"image": read_picture(path)}
    with by_qwen():
        from worker.chat.qwen import image_px
    picture = open_picture(path)
    return {"image": resized(picture, image_px(*picture.size, asked, job.engine.factor_px)), "sized": True}


def shown_video(media: MediaInput | list[MediaInput], asked: VideoOptions, job: Context) -> dict[str, Any]:
    """The part that an engine is shown of a video, or of a list of its frames. Raises Permanent for what is no video."""
    with by_qwen():
        from worker.chat.video import listed_frames, read_frames
    if isinstance(media, list):
        frames = listed_frames([job.fetch(one) for one in media], asked, job.engine)
    else:
        frames = read_frames(job.fetch(media), asked, job.engine, lambda: job.text(""))
    return {"video": frames, "sized": asked.has_qwen_size}
