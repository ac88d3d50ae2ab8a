"""Packets: what is written is read again, and nothing else is taken."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from db.documents.kinds.base import Sampling
from db.failures import Failure
from worker.engine.choices import TokenChance
from worker.engines.pipeline.messages import (
    ChosenTokens,
    DecodeStep,
    PrefillPiece,
    ReplyOrder,
    StreamFailure,
    streams_of,
)
from worker.engines.pipeline.wire import (
    DTYPES,
    HEAD_BYTES,
    MAGIC,
    MOST_BODY_BYTES,
    BadPacket,
    Packet,
    What,
    pack,
    read_head,
    unpack,
)
from worker.streaming.context_window import Change
from worker.streaming.spans import SpanRole, TokenSpan

INT = st.integers(0, 2**40)
SPANS = st.lists(
    st.builds(
        TokenSpan,
        key=INT,
        role=st.sampled_from(list(SpanRole)),
        chunk=st.integers(-1, 2**40),
        tokens=INT,
        start=INT,
        grid=st.none() | st.tuples(st.integers(1, 500), st.integers(1, 500)),
    ),
    max_size=5,
).map(tuple)
ORDER = ReplyOrder(
    sampling=Sampling(temperature=0.5, seed=3),
    end_ids=(1, 2),
    said=(5, 9),
    rng_step=7,
    silence_threshold=0.25,
    logprobs=2,
    schema_={"type": "object"},
)


def through(packet: Packet) -> Packet:
    data = pack(packet)
    read = read_head(data)
    assert read.packet_bytes == len(data)
    return unpack(read, torch.cat([data, torch.full((9,), 255, dtype=torch.uint8)]))  # a receiver has room for more


@given(
    st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 5)),
    st.sampled_from(DTYPES),
    st.lists(st.integers(-(2**62), 2**62), max_size=9),
    st.binary(max_size=20),
    st.sampled_from(What),
)
def test_a_packet_is_read_as_it_was_written(
    shape: tuple[int, int, int], dtype: torch.dtype, numbers: list[int], text: bytes, what: What
) -> None:
    hidden = torch.randn(shape).to(dtype)
    found = through(Packet(what, np.array(numbers, dtype=np.int64), hidden, text))
    assert found.what is what
    assert found.hidden is not None
    assert found.hidden.dtype is dtype
    assert torch.equal(found.hidden, hidden)
    assert found.numbers.tolist() == numbers
    assert found.text == text


@given(SPANS, SPANS, st.lists(INT, max_size=4).map(tuple), st.booleans(), st.booleans())
def test_a_prefill_keeps_its_meaning(
    spans: tuple[TokenSpan, ...], moved: tuple[TokenSpan, ...], dropped: tuple[int, ...], last: bool, speaks: bool
) -> None:
    hidden = torch.ones(1, 3, 4)
    piece = PrefillPiece(8, (100, 20), 2, last, Change(dropped, moved), spans, hidden, ORDER if speaks else None)
    found = PrefillPiece.read(through(piece.packet()))
    assert (found.stream, found.room, found.piece, found.last) == (8, (100, 20), 2, last)
    assert (found.change, found.spans, found.order) == (piece.change, spans, piece.order)
    assert streams_of(piece.packet()) == [8]


def test_decode_steps_choices_and_failures_keep_their_meaning() -> None:
    spans = (TokenSpan(3, SpanRole.REPLY, 0, 1, 77), TokenSpan(2**40, SpanRole.FRAMES, 0, 1, 5))
    step = DecodeStep((1, 4), spans, torch.ones(2, 1, 4))
    assert DecodeStep.read(through(step.packet())).spans == spans
    assert list(streams_of(step.packet())) == [1, 4]
    chosen = ChosenTokens((1, 4), (9, -1), 0.1 + 0.2, (TokenChance(-0.3, ((9, -0.3), (2, -1.0))), None))
    assert ChosenTokens.read(through(chosen.packet())) == chosen
    plain = ChosenTokens((1,), (2,))
    assert ChosenTokens.read(through(plain.packet())).chances == (None,)
    failure = StreamFailure((3,), Failure.GPU_OOM, "no memory")
    assert StreamFailure.read(through(failure.packet())) == failure


@pytest.mark.parametrize("hidden_bytes", [1024 * 4, 4096 * 2])
def test_a_decoded_token_costs_little_more_than_its_hidden_state(hidden_bytes: int) -> None:
    hidden = torch.zeros(1, 1, hidden_bytes // 2, dtype=torch.bfloat16)
    data = pack(DecodeStep((2**40,), (TokenSpan(2**40, SpanRole.REPLY, 0, 1, 2**40),), hidden).packet())
    assert len(data) <= 1.1 * hidden_bytes


@pytest.mark.parametrize(
    "head",
    [
        (0, 1, 0, 0, 0, 0, 0, 0),
        (MAGIC + 1, 1, 0, 0, 0, 0, 0, 0),
        (MAGIC, 99, 0, 0, 0, 0, 0, 0),
        (MAGIC, 1, 0, 0, 0, 9, 0, 0),
        (MAGIC, 1, -1, 1, 1, 0, 0, 0),
        (MAGIC, 1, 2**20, 2**20, 2**20, 0, 0, 0),
        (MAGIC, 1, 0, 0, 0, 0, MOST_BODY_BYTES, 0),
        (MAGIC, 1, 0, 0, 0, 0, 0, -5),
    ],
)
def test_a_head_that_is_none_is_refused(head: tuple[int, ...]) -> None:
    with pytest.raises(BadPacket):
        read_head(torch.tensor(head, dtype=torch.int64).view(torch.uint8))


@given(st.binary(max_size=HEAD_BYTES - 1))
def test_a_head_that_is_cut_short_is_refused(data: bytes) -> None:
    with pytest.raises(BadPacket):
        read_head(torch.from_numpy(np.frombuffer(data, dtype=np.uint8).copy()))


@given(st.lists(st.integers(-3, 2**30), max_size=30), st.binary(max_size=30), st.sampled_from(What))
def test_numbers_without_sense_are_refused_and_nothing_else_happens(
    numbers: list[int], text: bytes, what: What
) -> None:
    packet = Packet(what, np.array(numbers, dtype=np.int64), torch.ones(1, 1, 4), text)
    for read in (PrefillPiece.read, DecodeStep.read, ChosenTokens.read, StreamFailure.read):
        try:
            read(packet)
        except BadPacket:
            continue
