"""What packets mean: prefills and decode steps on their way down, chosen tokens on their way back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, ValidationError

from db.documents.kinds.base import Sampling
from db.failures import Failure
from worker.engine.choices import TokenChance
from worker.engines.pipeline.wire import BadPacket, Packet, What
from worker.streaming.batch import GenerationRequest
from worker.streaming.context_window import Change
from worker.streaming.spans import SpanRole, TokenSpan

ROLES = tuple(SpanRole)
SPAN_NUMBERS = 7
STEP_NUMBERS = 4  # of a stream in a decode step
NOTHING_CHOSEN = -1  # a prefill after which nobody speaks


class ReplyOrder(BaseModel):
    """How the finisher chooses the tokens of a reply: what it needs of a `GenerationRequest`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sampling: Sampling
    end_ids: tuple[int, ...]
    said: tuple[int, ...]
    rng_step: int
    silence_threshold: float | None
    logprobs: int | None
    schema_: dict[str, Any] | None

    @classmethod
    def of(cls, request: GenerationRequest) -> ReplyOrder:
        """What the finisher needs of a request."""
        return cls(
            sampling=request.sampling,
            end_ids=request.end_ids,
            said=tuple(sorted(request.said)),
            rng_step=request.rng_step,
            silence_threshold=request.silence_threshold,
            logprobs=request.logprobs,
            schema_=None if request.schema is None else dict(request.schema),
        )


@dataclass(frozen=True)
class PrefillPiece:
    """Piece number `piece` of a stream's new spans; the first comes with what leaves and moves before, the last with how
    the reply is chosen (None: nobody speaks)."""

    stream: int
    room: tuple[int, int]  # tokens, and tokens of text, that the stream's cache takes at most
    piece: int
    last: bool
    change: Change
    spans: tuple[TokenSpan, ...]
    hidden: torch.Tensor
    order: ReplyOrder | None = None

    def packet(self) -> Packet:
        """As it goes over the wire."""
        head = [self.stream, *self.room, self.piece, self.last, len(self.change.dropped_keys), len(self.change.moved)]
        numbers = [*head, len(self.spans), *self.change.dropped_keys]
        for span in (*self.change.moved, *self.spans):
            numbers.extend(_numbers(span))
        text = b"" if self.order is None else self.order.model_dump_json().encode()
        return Packet(What.PREFILL, np.array(numbers, dtype=np.int64), self.hidden, text)

    @classmethod
    def read(cls, packet: Packet) -> PrefillPiece:
        """Raises BadPacket."""
        numbers = iter(packet.numbers.tolist())
        try:
            stream, tokens, text, piece, last, dropped, moved, spans = (next(numbers) for _ in range(8))
            change = Change(tuple(next(numbers) for _ in range(dropped)), tuple(_spans(numbers, moved)))
            found = tuple(_spans(numbers, spans))
            order = ReplyOrder.model_validate_json(packet.text) if packet.text else None
        except (RuntimeError, IndexError, ValidationError) as error:  # a generator that runs dry raises RuntimeError
            raise BadPacket(f"a prefill that makes no sense: {type(error).__name__}") from error
        if packet.hidden is None or min(tokens, text, piece) < 0 or next(numbers, None) is not None:
            raise BadPacket("a prefill that makes no sense")
        return cls(stream, (tokens, text), piece, bool(last), change, found, packet.hidden, order)


def _numbers(span: TokenSpan) -> tuple[int, ...]:
    rows, columns = span.grid or (0, 0)
    return span.key, ROLES.index(span.role), span.chunk, span.tokens, span.start, rows, columns


def _spans(numbers: Iterator[int], count: int) -> Iterator[TokenSpan]:
    for _ in range(count):
        key, role, chunk, tokens, start, rows, columns = (next(numbers) for _ in range(SPAN_NUMBERS))
        yield TokenSpan(key, ROLES[role], chunk, tokens, start, (rows, columns) if rows else None)


@dataclass(frozen=True)
class DecodeStep:
    """One token more in each of some streams, as spans of their own; `hidden` is (streams, 1, size)."""

    streams: tuple[int, ...]
    spans: tuple[TokenSpan, ...]
    hidden: torch.Tensor

    def packet(self) -> Packet:
        """As it goes over the wire."""
        rows = [(span.key, ROLES.index(span.role), span.start) for span in self.spans]
        numbers = [*self.streams, *(number for row in rows for number in row)]
        return Packet(What.DECODE, np.array(numbers, dtype=np.int64), self.hidden)

    @classmethod
    def read(cls, packet: Packet) -> DecodeStep:
        """Raises BadPacket."""
        hidden, numbers = packet.hidden, packet.numbers.tolist()
        if hidden is None or hidden.shape[1] != 1 or len(numbers) != STEP_NUMBERS * hidden.shape[0]:
            raise BadPacket("a decode step that makes no sense")
        count = hidden.shape[0]
        rows = np.array(numbers[count:]).reshape(count, -1).tolist()
        if not all(0 <= role < len(ROLES) for _, role, _ in rows):
            raise BadPacket("a decode step that makes no sense")
        spans = tuple(TokenSpan(key, ROLES[role], 0, 1, start) for key, role, start in rows)
        return cls(tuple(numbers[:count]), spans, hidden)


@dataclass(frozen=True)
class ChosenTokens:
    """The next token of each of some streams, with what a prefill or its listener wants to know besides."""

    streams: tuple[int, ...]
    tokens: tuple[int, ...]
    silence: float | None = None
    chances: tuple[TokenChance | None, ...] = ()

    def packet(self) -> Packet:
        """As it goes over the wire."""
        extra: dict[str, Any] = {} if self.silence is None else {"silence": self.silence}
        if any(self.chances):
            extra["chances"] = self.chances
        text = json.dumps(extra).encode() if extra else b""
        return Packet(What.CHOSEN, np.array([*self.streams, *self.tokens], dtype=np.int64), text=text)

    @classmethod
    def read(cls, packet: Packet) -> ChosenTokens:
        """Raises BadPacket."""
        numbers = packet.numbers.tolist()
        count = len(numbers) // 2
        try:
            extra = json.loads(packet.text) if packet.text else {}
            chances = tuple(_chance(one) for one in extra.get("chances", ()))
            silence = extra.get("silence")
        except (ValueError, TypeError, AttributeError) as error:
            raise BadPacket("chosen tokens that make no sense") from error
        return cls(tuple(numbers[:count]), tuple(numbers[count:]), silence, chances or (None,) * count)


def _chance(said: Any) -> TokenChance | None:
    if said is None:
        return None
    logprob, likeliest = said
    return TokenChance(float(logprob), tuple((int(token), float(other)) for token, other in likeliest))


@dataclass(frozen=True)
class StreamFailure:
    """Why a node could not do what some streams needed."""

    streams: tuple[int, ...]
    code: Failure
    reason: str

    def packet(self) -> Packet:
        """As it goes over the wire."""
        text = json.dumps({"code": self.code, "reason": self.reason[:500]}).encode()
        return Packet(What.FAILED, np.array(self.streams, dtype=np.int64), text=text)

    @classmethod
    def read(cls, packet: Packet) -> StreamFailure:
        """Raises BadPacket."""
        try:
            said = json.loads(packet.text)
            return cls(tuple(packet.numbers.tolist()), Failure(said["code"]), str(said["reason"]))
        except (ValueError, KeyError, TypeError) as error:
            raise BadPacket("a failure that makes no sense") from error


def free(stream: int) -> Packet:
    """The stream has ended: its cache can go."""
    return Packet(What.FREE, np.array([stream], dtype=np.int64))


def streams_of(packet: Packet) -> Sequence[int]:
    """The streams that a prefill or decode step on its way down is for."""
    numbers: list[int] = packet.numbers.tolist()
    return numbers[:1] if packet.what is What.PREFILL else numbers[: len(numbers) // STEP_NUMBERS]
