"""A stream's memory as plain values: which spans are cached, where they sit, and what changes when a chunk comes in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from worker.streaming.policy import ContextLimits, Exchange, keep
from worker.streaming.positions import close_gaps, moved
from worker.streaming.spans import SpanRole, TokenSpan


class Ablation(StrEnum):
    """What is taken away for an evaluation; `NONE` is the engine as it is meant to run."""

    NONE = "none"
    GAPS = "gaps"  # evicted spans leave gaps in the positions
    FULL = "full"  # nothing is evicted: full attention, memory grows


@dataclass(frozen=True)
class Change:
    """What must happen to the cache before a chunk comes in."""

    dropped_keys: tuple[int, ...] = ()
    moved: tuple[TokenSpan, ...] = ()


class ContextWindow:
    """Spans in order, and the exchanges they belong to."""

    def __init__(self, limits: ContextLimits, ablation: Ablation = Ablation.NONE, first_position: int = 0) -> None:
        self.limits = limits
        self.spans: list[TokenSpan] = []
        self.exchanges: tuple[Exchange, ...] = ()
        self.ablation = ablation
        self._next_key = 0
        self._said_tokens = 0
        self._next_position = first_position

    @property
    def tokens(self) -> int:
        """Tokens in the cache."""
        return sum(span.tokens for span in self.spans)

    @property
    def text_tokens(self) -> int:
        """Tokens whose keys are kept raw."""
        return sum(span.tokens for span in self.spans if span.movable)

    @property
    def said_tokens(self) -> int:
        """Reply tokens of the whole stream so far: the measure of the text sink."""
        return self._said_tokens

    def restore_said(self, tokens: int) -> None:
        """Go on counting from a checkpoint."""
        self._said_tokens = tokens

    def add(self, role: SpanRole, chunk: int, tokens: int, grid: tuple[int, int] | None = None) -> TokenSpan:
        """Append a span at the end of the positions."""
        span = TokenSpan(self._next_key, role, chunk, tokens, self._next_position, grid)
        self._next_key += 1
        self._next_position = span.end
        self.spans.append(span)
        return span

    def extend_last(self, tokens: int) -> None:
        """The newest span has become that many tokens longer: a reply, when its decoding has ended."""
        newest = self.spans[-1]
        self.spans[-1] = replace(newest, tokens=newest.tokens + tokens)
        self._next_position = self.spans[-1].end

    def make_room(self, newest_end_ms: int) -> Change:
        """Forget what the policy forgets when a chunk ending then is about to come in."""
        if self.ablation is Ablation.FULL:
            return Change()
        self.exchanges = keep(self.exchanges, newest_end_ms, self.limits)
        before = self.spans
        kept = self._kept_spans()
        self.spans = kept if self.ablation is Ablation.GAPS else close_gaps(kept, self._next_position)
        alive = {span.key for span in kept}
        dropped = tuple(span.key for span in before if span.key not in alive)
        return Change(dropped, tuple(moved(before, self.spans)))

    def _kept_spans(self) -> list[TokenSpan]:
        alive = {(SpanRole.FRAMES, e.chunk) for e in self.exchanges if e.frames_tokens}
        alive |= {(SpanRole.REPLY, e.chunk) for e in self.exchanges if e.reply_tokens}
        return [span for span in self.spans if span.role is SpanRole.PINNED or (span.role, span.chunk) in alive]

    def clear(self) -> tuple[int, ...]:
        """Drop every span and return their keys; what they held is about to be written anew at the positions that come next."""
        dropped = tuple(span.key for span in self.spans)
        self.spans = []
        return dropped

    def remember(self, exchange: Exchange) -> None:
        """Add an exchange whose reply is complete; replies that are not silent count towards the text sink."""
        self.exchanges = (*self.exchanges, replace(exchange, text_start=self._said_tokens))
        self._said_tokens += 0 if exchange.silent else exchange.reply_tokens

    def recall(self, exchange: Exchange) -> None:
        """Add an exchange of a checkpoint, as it was."""
        self.exchanges = (*self.exchanges, exchange)
