"""A video for fault tests, and what the fake engine has to say about it, computed without any of the service."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from db.documents.kinds.base import MediaInput
from db.documents.kinds.video import Cue, VideoCaptionParams
from worker.context import LocalContext
from worker.engines import load_engine
from worker.video.handler import caption_video

FPS = 2


def make_sample_video(path: Path, seconds: int, shade: int = 0) -> Path:
    """A small video whose colour changes with every frame, so that no two captions are alike.

    Those of another `shade` have other colours at every time.
    """
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(seconds * FPS):
            colour = np.array([(number * 7 + shade) % 251, number * 13 % 241, number * 29 % 239], np.uint8)
            picture = np.broadcast_to(colour, (48, 64, 3)).copy()
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode())
    return path


def expected_cues(path: Path, **params: object) -> list[Cue]:
    """The cues of an undisturbed run."""
    context = LocalContext(load_engine("fake"), path)
    caption_video(VideoCaptionParams.model_validate({"video": MediaInput(asset_id="film"), **params}), context)
    return context.cues()
