"""The token budget of a stream, known before its first frame: a hard bound on memory, refused when the model is too small."""

from __future__ import annotations

import math
from dataclasses import dataclass

from db.failures import Failure
from worker.engine.protocol import WatchOptions
from worker.errors import Permanent
from worker.streaming.policy import ContextLimits


@dataclass(frozen=True)
class Costs:
    """Tokens of the parts of one chunk, at most."""

    pinned_tokens: int  # system and user prompt
    turn_tokens: int  # marks and stamps around a chunk's frames
    group_tokens: int  # one frame group: its stamp, its marks and its picture
    reply_tokens: int  # marks around a reply, without the reply itself


@dataclass(frozen=True)
class Budget:
    """How many tokens a stream can ever hold; `text_tokens` of them are movable and kept twice."""

    tokens: int
    text_tokens: int


def window_limits(options: WatchOptions) -> ContextLimits:
    """The policy's limits of a stream."""
    return ContextLimits(
        text_sink_tokens=options.window.text_sink_tokens,
        text_window_tokens=options.window.text_window_tokens,
        vision_ms=options.window.vision_ms,
        window_chunks=max(1, math.ceil(options.window.vision_ms / options.chunk_ms)),
    )


def groups_per_chunk(options: WatchOptions, frames_per_group: int) -> int:
    """Frame groups of a chunk at most; one frame more than `fps` says may fall into a chunk by rounding."""
    return math.ceil((math.ceil(options.fps * options.chunk_ms / 1000) + 1) / frames_per_group)


def token_budget(options: WatchOptions, costs: Costs, frames_per_group: int) -> Budget:
    """The most tokens a stream with these options can hold at any moment."""
    limits = window_limits(options)
    reply = costs.reply_tokens + options.max_tokens_per_chunk
    older_chunks = limits.window_chunks - 1  # in sight, each with its reply; a silent one still has its turn marks
    older_text = max(limits.text_window_tokens + older_chunks * costs.reply_tokens, older_chunks * reply)
    text = costs.pinned_tokens + limits.text_sink_tokens + older_text + reply
    chunk = costs.turn_tokens + groups_per_chunk(options, frames_per_group) * costs.group_tokens
    return Budget(tokens=text + limits.window_chunks * chunk, text_tokens=text)


def check_fits(budget: Budget, context_tokens: int) -> None:
    """Raise Permanent(CONTEXT_TOO_SMALL) when the budget is larger than what the model was made for."""
    if budget.tokens > context_tokens:
        raise Permanent(
            Failure.CONTEXT_TOO_SMALL,
            f"these options need up to {budget.tokens} tokens of context, the model has {context_tokens}: "
            "use a smaller vision window, fewer pixels a frame, fewer frames a second or shorter text windows",
        )
