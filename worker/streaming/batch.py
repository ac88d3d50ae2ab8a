"""One thread that runs a resident model for several streams: their prefills in turn, their decode steps in one batch.

A turn is submitted by the thread that feeds a session; token ids come back through the turn's own queue. Only the
engine thread touches caches while a turn is running, so nothing is locked on the way.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from db.failures import Failure
from db.kinds.base import Sampling
from worker.engines.sampling import choose, mass, without
from worker.errors import Transient
from worker.streaming.cache import StreamCache
from worker.streaming.forward import Forward, Piece
from worker.streaming.memory import Change
from worker.streaming.slots import SlotsFull
from worker.streaming.spans import Span

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

    @property
    def plain(self) -> bool:
        """Whether the most likely token is always the one."""
        return self.sampling.temperature == 0 and self.sampling.repetition_penalty == 1


@dataclass(frozen=True)
class Outcome:
    """How a turn ended. `fed_tokens` of the decoded tokens are in the cache."""

    fed_tokens: int = 0
    draws: int = 0
    silence_probability: float | None = None
    ended: bool = True  # by an end token, not by the token limit


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
    ids: list[int] = field(default_factory=list)
    silence_probability: float | None = None

    def __post_init__(self) -> None:
        self.draws = self.speech.draws if self.speech else 0

    @property
    def spoken(self) -> Speech:
        """The speech of a turn that has one."""
        assert self.speech is not None
        return self.speech

    def next_span(self) -> Span:
        """The span of the token that goes in next: the last one decoded."""
        reply = self.spoken.reply
        return Span(reply.key, reply.role, reply.chunk, 1, reply.start + len(self.ids) - 1)


class Batcher:
    """Runs turns; `close()` ends the thread."""

    def __init__(self, forward: Forward) -> None:
        self._forward = forward
        self._waiting: queue.SimpleQueue[Turn | None] = queue.SimpleQueue()
        self._speaking: list[Turn] = []
        self._dead = threading.Event()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    def run(self, turn: Turn, hear: Callable[[int | None], None]) -> Outcome:
        """Run a turn and wait for its end. `hear` gets every token id, and None now and then while there is none.

        What `hear` raises ends the turn at its next step, and is raised here once the cache is at rest.
        Raises Transient(GPU_OOM) when memory runs out, Transient(ENGINE_UNREACHABLE) when the engine has stopped.
        """
        self._waiting.put(turn)
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
            return Transient(Failure.ENGINE_UNREACHABLE, "the engine has stopped") if self._dead.is_set() else None

    def close(self) -> None:
        """End the thread after the running step; unfinished turns fail."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            while self._admit():
                self._advance()
        finally:
            self._dead.set()

    def _admit(self) -> bool:
        """Start one waiting turn, waiting for it when nothing else is to do; False when the engine closes."""
        try:
            turn = self._waiting.get(block=not self._speaking)
        except queue.Empty:
            return True
        if turn is None:
            return False
        self._guarded([turn], lambda: self._start(turn))
        return True

    def _guarded(self, turns: list[Turn], work: Callable[[], None]) -> None:
        """Do some work; when the model fails, the turns it was for fail, and the others go on."""
        try:
            work()
        except (RuntimeError, SlotsFull) as error:
            for turn in turns:
                turn.events.put(_failure(error))
            self._speaking = [turn for turn in self._speaking if turn not in turns]

    def _start(self, turn: Turn) -> None:
        if turn.stopped:
            turn.events.put(Outcome())
            return
        turn.cache.drop(turn.change.dropped_keys)
        turn.cache.move(turn.change.moved, self._forward.angles)
        logits = self._forward.prefill(turn.cache, turn.pieces)
        if turn.speech is None:
            turn.events.put(Outcome())
            return
        self._speaking.append(turn)
        self._take(turn, choose(_first_word(turn, turn.speech, logits), turn.speech.sampling, turn.speech.said, turn.draws))

    def _advance(self) -> None:
        for turn in [turn for turn in self._speaking if turn.stopped]:
            self._finish(turn, ended=False)
        if self._speaking:
            turns = list(self._speaking)
            self._guarded(turns, lambda: self._decode(turns))

    def _decode(self, turns: list[Turn]) -> None:
        logits = self._forward.decode(
            [turn.cache for turn in turns], [turn.next_span() for turn in turns], [turn.ids[-1] for turn in turns]
        )
        for turn, token in zip(turns, _choices(turns, logits), strict=True):
            self._take(turn, token)

    def _take(self, turn: Turn, token: int) -> None:
        speech = turn.spoken
        turn.draws += 1
        if token in speech.end_ids:
            self._finish(turn, ended=True)
            return
        turn.ids.append(token)
        turn.events.put(token)
        if len(turn.ids) == speech.max_tokens:
            self._finish(turn, ended=False)

    def _finish(self, turn: Turn, ended: bool) -> None:
        self._speaking.remove(turn)
        fed = len(turn.ids) if ended else max(0, len(turn.ids) - 1)
        turn.events.put(Outcome(fed, turn.draws, turn.silence_probability, ended))


def _first_word(turn: Turn, speech: Speech, logits: torch.Tensor) -> torch.Tensor:
    """Logits of a reply's first token after the silence threshold: silent exactly when silence is likely enough."""
    turn.silence_probability = mass(logits, speech.end_ids)
    if speech.silence_threshold is None:
        return logits
    if turn.silence_probability < speech.silence_threshold:
        return without(logits, speech.end_ids)
    silent = torch.full_like(logits, float("-inf"))
    silent[speech.end_ids[0]] = 0.0
    return silent


def _choices(turns: list[Turn], logits: torch.Tensor) -> list[int]:
    if all(turn.spoken.plain for turn in turns):
        greedy: list[int] = logits.argmax(dim=-1).tolist()
        return greedy
    return [
        choose(row, turn.spoken.sampling, turn.spoken.said | set(turn.ids), turn.draws)
        for turn, row in zip(turns, logits, strict=True)
    ]


def _failure(error: Exception) -> BaseException:
    if isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error):
        return Transient(Failure.GPU_OOM, f"out of memory: {error}")
    return error
