"""One thread that runs a resident model for several streams: their prefills in turn, their decode steps in one batch.

A turn is submitted by the thread that feeds a session; token ids come back through the turn's own queue. One thread at a time
uses a running turn's cache, so nothing is locked: the engine's, before it that of prefills where they run beside decode steps.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from db.documents.kinds.base import Sampling
from db.failures import Failure
from worker.engine.choices import Choices, Logits, TokenChance
from worker.engine.protocol import StepTimings
from worker.errors import Transient
from worker.streaming.clock import seconds
from worker.streaming.context_window import Change
from worker.streaming.runtime.protocol import Beside, KeyCache, PromptSegment, Runtime
from worker.streaming.runtime.seeing import Seeing
from worker.streaming.spans import TokenSpan

Allowed = Callable[[Sequence[int]], NDArray[np.bool_]]
"""Which tokens (vocabulary,) may follow those of a reply so far."""

POLL_S = 0.5  # how often a waiting caller is asked whether anybody still wants the answer


@dataclass(frozen=True)
class GenerationRequest:
    """How a reply is decoded. `reply` is the span that the decoded tokens become; `rng_step` counts random numbers so far."""

    reply: TokenSpan
    sampling: Sampling
    end_ids: tuple[int, ...]
    max_tokens: int
    said: frozenset[int] = frozenset()
    rng_step: int = 0
    silence_threshold: float | None = None
    allowed: Allowed | None = None
    logprobs: int | None = None
    schema: Mapping[str, Any] | None = None  # what `allowed` holds the reply to, for whoever chooses elsewhere

    @property
    def plain(self) -> bool:
        """Whether the most likely token is always the one."""
        return self.sampling.temperature == 0 and self.sampling.repetition_penalty == 1 and self.allowed is None

    def choice(self, choices: Choices, logits: Logits, ids: Sequence[int], rng_step: int) -> int:
        """The next token after the `ids` decoded so far, from logits (vocabulary,)."""
        if self.allowed is not None:
            logits = choices.barred(logits, self.allowed(ids))
        return choices.choose(logits, self.sampling, self.said | set(ids), rng_step)

    def first_choice(self, choices: Choices, silence: float, logits: Logits) -> int:
        """The first token, from logits (vocabulary,): silent exactly when silence is as likely as the threshold."""
        return self.choice(choices, _first_word(choices, self, silence, logits), (), self.rng_step)

    def chance_of(self, choices: Choices, logits: Logits, token: int) -> TokenChance | None:
        """The chance that a chosen token had, where it was asked for."""
        return None if self.logprobs is None else choices.chance(logits, token, self.logprobs)


@dataclass(frozen=True)
class GenerationResult:
    """How a turn ended: the decoded ids without an end token, of which the first `fed_tokens` are in the cache."""

    ids: tuple[int, ...] = ()
    fed_tokens: int = 0
    rng_step: int = 0
    silence_probability: float | None = None
    chances: tuple[TokenChance, ...] = ()  # of each id, where they were asked for
    ended: bool = False  # by an end token, not by the token limit or a stop
    timings: StepTimings = field(default_factory=StepTimings)


Event = int | GenerationResult | BaseException | None


@dataclass(eq=False)
class GenerationTurn:
    """One prefill and, with `request`, the reply after it."""

    cache: KeyCache
    change: Change
    segments: tuple[PromptSegment, ...]
    request: GenerationRequest | None = None
    stopped: bool = False
    events: queue.SimpleQueue[int | GenerationResult | BaseException] = field(default_factory=queue.SimpleQueue)


@dataclass(eq=False)
class ActiveSequence:
    """A turn whose reply is being decoded."""

    turn: GenerationTurn
    request: GenerationRequest
    rng_step: int
    silence_probability: float
    timings: StepTimings
    ids: list[int] = field(default_factory=list)
    chances: list[TokenChance] = field(default_factory=list)
    reply_s: float = 0.0

    def next_span(self) -> TokenSpan:
        """The span of the token that goes in next: the last one decoded."""
        reply = self.request.reply
        return TokenSpan(reply.key, reply.role, reply.chunk, 1, reply.start + len(self.ids) - 1)

    def outcome(self, ended: bool) -> GenerationResult:
        """After an end token everything before it is in the cache; otherwise the last token is not."""
        fed = len(self.ids) if ended else max(0, len(self.ids) - 1)
        timings = replace(self.timings, reply_s=self.reply_s)
        chances = tuple(self.chances)
        return GenerationResult(tuple(self.ids), fed, self.rng_step, self.silence_probability, chances, ended, timings)


class Batcher:
    """Runs turns on a thread of its own, one piece of work after the other; `close()` ends it.

    With `beside`, turns come to the first token of their reply there: on a second thread, one after the other."""

    def __init__(self, forward: Runtime, beside: Beside | None = None) -> None:
        self._forward = forward
        self._speaking: list[ActiveSequence] = []
        self._seeing = Seeing(forward)
        self._stepping = False  # a decode step is on its way
        self._closed = threading.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self._prefills = self._thread if beside is None else ThreadPoolExecutor(1, thread_name_prefix="prefill")
        self._aside = nullcontext if beside is None else beside.work

    def run(self, turn: GenerationTurn, on_token: Callable[[int | None], None]) -> GenerationResult:
        """Run a turn and wait for its end. `on_token` gets every token id, and None now and then while there is none.

        What `on_token` raises ends the turn at its next step, and is raised here once the cache is at rest.
        Raises Transient(GPU_OOM) when memory runs out, Transient(ENGINE_UNREACHABLE) when the engine has stopped.
        """
        self._seeing.expect(turn, turn.segments)
        self._do([turn], partial(self._start, turn), self._prefills)
        event: Event = None
        try:
            while event is None or isinstance(event, int):
                event = self._next_event(turn)
                if event is None or isinstance(event, int):
                    on_token(event)
        finally:
            turn.stopped = True
            while event is None or isinstance(event, int):
                event = self._next_event(turn)
        if isinstance(event, GenerationResult):
            return event
        raise event

    def _next_event(self, turn: GenerationTurn) -> Event:
        try:
            return turn.events.get(timeout=POLL_S)
        except queue.Empty:
            return _stopped() if self._closed.is_set() else None

    def close(self) -> None:
        """End the threads after what they are doing; unfinished turns fail."""
        self._prefills.shutdown(cancel_futures=True)
        self._thread.shutdown(cancel_futures=True)
        self._closed.set()

    def _do(self, turns: Sequence[GenerationTurn], work: Callable[[], None], thread: Executor | None = None) -> None:
        """Have some work done after what is waiting; when it fails, the turns it was for fail, and the others go on."""
        try:
            done = (thread or self._thread).submit(work)
        except RuntimeError as error:  # the thread takes no more work
            raise _stopped() from error
        done.add_done_callback(partial(self._settle, turns))

    def _settle(self, turns: Sequence[GenerationTurn], done: Future[None]) -> None:
        error = None if done.cancelled() else done.exception()
        if error is not None:
            for turn in turns:
                self._seeing.forget(turn)
                turn.events.put(_failure(self._forward, error))
            for sequence in [sequence for sequence in self._speaking if sequence.turn in turns]:
                self._speaking.remove(sequence)

    def _start(self, turn: GenerationTurn) -> None:
        if turn.stopped:
            self._seeing.forget(turn)
            turn.events.put(GenerationResult())
            return
        with self._aside():
            first = self._first_token(turn)
        if first is None:
            turn.events.put(GenerationResult())
        elif self._prefills is self._thread:
            self._speak(*first)
        else:
            self._do([turn], partial(self._speak, *first))

    def _first_token(self, turn: GenerationTurn) -> tuple[ActiveSequence, int, TokenChance | None] | None:
        """Bring a turn's tokens into its cache and choose the first of its reply; None where there is no reply."""
        began = self._forward.mark()
        seen = self._seeing.of(turn, turn.segments)
        looked = self._forward.mark()
        turn.cache.drop(turn.change.dropped_keys)
        turn.cache.move(turn.change.moved, self._forward.angles)
        logits = self._forward.prefill(turn.cache, turn.segments, seen)
        filled = self._forward.mark()
        if turn.request is None:
            return None
        request, choices = turn.request, self._forward.choices
        silence = choices.mass(logits, request.end_ids)  # waits for the device
        timings = StepTimings(seconds(began, looked), seconds(looked, filled))
        token = request.first_choice(choices, silence, logits)
        sequence = ActiveSequence(turn, request, request.rng_step, silence, timings)
        return sequence, token, request.chance_of(choices, logits, token)

    def _speak(self, sequence: ActiveSequence, token: int, chance: TokenChance | None) -> None:
        self._speaking.append(sequence)
        self._take(sequence, token, chance)
        if not self._stepping:
            self._step()

    def _step(self) -> None:
        """Have the next decode step done, for everybody who is speaking now."""
        for sequence in [sequence for sequence in self._speaking if sequence.turn.stopped]:
            self._finish(sequence, ended=False)
        sequences = list(self._speaking)
        self._stepping = bool(sequences)
        if sequences:
            self._do([sequence.turn for sequence in sequences], partial(self._advance, sequences))

    def _advance(self, sequences: Sequence[ActiveSequence]) -> None:
        try:
            self._decode(sequences)
        finally:
            self._do((), self._step)  # after the choices that the decode step leaves to do

    def _decode(self, sequences: Sequence[ActiveSequence]) -> None:
        start_s = time.perf_counter()
        logits = self._forward.decode(
            [sequence.turn.cache for sequence in sequences],
            [sequence.next_span() for sequence in sequences],
            [sequence.ids[-1] for sequence in sequences],
        )
        likeliest = self._forward.choices.likeliest(logits)  # waits for the device
        step_s = time.perf_counter() - start_s
        for sequence, row, token in zip(sequences, logits, likeliest, strict=True):
            sequence.reply_s += step_s
            if sequence.request.plain:
                self._take(sequence, token, sequence.request.chance_of(self._forward.choices, row, token))
            else:
                self._do([sequence.turn], partial(self._choose, sequence, row))

    def _choose(self, sequence: ActiveSequence, logits: Logits) -> None:
        token = sequence.request.choice(self._forward.choices, logits, sequence.ids, sequence.rng_step)
        self._take(sequence, token, sequence.request.chance_of(self._forward.choices, logits, token))

    def _take(self, sequence: ActiveSequence, token: int, chance: TokenChance | None) -> None:
        sequence.rng_step += 1
        if token in sequence.request.end_ids:
            self._finish(sequence, ended=True)
            return
        sequence.ids.append(token)
        if chance is not None:
            sequence.chances.append(chance)
        sequence.turn.events.put(token)
        if len(sequence.ids) == sequence.request.max_tokens:
            self._finish(sequence, ended=False)

    def _finish(self, sequence: ActiveSequence, ended: bool) -> None:
        self._speaking.remove(sequence)
        sequence.turn.events.put(sequence.outcome(ended))


def _stopped() -> Transient:
    return Transient(Failure.ENGINE_UNREACHABLE, "the engine has stopped")


def _first_word(choices: Choices, request: GenerationRequest, silence: float, logits: Logits) -> Logits:
    """Logits of a reply's first token after the silence threshold: silent exactly when silence is likely enough."""
    if request.silence_threshold is None:
        return logits
    if silence < request.silence_threshold:
        return choices.without(logits, request.end_ids)
    return choices.only(logits, request.end_ids[0])


def _failure(runtime: Runtime, error: BaseException) -> BaseException:
    if runtime.is_out_of_memory(error):
        return Transient(Failure.GPU_OOM, f"out of memory: {error}")
    return error
