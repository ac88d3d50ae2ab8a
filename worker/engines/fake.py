"""The scripted twin of a real engine for tests: its text says what it was really shown, its faults come on demand.

Options of the spec (all whole numbers, but `once`):

    delay_ms            time each chunk takes, spread over its pieces of text
    silent_every        every Nth chunk is silent (0: never)
    context_tokens      what it claims as context; a larger budget is refused
    oom_above_pixels    a frame larger than this raises Transient(GPU_OOM)
    fail_at             this chunk raises Permanent(INTERNAL)
    hang_at             this chunk never returns and never looks at `on_text`
    crash_at            this chunk kills the process with SIGKILL
    once                path of a marker file: the fault happens only while the file is absent, and makes it
"""

from __future__ import annotations

import hashlib
import os
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from db.failures import Failure
from worker.engine.protocol import (
    NO_SNAPSHOTS,
    Answer,
    ChatRequest,
    Chunk,
    Frame,
    ModelInfo,
    OnText,
    Reply,
    WatchOptions,
    parts_of,
)
from worker.engine.stops import has_stop
from worker.engines.spec import ModelSpec
from worker.errors import Permanent, Transient
from worker.families.geometry import smart_size

FACTOR_PX = 16
TOKENS_PER_PIECE = 2
OPTIONS = frozenset(
    {"delay_ms", "silent_every", "context_tokens", "oom_above_pixels", "fail_at", "hang_at", "crash_at", "once"}
)


def mean_colour(frames: Sequence[Frame]) -> str:
    """The mean colour of all frames as `red,green,blue` in whole numbers."""
    mean = np.mean([frame.pixels.reshape(-1, 3).mean(axis=0) for frame in frames], axis=0)
    return ",".join(str(round(float(value))) for value in mean)


def describe(frames: Sequence[Frame]) -> str:
    """What the engine says about some frames, for example `t=12.0 s: mean colour 120,33,7`."""
    return f"t={frames[0].pts_ms / 1000:.1f} s: mean colour {mean_colour(frames)}"


def pieces(text: str) -> list[str]:
    """Text cut before each blank, as a tokenizer would stream it; joined it is the text again."""
    words = text.split(" ")
    return [words[0], *(" " + word for word in words[1:])]


class Faults:
    """The misbehaviour a spec asks for."""

    def __init__(self, spec: ModelSpec) -> None:
        self.oom_above_pixels = spec.option_int("oom_above_pixels", 0)
        self.at = {key: spec.option_int(key, -1) for key in ("fail_at", "hang_at", "crash_at")}
        self.marker = spec.options.get("once")

    def strike(self, chunk: Chunk) -> None:
        """Misbehave if this chunk is the one. Raises Transient (GPU_OOM) for a chunk that is to run out of memory."""
        if self.oom_above_pixels and any(f.pixels.size // 3 > self.oom_above_pixels for f in chunk.frames):
            raise Transient(Failure.GPU_OOM, "scripted: out of memory")
        if chunk.index in self.at.values() and self._first_time():
            self._misbehave(chunk.index)

    def _first_time(self) -> bool:
        if self.marker is None:
            return True
        try:
            Path(self.marker).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def _misbehave(self, index: int) -> None:
        if index == self.at["crash_at"]:
            os.kill(os.getpid(), signal.SIGKILL)
        if index == self.at["hang_at"]:
            threading.Event().wait()
        raise Permanent(Failure.INTERNAL, "scripted: failure")


class FakeSession:
    """A stream that remembers what it was shown and says so."""

    def __init__(self, engine: FakeEngine, options: WatchOptions, checkpoint: dict[str, Any] | None) -> None:
        self._engine = engine
        self._options = options
        state = checkpoint or {"options": _digest(options), "next_chunk": 0, "recent": [], "text_ids": []}
        if state["options"] != _digest(options):
            raise Permanent(Failure.BAD_PARAMS, "the checkpoint belongs to other options")
        self._next_chunk: int = state["next_chunk"]
        self._recent: list[list[int]] = [list(pair) for pair in state["recent"]]  # (chunk index, end_ms) still in sight
        self._text_ids: list[int] = list(state["text_ids"])
        self._to_rewatch = {index for index, _ in self._recent}

    def feed(self, chunk: Chunk, on_text: OnText | None = None) -> Reply:
        """A scripted reply to the chunk.

        Raises Permanent (INTERNAL) for a chunk shown before, or before what has to be watched again.
        """
        if chunk.index < self._next_chunk:
            raise Permanent(Failure.INTERNAL, f"chunk {chunk.index} was already shown")
        if self._to_rewatch:
            raise Permanent(Failure.INTERNAL, f"chunks {sorted(self._to_rewatch)} must be watched again first")
        if on_text is not None:
            on_text("")
        self._engine.faults.strike(chunk)
        text = self._engine.reply_to(chunk)
        said = self._engine.stream(text, self._options.max_tokens_per_chunk, on_text)
        ids = tuple(said.encode())
        self._remember(chunk, ids)
        return Reply(said, ids, 0.0 if said else 1.0)

    def _remember(self, chunk: Chunk, ids: tuple[int, ...]) -> None:
        self._next_chunk = chunk.index + 1
        oldest_ms = chunk.end_ms - self._options.window.vision_ms
        self._recent = [pair for pair in [*self._recent, [chunk.index, chunk.end_ms]] if pair[1] > oldest_ms]
        self._text_ids = [*self._text_ids, *ids][-max(self._options.window.text_window_tokens, 1) :]

    def rewatch(self, chunk: Chunk) -> None:
        """Take a chunk in sight at the checkpoint without answering. Raises Permanent (INTERNAL) for any other chunk."""
        if chunk.frames and chunk.index not in self._to_rewatch:
            raise Permanent(Failure.INTERNAL, f"chunk {chunk.index} was not in sight at the checkpoint")
        self._to_rewatch.discard(chunk.index)

    def checkpoint(self) -> dict[str, Any]:
        """See `worker.engine.protocol.Session`."""
        return {
            "options": _digest(self._options),
            "next_chunk": self._next_chunk,
            "rewatch_from_chunk": self._recent[0][0] if self._recent else self._next_chunk,
            "recent": self._recent,
            "text_ids": self._text_ids,
        }

    def snapshot(self, folder: Path) -> Path | None:
        """Nothing: all of its state is in the checkpoint."""
        return None

    def close(self) -> None:
        """See `worker.engine.protocol.Session`."""
        self._recent = []


class FakeEngine:
    """An engine without a model."""

    def __init__(self, spec: ModelSpec) -> None:
        spec.refuse_unknown(OPTIONS)
        self.faults = Faults(spec)
        self._delay_s = spec.option_int("delay_ms", 0) / 1000
        self._silent_every = spec.option_int("silent_every", 0)
        self._info = ModelInfo(
            name=spec.name,
            family="fake",
            engine="fake",
            weights_sha256=hashlib.sha256(b"").hexdigest(),
            context_tokens=spec.option_int("context_tokens", 32_768),
        )

    @property
    def info(self) -> ModelInfo:
        """As the spec says it."""
        return self._info

    @property
    def factor_px(self) -> int:
        """See `worker.engine.protocol.Engine`."""
        return FACTOR_PX

    def frame_size(self, width_px: int, height_px: int, max_frame_pixels: int) -> tuple[int, int]:
        """(width, height) in pixels, as of a model of the Qwen family."""
        return smart_size(width_px, height_px, FACTOR_PX, max_frame_pixels)

    def open(
        self,
        options: WatchOptions,
        checkpoint: dict[str, Any] | None = None,
        snapshots: Mapping[str, Path] = NO_SNAPSHOTS,
    ) -> FakeSession:
        """A session with the options' window.

        Raises Permanent (CONTEXT_TOO_SMALL) for a window that the scripted context does not hold.
        """
        needed = options.window.text_sink_tokens + options.window.text_window_tokens + options.max_tokens_per_chunk
        if needed > self._info.context_tokens:
            raise Permanent(
                Failure.CONTEXT_TOO_SMALL,
                f"{needed} tokens needed, {self._info.context_tokens} are the model's context",
            )
        return FakeSession(self, options, checkpoint)

    def reply_to(self, chunk: Chunk) -> str:
        """What it says of a chunk: its frames described, or nothing where the spec asks for silence."""
        silent = self._silent_every and (chunk.index + 1) % self._silent_every == 0
        return "" if silent or not chunk.frames else describe(chunk.frames)

    def stream(self, text: str, max_tokens: int, on_text: OnText | None, stops: Sequence[str] = ()) -> str:
        """Say a text piece by piece, in the time asked for, at most `max_tokens` long; return what was said."""
        planned, said = pieces(text)[: max(1, max_tokens // TOKENS_PER_PIECE)], ""
        for piece in planned:
            time.sleep(self._delay_s / len(planned))
            said += piece
            if on_text is not None:
                on_text(piece)
            if has_stop(said, stops):
                break
        return said

    def warm_up(self) -> None:
        """There is nothing to warm."""

    def chat(self, request: ChatRequest, on_text: OnText | None = None) -> Answer:
        """An answer that repeats what was asked. Raises Permanent (UNSUPPORTED) for a schema or log probabilities."""
        if request.logprobs is not None:
            raise Permanent(Failure.UNSUPPORTED, "a scripted engine has no log probabilities: leave logprobs out")
        if request.schema is not None:
            raise Permanent(Failure.UNSUPPORTED, "a scripted engine cannot be held to a schema")
        heard = " | ".join(_hear(part) for message in request.messages for part in parts_of(message))
        text = f"You said: {heard}"
        said = self.stream(text, request.max_tokens, on_text, request.stops)
        return Answer(
            text=said,
            prompt_tokens=len(pieces(heard)) * TOKENS_PER_PIECE,
            completion_tokens=len(pieces(said)) * TOKENS_PER_PIECE,
            finish_reason="stop" if said == text or has_stop(said, request.stops) else "length",
        )

    def close(self) -> None:
        """Nothing is held."""


def _hear(part: dict[str, Any]) -> str:
    if part["type"] == "text":
        return str(part["text"])
    if part["type"] == "image":
        return f"an image of mean colour {mean_colour([Frame(0, part['image'])])}"
    return f"a video of {len(part['video'])} frames, {describe(part['video'])}"


def _digest(options: WatchOptions) -> str:
    return hashlib.sha256(repr(replace(options, max_frame_pixels=0)).encode()).hexdigest()
