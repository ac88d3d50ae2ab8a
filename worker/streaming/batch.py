"""One thread that runs a resident model for several streams: their prefills in turn, their decode steps in one batch.

A turn is submitted by the thread that feeds a session; token ids come back through the turn's own queue. Only the
engine thread touches caches while a turn is running, so nothing is locked on the way.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from db.documents.kinds.base import Sampling
from db.failures import Failure
from worker.engine.protocol import Effort
from worker.engine.sampling import choose, mass, without
from worker.errors import Transient
from worker.streaming.cache import StreamCache
from worker.streaming.clock import mark, seconds
from worker.streaming.forward import Forward, Piece
from worker.streaming.memory import Change
from worker.streaming.spans import Span

Allowed = Callable[[Sequence[int]], NDArray[np.bool_]]
"""Which tokens (vocabulary,) may follow those of a reply so far."""

POLL_S = 0.5  # how often a waiting caller is asked whether anybody still wants the answer


@dataclass(frozen=True)
class Speech:
    """How a reply is decoded. `reply` is the span that the decoded tokens become; `draws` counts random numbers so far."""

    reply: Span
    sampling: Sampling
    end_ids: tuple[int, ...]
    max_tokens: int
    said: frozenset[int] = frozenset()
    draws: int = 0
    silence_threshold: float | None = None
    allowed: Allowed | None = None

    @property
    def plain(self) -> bool:
        """Whether the most likely token is always the one."""
        return self.sampling.temperature == 0 and self.sampling.repetition_penalty == 1 and self.allowed is None

    def choice(self, logits: torch.Tensor, ids: Sequence[int], draws: int) -> int:
        """The next token after the `ids` decoded so far, from logits (vocabulary,)."""
        if self.allowed is not None:
            barred = torch.from_numpy(~self.allowed(ids)).to(logits.device)
            logits = logits.masked_fill(barred, float("-inf"))
        return choose(logits, self.sampling, self.said | set(ids), draws)


@dataclass(frozen=True)
class Outcome:
    """How a turn ended: the decoded ids without an end token, of which the first `fed_tokens` are in the cache."""

    ids: tuple[int, ...] = ()
    fed_tokens: int = 0
    draws: int = 0
    silence_probability: float | None = None
    ended: bool = False  # by an end token, not by the token limit or a stop
    effort: Effort = field(default_factory=Effort)


Event = int | Outcome | BaseException | None


@dataclass(eq=False)
class Turn:
    """One prefill and, with `speech`, the reply after it."""

    cache: StreamCache
    change: Change
    pieces: tuple[Piece, ...]
    speech: Speech | None = None
    stopped: bool = False
    events: queue.SimpleQueue[int | Outcome | BaseException] = field(default_factory=queue.SimpleQueue)


@dataclass(eq=False)
class Speaker:
    """A turn whose reply is being decoded."""

    turn: Turn
    speech: Speech
    draws: int
    silence_probability: float
    effort: Effort
    ids: list[int] = field(default_factory=list)
    reply_s: float = 0.0

    def next_span(self) -> Span:
        """The span of the token that goes in next: the last one decoded."""
        reply = self.speech.reply
        return Span(reply.key, reply.role, reply.chunk, 1, reply.start + len(self.ids) - 1)

    def outcome(self, ended: bool) -> Outcome:
        """After an end token everything before it is in the cache; otherwise the last token is not."""
        fed = len(self.ids) if ended else max(0, len(self.ids) - 1)
        effort = replace(self.effort, reply_s=self.reply_s)
        return Outcome(tuple(self.ids), fed, self.draws, self.silence_probability, ended, effort)


class Batcher:
    """Runs turns on a thread of its own, one piece of work after the other; `close()` ends it."""

    def __init__(self, forward: Forward) -> None:
        self._forward = forward
        self._speaking: list[Speaker] = []
        self._stepping = False  # a decode step is on its way
        self._closed = threading.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="engine")

    def run(self, turn: Turn, hear: Callable[[int | None], None]) -> Outcome:
        """Run a turn and wait for its end. `hear` gets every token id, and None now and then while there is none.

        What `hear` raises ends the turn at its next step, and is raised here once the cache is at rest.
        Raises Transient(GPU_OOM) when memory runs out, Transient(ENGINE_UNREACHABLE) when the engine has stopped.
        """
        self._do([turn], partial(self._start, turn))
        event: Event = None
        try:
            while event is None or isinstance(event, int):
                event = self._next_event(turn)
                if event is None or isinstance(event, int):
                    hear(event)
        finally:
            turn.stopped = True
            while event is None or isinstance(event, int):
                event = self._next_event(turn)
        if isinstance(event, Outcome):
            return event
        raise event

    def _next_event(self, turn: Turn) -> Event:
        try:
            return turn.events.get(timeout=POLL_S)
        except queue.Empty:
            return _stopped() if self._closed.is_set() else None

    def close(self) -> None:
        """End the thread after the running step; unfinished turns fail."""
        self._thread.shutdown(cancel_futures=True)
        self._closed.set()

    def _do(self, turns: Sequence[Turn], work: Callable[[], None]) -> None:
        """Have some work done after what is waiting; when it fails, the turns it was for fail, and the others go on."""
        try:
            done = self._thread.submit(work)
        except RuntimeError as error:  # the thread takes no more work
            raise _stopped() from error
        done.add_done_callback(partial(self._settle, turns))

    def _settle(self, turns: Sequence[Turn], done: Future[None]) -> None:
        error = None if done.cancelled() else done.exception()
        if error is not None:
            for turn in turns:
                turn.events.put(_failure(error))
            for speaker in [speaker for speaker in self._speaking if speaker.turn in turns]:
                self._speaking.remove(speaker)

    def _start(self, turn: Turn) -> None:
        if turn.stopped:
            turn.events.put(Outcome())
            return
        device = self._forward.shape.device
        began = mark(device)
        seen = self._forward.look(turn.pieces)
        looked = mark(device)
        turn.cache.drop(turn.change.dropped_keys)
        turn.cache.move(turn.change.moved, self._forward.angles)
        logits = self._forward.prefill(turn.cache, turn.pieces, seen)
        filled = mark(device)
        if turn.speech is None:
            turn.events.put(Outcome())
            return
        speech = turn.speech
        silence = mass(logits, speech.end_ids)  # waits for the device
        effort = Effort(seconds(began, looked), seconds(looked, filled))
        token = speech.choice(_first_word(speech, silence, logits), (), speech.draws)
        speaker = Speaker(turn, speech, speech.draws, silence, effort)
        self._speaking.append(speaker)
        self._take(speaker, token)
        if not self._stepping:
            self._step()

    def _step(self) -> None:
        """Have the next decode step done, for everybody who is speaking now."""
        for speaker in [speaker for speaker in self._speaking if speaker.turn.stopped]:
            self._finish(speaker, ended=False)
        speakers = list(self._speaking)
        self._stepping = bool(speakers)
        if speakers:
            self._do([speaker.turn for speaker in speakers], partial(self._advance, speakers))

    def _advance(self, speakers: Sequence[Speaker]) -> None:
        try:
            self._decode(speakers)
        finally:
            self._do((), self._step)  # after the choices that the decode step leaves to do

    def _decode(self, speakers: Sequence[Speaker]) -> None:
        start_s = time.perf_counter()
        logits = self._forward.decode(
            [speaker.turn.cache for speaker in speakers],
            [speaker.next_span() for speaker in speakers],
            [speaker.ids[-1] for speaker in speakers],
        )
        likeliest = logits.argmax(dim=-1).tolist()  # waits for the device
        step_s = time.perf_counter() - start_s
        for speaker, row, token in zip(speakers, logits, likeliest, strict=True):
            speaker.reply_s += step_s
            if speaker.speech.plain:
                self._take(speaker, token)
            else:
                self._do([speaker.turn], partial(self._choose, speaker, row))

    def _choose(self, speaker: Speaker, logits: torch.Tensor) -> None:
        self._take(speaker, speaker.speech.choice(logits, speaker.ids, speaker.draws))

    def _take(self, speaker: Speaker, token: int) -> None:
        speaker.draws += 1
        if token in speaker.speech.end_ids:
            self._finish(speaker, ended=True)
            return
        speaker.ids.append(token)
        speaker.turn.events.put(token)
        if len(speaker.ids) == speaker.speech.max_tokens:
            self._finish(speaker, ended=False)

    def _finish(self, speaker: Speaker, ended: bool) -> None:
        self._speaking.remove(speaker)
        speaker.turn.events.put(speaker.outcome(ended))


def _stopped() -> Transient:
    return Transient(Failure.ENGINE_UNREACHABLE, "the engine has stopped")


def _first_word(speech: Speech, silence: float, logits: torch.Tensor) -> torch.Tensor:
    """Logits of a reply's first token after the silence threshold: silent exactly when silence is likely enough."""
    if speech.silence_threshold is None:
        return logits
    if silence < speech.silence_threshold:
        return without(logits, speech.end_ids)
    silent = torch.full_like(logits, float("-inf"))
    silent[speech.end_ids[0]] = 0.0
    return silent


def _failure(error: BaseException) -> BaseException:
    if isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error):
        return Transient(Failure.GPU_OOM, f"out of memory: {error}")
    return error
