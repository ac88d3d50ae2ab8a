"""Framing and validation between supervisor and child."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from db.documents.kinds.base import MediaInput
from worker.protocol import COMMANDS, EVENTS, Beat, Message, ProtocolError, Stop, Text, frame, frames, input_key

MESSAGES = st.one_of(
    st.builds(Text, stream=st.integers(0, 9), text=st.text()),
    st.builds(Beat, stream=st.integers(0, 9), done_ms=st.integers(0), total_ms=st.none(), note=st.text()),
)


@settings(deadline=None)
@given(st.lists(MESSAGES), st.integers(1, 7))
def test_what_goes_in_comes_out_however_the_pipe_cuts_it(messages: list[Message], most: int) -> None:
    wire = io.BytesIO(b"".join(map(frame, messages)))
    said = [EVENTS.validate_json(body) for body in frames(lambda size: wire.read(min(size, most)))]
    assert said == messages


@settings(deadline=None)
@given(st.lists(MESSAGES, min_size=1), st.data())
def test_a_writer_killed_inside_a_frame_loses_only_that_frame(messages: list[Message], data: st.DataObject) -> None:
    whole = b"".join(map(frame, messages))
    cut = data.draw(st.integers(len(whole) - len(frame(messages[-1])), len(whole) - 1))
    wire = io.BytesIO(whole[:cut])
    said = [EVENTS.validate_json(body) for body in frames(wire.read)]
    assert said == messages[:-1]


def test_a_frame_beyond_the_limit_is_refused() -> None:
    wire = io.BytesIO(struct.pack(">I", 1 << 31))
    with pytest.raises(ProtocolError):
        list(frames(wire.read))


@pytest.mark.parametrize(
    "text", ['{"type":"stop"}', '{"type":"stop","stream":1,"more":2}', '{"type":"done","stream":1}', "1"]
)
def test_only_known_words_are_understood(text: str) -> None:
    with pytest.raises(ValidationError):
        COMMANDS.validate_json(text)


def test_a_command_is_read_as_what_it_is() -> None:
    assert COMMANDS.validate_json('{"type":"stop","stream":7}') == Stop(stream=7)


def test_equal_inputs_share_a_key_and_others_do_not() -> None:
    one = MediaInput(url="https://example.com/a.mp4")
    assert input_key(one) == input_key(MediaInput(url="https://example.com/a.mp4"))
    assert input_key(one) != input_key(MediaInput(url="https://example.com/b.mp4"))
