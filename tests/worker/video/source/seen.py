"""What a clip shows when it is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from db.documents.kinds.video import Gap
from tests.worker.video.footage import (
    number,
)
from worker.engine.protocol import Chunk, Frame
from worker.video.source.decode import Clip, ClipEnd, parts
from worker.video.source.probe import probe

SIZE = (64, 48)


SHORT_GROUPS = {"g": "12", "bf": "2"}


@dataclass(frozen=True)
class Seen:
    """All that came out of one file."""

    chunks: list[Chunk]
    gaps: list[Gap]
    end: ClipEnd

    @property
    def frames(self) -> list[Frame]:
        return [frame for chunk in self.chunks for frame in chunk.frames]

    @property
    def times_ms(self) -> list[int]:
        return [frame.pts_ms for frame in self.frames]

    @property
    def numbers(self) -> list[int]:
        return [number(frame.pixels) for frame in self.frames]


def watch(path: Path, clip: Clip | None = None, size: tuple[int, int] = SIZE) -> Seen:
    items = list(parts(path, probe(path), clip or Clip(), size))
    *watched, end = items
    assert isinstance(end, ClipEnd)
    chunks = [part.chunk for part in watched if not isinstance(part, ClipEnd)]
    gaps = [gap for part in watched if not isinstance(part, ClipEnd) for gap in part.gaps]
    return Seen(chunks, gaps, end)
