"""Runs turns on a pipeline: the starter's part here, the rest on the nodes, several streams on their way at the same time.

While one node works on some streams the others work on other streams (recurrent pipelining): those who are
speaking are dealt into as many batches as there are nodes that can work at the same time, and each batch goes round by itself.
Nodes that share processors would only take them from each other, and read their weights once more for each batch. What comes
back from the finisher is a token a stream.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from math import ceil
from weakref import finalize

from db.failures import Failure
from worker.engine.protocol import StepTimings
from worker.engines.pipeline.channel import Ring, RingBroken
from worker.engines.pipeline.coordinator import Coordinator
from worker.engines.pipeline.messages import (
    NOTHING_CHOSEN,
    ChosenTokens,
    DecodeStep,
    PrefillPiece,
    ReplyOrder,
    StreamFailure,
    free,
)
from worker.engines.pipeline.wire import BadPacket, Packet, What
from worker.errors import JobError, NotReady, Permanent, Transient
from worker.streaming.batch import ActiveSequence, Batcher, GenerationResult, GenerationTurn
from worker.streaming.cache import CacheShape, StreamCache
from worker.streaming.clock import Mark, seconds
from worker.streaming.context_window import Change
from worker.streaming.forward import Forward, pieces

RING_WAIT_S = 8.0  # a stream that is opened while the ring is formed anew waits for it

_numbers = count(1)  # of streams, of all models: a late packet is never taken for another stream's


class PipelineCache(StreamCache):
    """The starter's part of a stream's cache; the other nodes' parts go when it does."""

    def __init__(self, shape: CacheShape, tokens: int, text_tokens: int, ring: Ring) -> None:
        super().__init__(shape, tokens, text_tokens)
        self.ring = ring
        self.stream = next(_numbers)
        self.room = (tokens, text_tokens)
        finalize(self, ring.send_soon, free(self.stream))


class StarterForward(Forward):
    """The starter's layers. Streams begin in the ring that works then."""

    coordinator: Coordinator

    def new_cache(self, tokens: int, text_tokens: int) -> PipelineCache:
        """Memory for one stream here; the nodes make theirs with its first packet. Raises NotReady(ENGINE_UNREACHABLE)."""
        ring = self.coordinator.ring(RING_WAIT_S)
        if ring is None:
            raise NotReady(Failure.ENGINE_UNREACHABLE, self.coordinator.problem() or "the pipeline was closed")
        return PipelineCache(self.shape, tokens, text_tokens, ring)


@dataclass(frozen=True)
class _Prefilling:
    """A turn whose prefill is on its way; marks of when its pictures were looked at."""

    turn: GenerationTurn
    began: Mark
    looked: Mark


@dataclass(frozen=True)
class _Flying:
    """A sequence whose token is on its way."""

    sequence: ActiveSequence
    since_s: float
    batch: int


class PipelineBatcher(Batcher):
    """See `worker.streaming.batch.Batcher`; `heard` and `lost` are for the coordinator."""

    def __init__(self, forward: StarterForward) -> None:
        super().__init__(forward)
        self._starter = forward
        self._prefilling: dict[int, _Prefilling] = {}
        self._ready: list[ActiveSequence] = []
        self._flying: dict[int, _Flying] = {}
        self._batches = count()

    def heard(self, ring: Ring, packet: Packet) -> None:
        """A packet has come back."""
        self._later(partial(self._arrived, ring, packet))

    def lost(self, ring: Ring, reason: str) -> None:
        """A ring has broken: every turn in it fails, to be tried again from its checkpoint."""
        self._later(partial(self._fail_all, ring, reason))

    def _later(self, work: Callable[[], None]) -> None:
        try:
            self._thread.submit(work)
        except RuntimeError:
            return  # closed: nobody waits any more

    def _start(self, turn: GenerationTurn) -> None:
        if turn.stopped:
            self._seeing.forget(turn)
            turn.events.put(GenerationResult())
            return
        cache = _cache_of(turn)
        if cache.ring.broken is not None:
            raise _unreachable(cache.ring.broken)
        began = self._forward.mark()
        seen = self._seeing.of(turn, turn.segments)
        looked = self._forward.mark()
        cache.drop(turn.change.dropped_keys)
        cache.move(turn.change.moved, self._starter.angles)
        spans = tuple(segment.span for segment in turn.segments)
        order = None if turn.request is None else ReplyOrder.of(turn.request)
        final = len(pieces(spans)) - 1
        self._prefilling[cache.stream] = _Prefilling(turn, began, looked)
        for piece, hidden in enumerate(self._starter.prefill_pieces(cache, turn.segments, seen)):
            change = Change() if piece else turn.change
            last = piece == final
            packet = PrefillPiece(cache.stream, cache.room, piece, last, change, spans, hidden, order if last else None)
            _send(cache.ring, packet.packet())

    def _arrived(self, ring: Ring, packet: Packet) -> None:
        try:
            if packet.what is What.CHOSEN:
                self._chosen(ChosenTokens.read(packet))
            elif packet.what is What.FAILED:
                self._failed(StreamFailure.read(packet))
        except BadPacket as error:
            ring.leave(str(error))
            self._fail_all(ring, str(error))
        self._deal()

    def _chosen(self, chosen: ChosenTokens) -> None:
        for stream, token, chance in zip(chosen.streams, chosen.tokens, chosen.chances, strict=True):
            if prefilling := self._prefilling.pop(stream, None):
                sequence = self._spoken(prefilling, token, chosen.silence)
            else:
                sequence = self._landed(stream)
            if sequence is not None:
                self._take(sequence, token, chance)
                self._go_on(sequence)

    def _spoken(self, prefilling: _Prefilling, token: int, silence: float | None) -> ActiveSequence | None:
        """The sequence that a prefill begins; None where nobody speaks after it."""
        turn = prefilling.turn
        if turn.request is None or token == NOTHING_CHOSEN:
            turn.events.put(GenerationResult())
            return None
        now = self._forward.mark()
        timings = StepTimings(seconds(prefilling.began, prefilling.looked), seconds(prefilling.looked, now))
        sequence = ActiveSequence(turn, turn.request, turn.request.rng_step, silence or 0.0, timings)
        self._speaking.append(sequence)
        return sequence

    def _landed(self, stream: int) -> ActiveSequence | None:
        flying = self._flying.pop(stream, None)
        if flying is None:
            return None  # it failed meanwhile
        flying.sequence.reply_s += time.perf_counter() - flying.since_s
        return flying.sequence

    def _go_on(self, sequence: ActiveSequence) -> None:
        if sequence not in self._speaking:
            return
        if sequence.turn.stopped:
            self._finish(sequence, ended=False)
        else:
            self._ready.append(sequence)

    def _failed(self, failure: StreamFailure) -> None:
        error: JobError
        if failure.code is Failure.GPU_OOM:
            error = Transient(Failure.GPU_OOM, f"out of memory: {failure.reason}")
        else:
            error = Permanent(Failure.INTERNAL, failure.reason)
        for stream in failure.streams:
            self._fail(stream, error)

    def _fail(self, stream: int, error: BaseException) -> None:
        prefilling, flying = self._prefilling.pop(stream, None), self._flying.pop(stream, None)
        if prefilling is not None:
            prefilling.turn.events.put(error)
        elif flying is not None and flying.sequence in self._speaking:
            self._speaking.remove(flying.sequence)
            flying.sequence.turn.events.put(error)

    def _fail_all(self, ring: Ring, reason: str) -> None:
        error = _unreachable(reason)
        for stream, prefilling in list(self._prefilling.items()):
            if _cache_of(prefilling.turn).ring is ring:
                self._fail(stream, error)
        for sequence in [one for one in self._speaking if _cache_of(one.turn).ring is ring]:
            self._flying.pop(_cache_of(sequence.turn).stream, None)
            self._speaking.remove(sequence)
            sequence.turn.events.put(error)
        self._ready = [sequence for sequence in self._ready if sequence in self._speaking]

    def _deal(self) -> None:
        """Send those who can go on, no more at once than their share, as long as a node may be without work."""
        batches = self._starter.coordinator.at_once
        while self._ready and len({flying.batch for flying in self._flying.values()}) < batches:
            share = max(1, ceil(len(self._speaking) / batches))
            batch, self._ready = self._ready[:share], self._ready[share:]
            number, now_s = next(self._batches), time.perf_counter()
            for sequence in batch:
                self._flying[_cache_of(sequence.turn).stream] = _Flying(sequence, now_s, number)
            self._do([sequence.turn for sequence in batch], partial(self._send_step, batch))

    def _send_step(self, batch: Sequence[ActiveSequence]) -> None:
        caches = [_cache_of(sequence.turn) for sequence in batch]
        try:
            spans = [sequence.next_span() for sequence in batch]
            hidden = self._starter.embed([sequence.ids[-1] for sequence in batch])
            out = self._starter.decode_step(caches, spans, hidden)
            step = DecodeStep(tuple(cache.stream for cache in caches), tuple(spans), out)
            _send(caches[0].ring, step.packet())
        except BaseException:
            for cache in caches:
                self._flying.pop(cache.stream, None)
            raise


def _cache_of(turn: GenerationTurn) -> PipelineCache:
    cache = turn.cache
    if not isinstance(cache, PipelineCache):
        raise TypeError("a turn of another engine")
    return cache


def _send(ring: Ring, packet: Packet) -> None:
    try:
        ring.send(packet)
    except RingBroken as error:
        raise _unreachable(str(error)) from error


def _unreachable(reason: str) -> Transient:
    return Transient(Failure.ENGINE_UNREACHABLE, f"the pipeline broke off: {reason}")
