"""A model is loaded, warmed up and timed: some frames of a made-up scene, and an answer."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from worker.engine.protocol import ChatRequest, Chunk, Engine, Frame, WatchOptions
from worker.engines import load_engine
from worker.engines.spec import ModelSpec

SOURCE_PX = (854, 480)
CHUNKS = 3
ANSWER_TOKENS = 32


@dataclass(frozen=True)
class Trial:
    """How a model did after one warm-up of each; seconds, and tokens a second. None: it said too little to tell, or cannot
    watch streams."""

    family: str
    device: str
    dtype: str
    load_s: float
    first_token_s: float
    tokens_per_s: float | None
    realtime: float | None

    def __str__(self) -> str:
        watching = "cannot watch streams" if self.realtime is None else f"one stream at {self.realtime:.1f}x real time"
        speed = "an empty answer" if self.tokens_per_s is None else f"{self.tokens_per_s:.1f} tokens/s"
        return (
            f"{self.family} on {self.device} in {self.dtype or 'its own format'}: loaded in {self.load_s:.1f} s, "
            f"first token after {self.first_token_s:.2f} s, {speed}, {watching}"
        )


def try_out(spec: ModelSpec) -> Trial:
    """Load the model, use it once to warm it up and once to time it. Raises Permanent or Transient of the engine."""
    began = time.monotonic()
    engine = load_engine(spec)
    load_s = time.monotonic() - began
    try:
        watched = _watch(engine)
        _answer(engine)
        first_s, tokens_per_s = _answer(engine)
    finally:
        engine.close()
    info = engine.info
    return Trial(info.family, info.device, info.dtype, load_s, first_s, tokens_per_s, watched)


def _answer(engine: Engine) -> tuple[float, float | None]:
    """Seconds to the first token, and tokens a second from then on."""
    heard: list[float] = []
    began = time.monotonic()
    messages = [{"role": "user", "content": "Describe a day at the sea in two sentences."}]
    answer = engine.chat(ChatRequest(messages, ANSWER_TOKENS), lambda _: heard.append(time.monotonic()))
    ended = time.monotonic()
    first = heard[0] if heard else ended
    spoken = answer.completion_tokens - 1
    return first - began, spoken / (ended - first) if spoken > 0 and ended > first else None


def _watch(engine: Engine) -> float | None:
    """Video seconds a second, without the first chunk; None where the engine has no streams."""
    if engine.info.device == "remote":
        return None
    options = WatchOptions(prompt="Describe what happens.", window=engine.info.window)
    size = engine.frame_size(*SOURCE_PX, options.max_frame_pixels)
    session = engine.open(options)
    try:
        session.feed(_chunk(0, options, size))
        began = time.monotonic()
        for index in range(1, CHUNKS):
            session.feed(_chunk(index, options, size))
        seconds = time.monotonic() - began
    finally:
        session.close()
    return (CHUNKS - 1) * options.chunk_ms / 1000 / seconds


def _chunk(index: int, options: WatchOptions, size: tuple[int, int]) -> Chunk:
    """Frames of noise that moves: what they show does not matter for how long they take."""
    start, step = index * options.chunk_ms, 1000 / options.fps
    noise = np.random.default_rng(index).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    count = int(options.chunk_ms / step)
    frames = tuple(Frame(round(start + i * step), np.roll(noise, 8 * i, axis=1)) for i in range(count))
    return Chunk(index, start, start + options.chunk_ms, frames)
