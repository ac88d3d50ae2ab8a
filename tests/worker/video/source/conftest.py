"""Footage that several tests read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.worker.video.footage import (
    numbered,
    write_video,
)
from tests.worker.video.source.seen import SHORT_GROUPS


@pytest.fixture(scope="module")
def clip_mp4(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds that tell the number of each picture."""
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", numbered(120), options=SHORT_GROUPS)
