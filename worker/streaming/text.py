"""Text as it is decoded: pieces of whole characters, whatever way the tokenizer cuts UTF-8."""

from __future__ import annotations

from collections.abc import Callable, Sequence

BROKEN = "\ufffd"  # what a tokenizer writes for bytes that are no character yet

Decode = Callable[[Sequence[int]], str]


class TextStream:
    """Token ids in, text out; the pieces joined are the text of all ids together."""

    def __init__(self, decode: Decode) -> None:
        self._decode = decode
        self._ids: list[int] = []
        self._context = 0  # ids from here are decoded again, because the text of an id depends on its neighbours
        self._said = 0  # ids before this one have been said

    def push(self, token: int) -> str:
        """The new text that this token completes; empty while a character is unfinished."""
        self._ids.append(token)
        piece = self._new_text()
        if not piece or piece.endswith(BROKEN):
            return ""
        self._advance()
        return piece

    def flush(self) -> str:
        """What is left at the end: an unfinished character is said as it is."""
        piece = self._new_text()
        self._advance()
        return piece

    def _new_text(self) -> str:
        before = self._decode(self._ids[self._context : self._said])
        return self._decode(self._ids[self._context :])[len(before) :]

    def _advance(self) -> None:
        self._context, self._said = self._said, len(self._ids)
