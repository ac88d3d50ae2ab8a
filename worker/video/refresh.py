"""When a hybrid model starts its recurrent state anew: never, at scene cuts, or every so many milliseconds of video."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from db.documents.kinds.video import VideoCaptionParams
from db.failures import Failure
from worker.engine.protocol import Chunk, ModelInfo
from worker.errors import Permanent
from worker.video.source.similar import thumbnail

CUT = 0.15  # mean difference of two thumbnails, as a share of full scale, from which on they are two scenes


def refuse_refresh(params: VideoCaptionParams, model: ModelInfo) -> None:
    """Raise Permanent(UNSUPPORTED) when a refresh is asked of a model that has nothing to refresh."""
    if params.refresh != "never" and not model.recurrent:
        message = f"{model.name} has no recurrent state to refresh: leave `refresh` out, or take a hybrid model"
        raise Permanent(Failure.UNSUPPORTED, message)


class RefreshPolicy:
    """Sees every chunk in order, those that are shown again after a restart as well."""

    def __init__(self, params: VideoCaptionParams) -> None:
        self._params = params
        self._last_ms: int | None = None
        self._last_picture: NDArray[np.float32] | None = None

    @property
    def is_needed(self) -> bool:
        """Whether it can ever be time."""
        return self._params.refresh != "never"

    def is_due(self, chunk: Chunk) -> bool:
        """Whether the state is to begin anew before this chunk, which has frames."""
        if self._params.refresh == "scene_cut":
            return self._is_cut(chunk)
        every_ms, last_ms, self._last_ms = self._params.refresh_ms, self._last_ms, chunk.start_ms
        return self.is_needed and last_ms is not None and last_ms // every_ms != chunk.start_ms // every_ms

    def _is_cut(self, chunk: Chunk) -> bool:
        """Whether a scene begins in this chunk: a picture is far from the one before it."""
        pictures = [thumbnail(frame) for frame in chunk.frames]
        before = [self._last_picture, *pictures[:-1]]
        self._last_picture = pictures[-1]
        return any(a is not None and _difference(a, b) >= CUT for a, b in zip(before, pictures, strict=True))


def _difference(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """0 to 1; pictures of two sizes are two scenes."""
    return 1.0 if a.shape != b.shape else float(np.abs(a - b).mean()) / 255
