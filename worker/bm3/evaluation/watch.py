"""A video through the real streaming engine, chunk by chunk, under one of several ways to remember."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, cast

from db.documents.kinds.video import DEFAULT_PROMPT, Window
from db.failures import Failure
from worker.bm3.scenes.scenes import Scene, frame_times
from worker.engine.protocol import Chunk, Engine, Frame, Session, WatchOptions
from worker.errors import Permanent
from worker.streaming.context_window import Ablation
from worker.video.source.decode import Clip, parts
from worker.video.source.frame_sampler import ClipPart
from worker.video.source.probe import probe


@dataclass(frozen=True)
class MemoryVariant:
    """One row of the table: what the model remembers, and what is taken away."""

    window: Window = field(default_factory=Window)
    ablation: Ablation = Ablation.NONE


NANO_WINDOW = Window(text_sink_tokens=0, text_window_tokens=256, vision_ms=4_000)
"""What nano is best watched with: it was trained for minutes on a CPU, and little in sight is little to confuse."""

VARIANTS: dict[str, MemoryVariant] = {
    "nano": MemoryVariant(NANO_WINDOW),
    "16 s": MemoryVariant(),
    "4 s": MemoryVariant(Window(vision_ms=4_000)),
    "64 s": MemoryVariant(Window(vision_ms=64_000)),
    "no text sink": MemoryVariant(Window(text_sink_tokens=0)),
    "no old text": MemoryVariant(Window(text_sink_tokens=0, text_window_tokens=0)),
    "gaps": MemoryVariant(ablation=Ablation.GAPS),
    "chunks alone": MemoryVariant(Window(text_sink_tokens=0, text_window_tokens=0, vision_ms=2_000)),
    "full attention": MemoryVariant(ablation=Ablation.FULL),
}
"""The second is the engine's default. Positions are contiguous but in `gaps`; nothing is forgotten in the last."""


@dataclass(frozen=True)
class Heard:
    """The reply to one chunk, and how long the engine took for it."""

    start_ms: int
    end_ms: int
    text: str
    seconds: float


class _Ablating(Protocol):
    """What only engines made for evaluation know: to leave out a part of the method."""

    def open(self, options: WatchOptions, checkpoint: None = None, ablation: Ablation = Ablation.NONE) -> Session: ...


def options_for(variant: MemoryVariant, base: WatchOptions | None = None) -> WatchOptions:
    """Greedy, the default prompt, the variant's window."""
    return replace(base or WatchOptions(prompt=DEFAULT_PROMPT), window=variant.window)


def watch(engine: Engine, chunks: Iterable[Chunk], options: WatchOptions, ablation: Ablation) -> Iterator[Heard]:
    """Show the chunks one after the other. A stream that outgrows the model's context (full attention) ends there."""
    session = _open(engine, options, ablation)
    try:
        for chunk in chunks:
            start_s = time.perf_counter()
            reply = session.feed(chunk)
            yield Heard(chunk.start_ms, chunk.end_ms, reply.text.strip(), time.perf_counter() - start_s)
    except Permanent as error:
        if error.code is not Failure.CONTEXT_TOO_SMALL or ablation is not Ablation.FULL:
            raise
    finally:
        session.close()


def _open(engine: Engine, options: WatchOptions, ablation: Ablation) -> Session:
    if ablation is Ablation.NONE:
        return engine.open(options)
    return cast(_Ablating, engine).open(options, ablation=ablation)


def decoded(path: Path, engine: Engine, options: WatchOptions) -> Iterator[Chunk]:
    """The chunks of a file, as a captioning job sees them."""
    clip = Clip(fps=options.fps, chunk_ms=options.chunk_ms)
    known = probe(path)
    size = engine.frame_size(known.width_px, known.height_px, options.max_frame_pixels)
    return (part.chunk for part in parts(path, known, clip, size) if isinstance(part, ClipPart))


def rendered(scene: Scene, duration_ms: int, size: tuple[int, int], options: WatchOptions) -> Iterator[Chunk]:
    """The chunks of a scene without a codec in between."""
    for index, start_ms in enumerate(range(0, duration_ms, options.chunk_ms)):
        end_ms = min(start_ms + options.chunk_ms, duration_ms)
        frames = tuple(Frame(t_ms, scene.frame(t_ms, size)) for t_ms in frame_times(start_ms, end_ms, options.fps))
        yield Chunk(index, start_ms, end_ms, frames)
