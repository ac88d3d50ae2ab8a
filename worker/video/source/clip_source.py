"""The clip a job asked for, measured and bounded before anything is watched."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from pathlib import Path

from db.documents.kinds.video import VideoCaptionParams
from db.failures import Failure
from worker.engine.protocol import Engine
from worker.errors import Permanent
from worker.video.source.decode import Clip, ClipEnd, parts
from worker.video.source.frame_sampler import ClipPart
from worker.video.source.probe import Probe, probe


@dataclass(frozen=True)
class ClipSource:
    """A readable video file, the clip of it to watch and the size its frames are decoded to."""

    path: Path
    probe: Probe
    clip: Clip
    frame_px: tuple[int, int]
    max_duration_ms: int | None

    @classmethod
    def open(
        cls, path: Path, params: VideoCaptionParams, engine: Engine, on_step: Callable[[], None] = lambda: None
    ) -> ClipSource:
        """Probe the file. Raises Permanent: unreadable, too long, or a clip that starts after the end; and what `on_step`
        raises, which is called while the file is read through."""
        seen = probe(path, on_step)
        clip = Clip(params.start_ms, params.end_ms, params.fps, params.chunk_ms)
        frame_px = engine.frame_size(seen.width_px, seen.height_px, params.max_frame_pixels)
        source = cls(path, seen, clip, frame_px, params.max_duration_ms)
        source._refuse_too_long(source.total_ms)
        return source

    @property
    def total_ms(self) -> int:
        """Length of the clip as far as the file goes."""
        ends = [ms for ms in (self.clip.end_ms, self.probe.duration_ms) if ms is not None]
        return max(0, min(ends) - self.clip.start_ms)

    def chunk_start_ms(self, chunk: int) -> int:
        """Video time at which a chunk, counted from 0, begins."""
        return self.clip.start_ms + chunk * self.clip.chunk_ms

    def done_ms(self, part: ClipPart) -> int:
        """How much of the clip is behind when a part has been watched."""
        return part.chunk.end_ms - self.clip.start_ms

    def parts(
        self, first_chunk: int = 0, end_chunk: int | None = None, threads: int = 0
    ) -> Generator[ClipPart | ClipEnd]:
        """The parts of the clip from one chunk up to another, then an End. `threads` of the decoder; 0: its choice."""
        end_ms = self.clip.end_ms
        if end_chunk is not None:
            own_end_ms = self.chunk_start_ms(end_chunk)
            end_ms = own_end_ms if end_ms is None else min(own_end_ms, end_ms)
        clip = replace(self.clip, first_chunk=first_chunk, end_ms=end_ms, threads=threads)
        start_s = time.perf_counter()
        for part in parts(self.path, self.probe, clip, self.frame_px):
            if isinstance(part, ClipPart):
                self._refuse_too_long(self.done_ms(part))
                yield replace(part, decode_s=time.perf_counter() - start_s)
            else:
                yield part
            start_s = time.perf_counter()

    def _refuse_too_long(self, length_ms: int) -> None:
        if self.max_duration_ms is not None and length_ms > self.max_duration_ms:
            raise Permanent(Failure.TOO_LONG, f"the clip is longer than the {self.max_duration_ms} ms allowed")
