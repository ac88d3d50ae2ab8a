"""The policy: which exchanges (a chunk and what was said about it) stay in memory; arithmetic on plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class ContextLimits:
    """What may stay, besides the pinned prompt. `window_chunks` counts the chunk that is about to come in."""

    text_sink_tokens: int
    text_window_tokens: int
    vision_ms: int
    window_chunks: int


@dataclass(frozen=True)
class Exchange:
    """One chunk and its reply. `frames_tokens` is 0 once the frames are gone, `reply_tokens` once the reply is.

    `text_start` is the number of reply tokens said before in the whole stream: it decides membership of the sink once
    and for all, so that deciding twice changes nothing.
    """

    chunk: int
    end_ms: int
    frames_tokens: int
    reply_tokens: int
    text_start: int
    silent: bool = False

    @property
    def tokens(self) -> int:
        """Of the frames and the reply together."""
        return self.frames_tokens + self.reply_tokens


def keep(exchanges: Sequence[Exchange], newest_end_ms: int, limits: ContextLimits) -> tuple[Exchange, ...]:
    """What stays of `exchanges` when a chunk ending at `newest_end_ms` is about to come in.

    - frames stay while their chunk ends within the vision window, at most `window_chunks - 1` of them;
    - replies to chunks whose frames stay, stay: nothing between two visible chunks ever leaves;
    - older replies stay in the text sink, or while they fit the recent-text window;
    - a silent reply leaves with its frames.
    """
    first_seen = _first_in_sight(exchanges, newest_end_ms, limits)
    older, seen = exchanges[:first_seen], exchanges[first_seen:]
    room_tokens = limits.text_window_tokens - sum(_recent_tokens(exchange, limits) for exchange in seen)
    kept = list(reversed(seen))
    for exchange in reversed(older):
        room_tokens -= _recent_tokens(exchange, limits)
        if not exchange.silent and exchange.reply_tokens and (_in_sink(exchange, limits) or room_tokens >= 0):
            kept.append(replace(exchange, frames_tokens=0))
    return tuple(reversed(kept))


def _in_sink(exchange: Exchange, limits: ContextLimits) -> bool:
    return exchange.text_start + exchange.reply_tokens <= limits.text_sink_tokens


def _recent_tokens(exchange: Exchange, limits: ContextLimits) -> int:
    """What a reply takes of the recent-text window: nothing when it is silent or in the sink."""
    return 0 if exchange.silent or _in_sink(exchange, limits) else exchange.reply_tokens


def _first_in_sight(exchanges: Sequence[Exchange], newest_end_ms: int, limits: ContextLimits) -> int:
    oldest_index = max(0, len(exchanges) - (limits.window_chunks - 1))
    for index in range(oldest_index, len(exchanges)):
        exchange = exchanges[index]
        if exchange.frames_tokens and exchange.end_ms > newest_end_ms - limits.vision_ms:
            return index
    return len(exchanges)
