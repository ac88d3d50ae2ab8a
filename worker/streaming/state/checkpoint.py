"""What a stream can be started again from: a few replies and counters as JSON, never keys and values."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

from db.failures import Failure
from worker.engine.protocol import WatchOptions
from worker.errors import Permanent
from worker.streaming.policy import ContextLimits, keep
from worker.streaming.state.replay import Remembered, ReplayLog, dump_remembered, load_remembered

VERSION = 1


@dataclass(frozen=True)
class StreamState:
    """A stream between two chunks. `rng_step` is the state of its random numbers (see `sampling.uniform`)."""

    next_chunk: int = 0
    last_end_ms: int = -1
    said_tokens: int = 0
    rng_step: int = 0
    remembered: tuple[Remembered, ...] = ()


def digest(options: WatchOptions) -> str:
    """Identity of the options: a checkpoint fits only the options it was made with.

    The frame budget may differ: an attempt after running out of memory goes on with smaller frames.
    """
    return hashlib.sha256(repr(replace(options, max_frame_pixels=0)).encode()).hexdigest()


def dump(
    state: StreamState, options: WatchOptions, limits: ContextLimits, log: ReplayLog | None = None
) -> dict[str, Any]:
    """The state as JSON; `rewatch_from_chunk` is the first chunk whose frames the next chunk will still see.

    A hybrid's is the first chunk that its recurrent state has to be fed again.
    """
    document = _dump(state, options, limits)
    if log is None:
        return document
    again = {"rewatch_from_chunk": log.bases[0].next_chunk, "remembered": [], "replay": log.document()}
    return {**document, **again, "snapshots": list(log.snapshots)}


def _dump(state: StreamState, options: WatchOptions, limits: ContextLimits) -> dict[str, Any]:
    seen = keep([r.exchange for r in state.remembered], state.last_end_ms + 1, limits)
    in_sight = [exchange.chunk for exchange in seen if exchange.frames_tokens]
    return {
        "version": VERSION,
        "options": digest(options),
        "next_chunk": state.next_chunk,
        "rewatch_from_chunk": in_sight[0] if in_sight else state.next_chunk,
        "last_end_ms": state.last_end_ms,
        "said_tokens": state.said_tokens,
        "draws": state.rng_step,
        "remembered": dump_remembered(state.remembered),
    }


def load(document: dict[str, Any], options: WatchOptions) -> StreamState:
    """The state of a checkpoint. Raises Permanent(BAD_PARAMS) when it was made with other options or another format."""
    if document.get("version") != VERSION or document.get("options") != digest(options):
        raise Permanent(Failure.BAD_PARAMS, "the checkpoint belongs to other options or another version")
    return StreamState(
        next_chunk=document["next_chunk"],
        last_end_ms=document["last_end_ms"],
        said_tokens=document["said_tokens"],
        rng_step=document["draws"],
        remembered=load_remembered(document["remembered"]),
    )


def load_log(document: dict[str, Any], limits: ContextLimits) -> ReplayLog:
    """What a hybrid's stream was fed. Raises Permanent(BAD_PARAMS) when the checkpoint is of another kind of model."""
    if "replay" not in document:
        raise Permanent(Failure.BAD_PARAMS, "the checkpoint was made by a model without recurrent states")
    return ReplayLog.of(document["replay"], limits.window_chunks)
