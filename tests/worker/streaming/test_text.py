"""Text comes in whole characters, and nothing of it is lost."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from worker.engines.loading import HubTokenizer
from worker.engines.tiny import tiny_tokenizer
from worker.streaming.text import BROKEN, TextStream

TOKENS = HubTokenizer(tiny_tokenizer())  # one token a byte: every character beyond ASCII comes in parts


def said(ids: Sequence[int]) -> list[str]:
    stream = TextStream(TOKENS.decode)
    return [*(stream.push(token) for token in ids), stream.flush()]


@given(st.text())
def test_pieces_make_the_text(text: str) -> None:
    pieces = said(TOKENS.text(text))
    assert "".join(pieces) == TOKENS.decode(TOKENS.text(text)) == text


@given(st.text(st.characters(min_codepoint=0x80, exclude_categories=["Cs"]).filter(lambda c: c != BROKEN), min_size=1))
def test_no_piece_has_half_a_character(text: str) -> None:
    assert all(BROKEN not in piece for piece in said(TOKENS.text(text)))


@given(st.lists(st.integers(0, 255)))
def test_bytes_that_are_no_text_are_said_once(ids: list[int]) -> None:
    assert "".join(said(ids)) == TOKENS.decode(ids)
