"""An engine that watches a video: `python -m tests.bench.cpu.by_engine SPEC SIDE_TOKENS WINDOW_MS`, asked for {"chunks": N}.

Two frames a second of `SIDE_TOKENS` by `SIDE_TOKENS` tokens each, 16 tokens said about every chunk of two seconds.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from db.documents.kinds.video import Window
from tests.bench.cpu.film import film
from tests.bench.cpu.serve import now, serve, since
from worker.engine.protocol import Chunk, WatchOptions
from worker.engines import load_engine

CHUNK_MS, FPS, REPLY_TOKENS = 2000, 2.0, 16
SPEAKS = 1.0  # a silence threshold that is never reached: every chunk decodes all its tokens


class Watching:
    """See `tests.bench.cpu.serve.Served`."""

    def __init__(self, spec: str, side_tokens: int, window_ms: int) -> None:
        self._engine: Any = load_engine(spec)
        side_px = side_tokens * self._engine.loaded.geometry.factor_px
        options = WatchOptions(
            prompt="What happens?",
            window=Window(text_sink_tokens=128, text_window_tokens=128, vision_ms=window_ms),
            fps=FPS,
            max_frame_pixels=side_px**2,
            max_tokens_per_chunk=REPLY_TOKENS,
            silence_threshold=SPEAKS,
        )
        self._session = self._engine.open(options)
        self._chunks: Iterator[Chunk] = film(side_px, CHUNK_MS, FPS)
        self.about = {"memory_mb": self._engine.info.memory_bytes >> 20}

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """What each of the next chunks took, in seconds: all of it, of the processor too, and its parts as the engine tells."""
        chunks = []
        for _ in range(asked["chunks"]):
            chunk = next(self._chunks)
            start = now()
            reply = self._session.feed(chunk)
            wall_s, cpu_s = since(start)
            took = asdict(reply.timings) | {"seconds": wall_s, "cpu_s": cpu_s, "tokens": reply.tokens}
            chunks.append(took)
        return {"chunks": chunks}


if __name__ == "__main__":
    serve(lambda: Watching(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
