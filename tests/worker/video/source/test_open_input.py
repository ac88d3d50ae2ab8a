"""Nobody who uses PyAV beside us decides where FFmpeg's messages go while a video of ours is decoded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av.logging
import pytest

from tests.worker.video.footage import numbered, write_video
from worker.video.source.probe import opened, probe


@pytest.fixture
def asked_for_messages() -> Iterator[None]:
    """As `import torchvision` of 0.24 leaves PyAV."""
    av.logging.set_level(av.logging.ERROR)
    yield
    av.logging.set_level(None)


@pytest.mark.usefixtures("asked_for_messages")
def test_decoders_log_nowhere_whoever_asked_for_messages(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", numbered(10))
    with opened(path):
        assert av.logging.get_level() is None
    av.logging.set_level(av.logging.ERROR)
    probe(path)
    assert av.logging.get_level() is None
