"""One node's work on the packets that come by: its layers, its part of every stream's cache, and on the finisher the choice."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from db.failures import Failure
from worker.engine.choices import Choices
from worker.engines.pipeline.messages import (
    NOTHING_CHOSEN,
    ChosenTokens,
    DecodeStep,
    PrefillPiece,
    ReplyOrder,
    StreamFailure,
    streams_of,
)
from worker.engines.pipeline.wire import BadPacket, Packet, What
from worker.errors import JobError
from worker.streaming.batch import Allowed, GenerationRequest
from worker.streaming.cache import StreamCache
from worker.streaming.forward import Forward
from worker.streaming.spans import SpanRole, TokenSpan

log = logging.getLogger(__name__)

MakeAllowed = Callable[[dict[str, Any]], Allowed]
"""From a JSON schema to the tokens that may follow those of a reply."""


@dataclass
class Decoding:
    """A reply that the finisher is choosing."""

    request: GenerationRequest
    rng_step: int
    ids: list[int] = field(default_factory=list)

    def choose(self, choices: Choices, logits: torch.Tensor) -> int:
        """The next token, from logits (vocabulary,), as the engine of one process chooses it."""
        likeliest = self.request.plain
        token = int(logits.argmax()) if likeliest else self.request.choice(choices, logits, self.ids, self.rng_step)
        self.take(token)
        return token

    def take(self, token: int) -> None:
        """Note a token that was chosen."""
        self.rng_step += 1
        self.ids.append(token)


class LayerStage:
    """The streams of one group on a node that is not the starter; used by one thread."""

    def __init__(self, forward: Forward, choose: MakeAllowed | None) -> None:
        self._forward = forward
        self._make_allowed = choose  # None: not the finisher
        self._caches: dict[int, StreamCache] = {}
        self._decoding: dict[int, Decoding] = {}

    @property
    def nbytes(self) -> int:
        """Bytes of the caches here."""
        return sum(cache.nbytes for cache in self._caches.values())

    def handle(self, packet: Packet) -> Packet | None:
        """What goes to the next node, or None. Work that fails goes on as a failure of its streams. Raises BadPacket."""
        match packet.what:
            case What.FREE:
                self._free(int(packet.numbers[0]))
                return packet if self._make_allowed is None else None
            case What.PREFILL | What.DECODE:
                return self._try(packet)
            case _:
                return packet

    def _try(self, packet: Packet) -> Packet | None:
        work: Callable[[Packet], Packet | None] = self._prefill if packet.what is What.PREFILL else self._decode
        try:
            return work(packet)
        except BadPacket:
            raise
        except Exception as error:  # whatever it is ends the streams that it happened to, and not the node
            log.exception("streams %s have failed here", streams_of(packet))
            full = isinstance(error, MemoryError) or self._forward.is_out_of_memory(error)
            code = Failure.GPU_OOM if full else Failure.INTERNAL
            reason = str(error) if isinstance(error, JobError) else f"{type(error).__name__} on a node"
            return StreamFailure(tuple(streams_of(packet)), code, reason).packet()

    def _free(self, stream: int) -> None:
        self._caches.pop(stream, None)
        self._decoding.pop(stream, None)

    def _prefill(self, packet: Packet) -> Packet | None:
        piece = PrefillPiece.read(packet)
        cache = self._caches.get(piece.stream)
        if cache is None:
            cache = self._caches[piece.stream] = self._forward.new_cache(*piece.room)
        if piece.piece == 0:
            cache.drop(piece.change.dropped_keys)
            cache.move(piece.change.moved, self._forward.angles)
        hidden = self._here(piece.hidden)
        out = self._forward.prefill_piece(cache, piece.spans, piece.piece, hidden)
        if self._make_allowed is None:
            return Packet(What.PREFILL, packet.numbers, out, packet.text)
        return self._begin(piece, out).packet() if piece.last else None

    def _begin(self, piece: PrefillPiece, hidden: torch.Tensor) -> ChosenTokens:
        if piece.order is None:
            return ChosenTokens((piece.stream,), (NOTHING_CHOSEN,))
        logits = self._forward.logits(hidden[:, -1])[0]
        request = self._request(piece.order)
        choices = self._forward.choices
        silence = choices.mass(logits, request.end_ids)
        token = request.first_choice(choices, silence, logits)
        decoding = self._decoding[piece.stream] = Decoding(request, request.rng_step)
        decoding.take(token)
        return ChosenTokens((piece.stream,), (token,), silence, (request.chance_of(choices, logits, token),))

    def _request(self, order: ReplyOrder) -> GenerationRequest:
        allowed = None
        if order.schema_ is not None and self._make_allowed is not None:
            allowed = self._make_allowed(order.schema_)
        return GenerationRequest(
            reply=TokenSpan(0, SpanRole.REPLY, 0, 0),
            sampling=order.sampling,
            end_ids=order.end_ids,
            max_tokens=0,  # the starter counts
            said=frozenset(order.said),
            rng_step=order.rng_step,
            silence_threshold=order.silence_threshold,
            allowed=allowed,
            logprobs=order.logprobs,
        )

    def _decode(self, packet: Packet) -> Packet:
        step = DecodeStep.read(packet)
        caches = [self._caches[stream] for stream in step.streams]
        out = self._forward.decode_step(caches, step.spans, self._here(step.hidden))
        if self._make_allowed is None:
            return Packet(What.DECODE, packet.numbers, out)
        rows = self._forward.logits(out[:, 0])
        tokens, chances = [], []
        for stream, logits in zip(step.streams, rows, strict=True):
            decoding = self._decoding[stream]
            tokens.append(decoding.choose(self._forward.choices, logits))
            chances.append(decoding.request.chance_of(self._forward.choices, logits, tokens[-1]))
        return ChosenTokens(step.streams, tuple(tokens), None, tuple(chances)).packet()

    def _here(self, hidden: torch.Tensor) -> torch.Tensor:
        shape = self._forward.shape
        return hidden.to(device=shape.device, dtype=shape.dtype)
