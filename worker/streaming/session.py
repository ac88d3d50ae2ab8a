"""One video being watched: chunks in, replies out; memory and time per chunk do not depend on how long it has been."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from db.failures import Failure
from worker.engines.base import Chunk, Frame, OnText, Reply, WatchOptions
from worker.errors import Permanent
from worker.families.base import Family, Layout, Look, Tokenizer
from worker.families.geometry import Geometry, groups, patches
from worker.streaming.batch import Batcher, Outcome, Speech, Turn
from worker.streaming.budget import Budget, Costs, check_fits, token_budget, window_limits
from worker.streaming.checkpoint import Remembered, State, dump, load
from worker.streaming.forward import Forward, Picture, Piece
from worker.streaming.memory import Ablation, Change, Memory
from worker.streaming.policy import Exchange
from worker.streaming.spans import Role, Span
from worker.streaming.text import Decode, TextStream

PINNED_CHUNK = -1
LATE = (Frame(359_999_900, None),)  # type: ignore[arg-type]  # stamps of a 100-hour video are the longest budgeted for


@dataclass(frozen=True)
class Resident:
    """A loaded model and all that a session needs of it."""

    forward: Forward
    batcher: Batcher
    family: Family
    geometry: Geometry
    tokens: Tokenizer
    decode: Decode
    context_tokens: int


def budget_of(resident: Resident, options: WatchOptions) -> Budget:
    """The token budget of a stream on this model. Raises Permanent(CONTEXT_TOO_SMALL) when it does not fit."""
    family, tokens = resident.family, resident.tokens
    late_ms = LATE[0].pts_ms
    stamp = family.chunk_stamp(late_ms, late_ms)
    end = len(family.turn_end(tokens))
    costs = Costs(
        pinned_tokens=len(family.pinned(tokens, options.prompt, options.system)),
        turn_tokens=len(family.turn_start(tokens, "user", stamp)) + end,
        group_tokens=len(tokens.text(family.group_stamp(LATE))) + 2 + resident.geometry.most_tokens(options.max_frame_pixels),
        reply_tokens=len(family.reply_start(tokens)) + end,
    )
    budget = token_budget(options, costs, resident.geometry.frames_per_group)
    check_fits(budget, resident.context_tokens)
    return budget


class StreamSession:
    """One stream on a resident model."""

    def __init__(
        self,
        resident: Resident,
        options: WatchOptions,
        checkpoint: dict[str, Any] | None = None,
        ablation: Ablation = Ablation.NONE,
        first_position: int = 0,
    ) -> None:
        self._resident = resident
        self._options = options
        self._ablation = ablation
        budget = budget_of(resident, options)
        self.memory = Memory(window_limits(options), ablation, first_position)
        self.cache = resident.forward.new_cache(budget.tokens, budget.text_tokens)
        self._state = State() if checkpoint is None else load(checkpoint, options)
        self._to_recall = list(self._state.remembered)
        self._said: dict[int, tuple[int, ...]] = {}
        self._tail: tuple[int, tuple[int, ...]] | None = None  # (chunk, ids) that end the last reply, not yet in the cache
        self._usable = True
        self.memory.restore_said(self._state.said_tokens)

    def feed(self, chunk: Chunk, on_text: OnText | None = None) -> Reply:
        """Show one chunk and return what the model says; see `worker.engines.base.Session`."""
        self._check_order(chunk)
        if not chunk.frames:
            self._state = replace(self._state, next_chunk=chunk.index + 1, last_end_ms=chunk.end_ms)
            return Reply("")
        change = self.memory.make_room(chunk.end_ms)
        pieces = [*self._opening(), *self._recall(None), *self._reply_tail(), *self._frames(chunk)]
        start = self._text(Role.REPLY, chunk.index, self._resident.family.reply_start(self._resident.tokens))
        reply = self.memory.add(Role.REPLY, chunk.index, 0)
        speech = self._speech(reply)
        ids, outcome = self._run(Turn(self.cache, change, (*pieces, start), speech), on_text)
        self._remember(chunk, reply, ids, outcome)
        return Reply(self._resident.decode(ids), ids, outcome.silence_probability)

    def rewatch(self, chunk: Chunk) -> None:
        """Show a chunk of the checkpoint's vision window again, with the reply it had; nothing is decoded."""
        recalled = next((r for r in self._to_recall if r.exchange.chunk == chunk.index), None)
        if recalled is None or not chunk.frames:
            return
        family, tokens = self._resident.family, self._resident.tokens
        pieces = [*self._opening(), *self._recall(chunk.index)]
        frames = self._frames(chunk)
        self._to_recall.remove(recalled)
        pieces += [*frames, self._reply_text(recalled)]
        seen = sum(piece.span.tokens for piece in frames)
        self._hold(replace(recalled.exchange, frames_tokens=seen), recalled.ids)
        self._run(Turn(self.cache, Change(), tuple(pieces)), None)

    def checkpoint(self) -> dict[str, Any]:
        """The state after the last chunk that was answered; JSON-able."""
        return dump(self._state, self._options, self.memory.limits)

    def close(self) -> None:
        """Free the stream's memory."""
        self._usable = False
        if hasattr(self, "cache"):
            del self.cache

    def _check_order(self, chunk: Chunk) -> None:
        if chunk.index < self._state.next_chunk or chunk.end_ms <= self._state.last_end_ms:
            raise Permanent(Failure.INTERNAL, f"chunk {chunk.index} comes after chunk {self._state.next_chunk - 1}")

    def _run(self, turn: Turn, on_text: OnText | None) -> tuple[tuple[int, ...], Outcome]:
        """Run a turn; a session whose turn was broken off is not used again, its last checkpoint is."""
        if not self._usable:
            raise Permanent(Failure.INTERNAL, "this session was closed or broken off: open another from its checkpoint")
        self._usable = False
        self._make_space(sum(piece.span.tokens for piece in turn.pieces))
        text = TextStream(self._resident.decode)
        say = on_text or _say_nothing

        def hear(token: int | None) -> None:
            say("" if token is None else text.push(token))

        say("")
        outcome = self._resident.batcher.run(turn, hear)
        if rest := text.flush():
            say(rest)
        self._usable = True
        return tuple(turn.ids), outcome
