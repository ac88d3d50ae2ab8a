"""One video being watched: chunks in, replies out; memory and time per chunk do not depend on how long it has been."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from db.failures import Failure
from worker.engine.protocol import Chunk, OnText, Reply, WatchOptions
from worker.errors import Permanent
from worker.streaming.batch import GenerationRequest, GenerationResult, GenerationTurn
from worker.streaming.budget import Budget, check_fits, token_budget, window_limits
from worker.streaming.context_window import Ablation, Change, ContextWindow
from worker.streaming.loaded_model import LoadedModel, generate
from worker.streaming.policy import Exchange
from worker.streaming.runtime.protocol import PromptSegment
from worker.streaming.spans import SpanRole, TokenSpan
from worker.streaming.state.checkpoint import StreamState, dump, load
from worker.streaming.state.replay import Remembered


def budget_of(loaded: LoadedModel, options: WatchOptions) -> Budget:
    """The token budget of a stream. Raises Permanent(CONTEXT_TOO_SMALL) when it does not fit the model."""
    budget = token_budget(options, loaded.prompt_builder.costs(options), loaded.geometry.frames_per_group)
    check_fits(budget, loaded.context_tokens)
    return budget


class StreamSession:
    """One stream on a resident model."""

    def __init__(
        self,
        loaded: LoadedModel,
        options: WatchOptions,
        checkpoint: dict[str, Any] | None = None,
        ablation: Ablation = Ablation.NONE,
        first_position: int = 0,
    ) -> None:
        self._loaded = loaded
        self._options = options
        self._prompt_builder = loaded.prompt_builder
        budget = budget_of(loaded, options)
        self.context = ContextWindow(window_limits(options), ablation, first_position)
        self.cache = loaded.forward.new_cache(budget.tokens, budget.text_tokens)
        self._state = StreamState() if checkpoint is None else load(checkpoint, options)
        self.context.restore_said(self._state.said_tokens)
        self._to_recall = list(self._state.remembered)
        self._said: dict[int, tuple[int, ...]] = {}  # reply ids of the exchanges in memory, by chunk
        self._tail: tuple[int, tuple[int, ...]] | None = (
            None  # (chunk, ids): end of the last reply, not yet in the cache
        )
        self._usable = True

    def feed(self, chunk: Chunk, on_text: OnText | None = None) -> Reply:
        """Show one chunk and return what the model says; see `worker.engine.protocol.Session`."""
        self._check(chunk)
        if not chunk.frames:
            self._state = replace(self._state, next_chunk=chunk.index + 1, last_end_ms=chunk.end_ms)
            return Reply("")
        self._catch_up(chunk)
        change = self.context.make_room(chunk.end_ms)
        segments = [
            *self._opening(),
            *self._reply_tail(),
            *self._frames(chunk),
        ]
        segments.append(
            self._prompt_builder.text(self.context, SpanRole.REPLY, chunk.index, self._prompt_builder.reply_start)
        )
        reply = self.context.add(SpanRole.REPLY, chunk.index, 0)
        outcome = self._run(GenerationTurn(self.cache, change, tuple(segments), self._request(reply)), on_text)
        self._remember(chunk, outcome)
        timings = replace(outcome.timings, context_tokens=self.context.tokens)
        return Reply(self._loaded.decode(outcome.ids), outcome.ids, outcome.silence_probability, timings)

    def rewatch(self, chunk: Chunk) -> None:
        """Show a chunk of the checkpoint's vision window again, with the reply it had; nothing is decoded."""
        found = [r for r in self._to_recall if r.exchange.chunk == chunk.index]
        if not found or not chunk.frames:
            return
        segments = [*self._opening(), *self._recall_before(chunk.index)]
        frames = self._frames(chunk)
        seen_tokens = sum(segment.span.tokens for segment in frames)
        self._to_recall.remove(found[0])
        reply = self._prompt_builder.reply(self.context, chunk.index, found[0].ids)
        self._hold(replace(found[0].exchange, frames_tokens=seen_tokens), found[0].ids)
        self._run(GenerationTurn(self.cache, Change(), (*segments, *frames, reply)), None)

    def checkpoint(self) -> dict[str, Any]:
        """The state after the last chunk that was answered; JSON-able."""
        return dump(self._state, self._options, self.context.limits)

    def snapshot(self, folder: Path) -> Path | None:
        """Nothing: keys and values are made again from what is in sight."""
        return None

    def close(self) -> None:
        """Free the stream's memory."""
        self._usable = False
        if hasattr(self, "cache"):
            del self.cache

    def _keep_exchange(self, chunk: int, end_ms: int, ids: tuple[int, ...]) -> None:
        marks = len(self._prompt_builder.reply_start) + len(self._prompt_builder.reply_end)
        spans = [span for span in self.context.spans if span.role is SpanRole.FRAMES and span.chunk == chunk]
        seen_tokens = sum(span.tokens for span in spans)
        self.context.remember(Exchange(chunk, end_ms, seen_tokens, marks + len(ids), 0, silent=not ids))
        self._said[chunk] = ids

    def _check(self, chunk: Chunk) -> None:
        if not self._usable:
            raise Permanent(Failure.INTERNAL, "this session was closed or broken off: open another from its checkpoint")
        if chunk.index < self._state.next_chunk or chunk.end_ms <= self._state.last_end_ms:
            raise Permanent(Failure.INTERNAL, f"chunk {chunk.index} comes after chunk {self._state.next_chunk - 1}")

    def _opening(self) -> list[PromptSegment]:
        return [] if self.context.spans else self._prompt_builder.opening(self.context, self._options)

    def _catch_up(self, chunk: Chunk) -> None:
        """Do what is still to do before a chunk comes in."""
        self._recall_unseen()

    def _recall_unseen(self) -> None:
        """Put the replies of the checkpoint that no frames were shown for into the cache, before room is made in it.

        The next chunk's own reply has room only where the oldest of them have left.
        """
        segments = (*self._opening(), *self._recall_before(None)) if self._to_recall else ()
        if segments:
            self._run(GenerationTurn(self.cache, Change(), segments), None)

    def _recall_before(self, chunk: int | None) -> list[PromptSegment]:
        """Replies of the checkpoint to chunks before one (None: all) that nobody showed again: they come back as text."""
        due = [r for r in self._to_recall if chunk is None or r.exchange.chunk < chunk]
        self._to_recall = self._to_recall[len(due) :]
        segments = []
        for remembered in due:
            if not remembered.exchange.silent:
                segments.append(self._prompt_builder.reply(self.context, remembered.exchange.chunk, remembered.ids))
                self._hold(replace(remembered.exchange, frames_tokens=0), remembered.ids)
        return segments

    def _frames(self, chunk: Chunk) -> list[PromptSegment]:
        return self._prompt_builder.frames(self.context, chunk, self._options.max_frame_pixels)

    def _hold(self, exchange: Exchange, ids: tuple[int, ...]) -> None:
        self.context.recall(exchange)
        self._said[exchange.chunk] = ids

    def _reply_tail(self) -> list[PromptSegment]:
        """The end of the last reply, unless it has been forgotten already."""
        tail, self._tail = self._tail, None
        if tail is None or not any(e.chunk == tail[0] and e.reply_tokens for e in self.context.exchanges):
            return []
        return [self._prompt_builder.text(self.context, SpanRole.REPLY, *tail)]

    def _request(self, reply: TokenSpan) -> GenerationRequest:
        options = self._options
        alive = [e.chunk for e in self.context.exchanges if e.reply_tokens]
        self._said = {chunk: self._said[chunk] for chunk in alive}
        return GenerationRequest(
            reply=reply,
            sampling=options.sampling,
            end_ids=self._prompt_builder.end_ids,
            max_tokens=options.max_tokens_per_chunk,
            said=frozenset(token for ids in self._said.values() for token in ids),
            rng_step=self._state.rng_step,
            silence_threshold=options.silence_threshold,
        )

    def _run(self, turn: GenerationTurn, on_text: OnText | None) -> GenerationResult:
        """Run a turn. A session whose turn was broken off is not used again: its last checkpoint is."""
        self._usable = False
        self._make_space(0 if turn.request is None else turn.request.max_tokens)
        outcome = generate(self._loaded, turn, on_text)
        self._usable = True
        return outcome

    def _make_space(self, reply_tokens: int) -> None:
        """Check that the cache can take what is about to come, and a reply of `reply_tokens`.

        Only a stream that evicts nothing grows. Raises Permanent(CONTEXT_TOO_SMALL).
        """
        tokens, text_tokens = self.context.tokens + reply_tokens, self.context.text_tokens + reply_tokens
        problem = _overflow(tokens, self.cache.slots.capacity, "tokens of context", "frames")
        problem = problem or _overflow(text_tokens, self.cache.raw_slots.capacity, "tokens of text", "text")
        if problem is None:
            return
        if self.context.ablation is not Ablation.FULL or tokens > self._loaded.context_tokens:
            raise Permanent(Failure.CONTEXT_TOO_SMALL, problem)
        self.cache.grow(2 * tokens, 2 * text_tokens)

    def _remember(self, chunk: Chunk, outcome: GenerationResult) -> None:
        ids = outcome.ids
        self.context.extend_last(outcome.fed_tokens)
        self._tail = (chunk.index, (*ids[outcome.fed_tokens :], *self._prompt_builder.reply_end))
        self._keep_exchange(chunk.index, chunk.end_ms, ids)
        self._state = StreamState(
            next_chunk=chunk.index + 1,
            last_end_ms=chunk.end_ms,
            said_tokens=self.context.said_tokens,
            rng_step=outcome.rng_step,
            remembered=tuple(Remembered(e, self._said.get(e.chunk, ())) for e in self.context.exchanges),
        )


def _overflow(needed: int, capacity: int, unit: str, cause: str) -> str | None:
    """Why `needed` tokens cannot be taken; None when they can."""
    if needed <= capacity:
        return None
    return (
        f"this chunk needs {needed} {unit}, the stream was opened for {capacity}: "
        f"it has more {cause} than its options say"
    )
