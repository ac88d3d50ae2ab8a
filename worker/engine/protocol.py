"""What an engine is: plain values in, plain values out, no torch in sight.

An engine holds one resident model and serves several streams at once. `Session.feed` blocks until the chunk is
answered; sessions of one engine may be fed from different threads, and an engine is free to run their steps in one batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from db.documents.kinds.base import Sampling
from db.documents.kinds.video import Window

OnText = Callable[[str], None]
"""Called with each new piece of text as it is decoded; may raise `Stopped` to end the generation at this step."""

NO_SNAPSHOTS: Mapping[str, Path] = MappingProxyType({})


@dataclass(frozen=True)
class Frame:
    """One decoded picture and its presentation time."""

    pts_ms: int
    pixels: NDArray[np.uint8]  # (height, width, 3) RGB, already at the size the family asked for


@dataclass(frozen=True)
class Chunk:
    """A few seconds of frames; `index` counts from 0 at the start of the clip."""

    index: int
    start_ms: int
    end_ms: int
    frames: tuple[Frame, ...]
    refresh: bool = False  # start the recurrent state anew, from what is in sight, before this chunk


@dataclass(frozen=True)
class StepTimings:
    """What a chunk took inside the engine, and the tokens in memory after it; zeros from an engine that cannot tell."""

    vision_s: float = 0.0
    prefill_s: float = 0.0
    reply_s: float = 0.0  # decode steps this stream took part in
    context_tokens: int = 0


@dataclass(frozen=True)
class RequestCost:
    """What asking a server about a chunk took, by the server's own counts of tokens. `resent_tokens` are those of frames
    that it had been sent before, by their share of all frames of the request."""

    requests: int = 0
    frames_sent: int = 0
    frames_resent: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    resent_tokens: int = 0


@dataclass(frozen=True)
class Reply:
    """What the model said about one chunk; empty text is silence."""

    text: str
    token_ids: tuple[int, ...] = ()
    silence_probability: float | None = None
    timings: StepTimings = field(default=StepTimings(), compare=False)  # what it took is not what was said
    refreshed: bool = False  # before this chunk the recurrent state of a hybrid model began anew
    cost: RequestCost = field(default=RequestCost(), compare=False)  # of a server that forgets between requests

    @property
    def tokens(self) -> int:
        """Tokens of the reply; a server tells their number, not their ids."""
        return len(self.token_ids) or self.cost.completion_tokens


@dataclass(frozen=True)
class NodeInfo:
    """One node of a model that is split over several machines: what it holds, and whether it is there now.

    `layers` are the first and the one after the last; `bytes` those of its weights, `cache_bytes` those of the streams.
    """

    rank: int
    role: str  # starter, secondary, finisher
    layers: tuple[int, int]
    bytes: int
    joined: bool
    device: str = ""
    host: str | None = None  # None: where the worker is
    round_trip_ms: float | None = None
    cache_bytes: int = 0


@dataclass(frozen=True)
class ModelInfo:
    """Identity of a resident model, as it stands in every result's provenance."""

    name: str
    family: str
    engine: str
    weights_sha256: str
    context_tokens: int
    dtype: str = "float32"
    device: str = "cpu"
    parameters: int | None = None  # None: the engine does not report them
    memory_bytes: int | None = None  # of the weights, as they were loaded; streams come on top
    structured: bool = False  # whether `chat` can hold an answer to a JSON schema
    window: Window = field(default_factory=Window)  # for streams that name none
    recurrent: bool = False  # some layers are linear attention: their state cannot forget, but be refreshed
    demo: bool = False  # a demonstration: it understands the material it was made with and no other
    nodes: tuple[NodeInfo, ...] = ()  # of a model that is split over several machines, as they are now


@dataclass(frozen=True)
class WatchOptions:
    """How one stream is watched; everything a session needs besides the frames."""

    prompt: str
    system: str | None = None
    window: Window = field(default_factory=Window)
    sampling: Sampling = field(default_factory=Sampling)
    fps: float = 2.0
    chunk_ms: int = 2000
    max_frame_pixels: int = 256 * 256
    max_tokens_per_chunk: int = 48
    silence_threshold: float | None = None
    may_refresh: bool = field(default=False, repr=False)  # frames in sight are held for a chunk that asks for it


@dataclass(frozen=True)
class ChatRequest:
    """A conversation to be answered. Content parts: {"type": "text", "text"}, {"type": "image", "image": (h, w, 3) uint8},
    {"type": "video", "video": tuple[Frame, ...]}; pictures of parts with `"sized": True` are shown as they are. With
    `schema` the answer is JSON of it, cut off at the token limit at worst."""

    messages: Sequence[dict[str, Any]]
    max_tokens: int
    sampling: Sampling = field(default_factory=Sampling)
    schema: dict[str, Any] | None = None
    stops: tuple[str, ...] = ()  # texts after which nothing more is generated; the answer may still hold them
    logprobs: int | None = None  # tell each token's log probability, and those of so many likeliest


@dataclass(frozen=True)
class TokenLogprob:
    """A token of an answer, its natural log probability before temperature, and the likeliest ones in its place."""

    text: str
    logprob: float
    likeliest: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Answer:
    """A finished chat completion."""

    text: str
    prompt_tokens: int
    completion_tokens: int
    finish_reason: str  # "stop" or "length"
    logprobs: tuple[TokenLogprob, ...] | None = None  # of every token of the text, where they were asked for


class Session(Protocol):
    """One video being watched."""

    def feed(self, chunk: Chunk, on_text: OnText | None = None) -> Reply:
        """Show one chunk and return what the model says. Raises Transient(GPU_OOM), Permanent, or what `on_text` raises."""
        ...

    def rewatch(self, chunk: Chunk) -> None:
        """After opening from a checkpoint: show a chunk of the last vision window again. Nothing is decoded; the reply
        that the checkpoint holds for this chunk is put back in its place. A chunk without frames cannot be shown again
        (live input): only its words come back."""
        ...

    def checkpoint(self) -> dict[str, Any]:
        """JSON-able state after the last chunk: `next_chunk`, `rewatch_from_chunk` (first chunk whose frames are still in
        the vision window), retained text ids, RNG state, options hash; never the K/V cache."""
        ...

    def snapshot(self, folder: Path) -> Path | None:
        """Write what JSON cannot hold (the recurrent state of a hybrid model) to a file of a new name in `folder`, when
        it is time to; None when it is not, or there is no such state. Checkpoints made after it name the files that
        `Engine.open` needs as `snapshots`, two at most: keep the file before you keep such a checkpoint."""
        ...

    def close(self) -> None:
        """Free the stream's memory; safe to call twice."""
        ...


class Engine(Protocol):
    """A resident model."""

    @property
    def info(self) -> ModelInfo:
        """What the engine is and what its model can do."""
        ...

    @property
    def factor_px(self) -> int:
        """Sides of pictures are multiples of this many pixels: a patch times the patches that are merged."""
        ...

    def frame_size(self, width_px: int, height_px: int, max_frame_pixels: int) -> tuple[int, int]:
        """(width, height) in pixels to decode to, so that the vision tower takes the frame without another resize."""
        ...

    def open(
        self,
        options: WatchOptions,
        checkpoint: dict[str, Any] | None = None,
        snapshots: Mapping[str, Path] = NO_SNAPSHOTS,
    ) -> Session:
        """Start a stream, or resume one from its checkpoint (warm restart: the caller then shows the chunks from
        `rewatch_from_chunk` to `next_chunk` through `Session.rewatch`). `snapshots` are the files that the checkpoint
        names; where one is gone the next reply says `refreshed`. Raises Permanent(CONTEXT_TOO_SMALL) when the
        token budget computed from `options` cannot fit the model."""
        ...

    def warm_up(self) -> None:
        """Run once what jobs will run, so that the first of them does not wait for it, and a model that can be loaded but
        not run is found before it takes one. Raises what `chat` raises."""
        ...

    def chat(self, request: ChatRequest, on_text: OnText | None = None) -> Answer:
        """Answer one conversation, token by token to `on_text`. Raises Transient(GPU_OOM), Permanent, or what `on_text`
        raises; Permanent(UNSUPPORTED) for a schema where `info` is not `structured`."""
        ...

    def close(self) -> None:
        """Let go of the model, or of its server; sessions that are still open fail."""
        ...


@runtime_checkable
class SplitEngine(Engine, Protocol):
    """An engine that may lose parts of itself, and be whole again, while it is loaded."""

    def problem(self) -> str | None:
        """Why it can take no work now; None when it can."""
        ...


def parts_of(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The content parts of a message; plain text is one."""
    content = message["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
