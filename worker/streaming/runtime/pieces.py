"""A long prompt goes in in pieces: activations and the causal mask stay bounded."""

from __future__ import annotations

from collections.abc import Sequence

from worker.streaming.spans import TokenSpan

PREFILL_TOKENS = 2048


def cut(spans: Sequence[TokenSpan], most: int) -> list[list[tuple[TokenSpan, int]]]:
    """The spans with token counts, cut into parts of at most `most` tokens, in order."""
    parts: list[list[tuple[TokenSpan, int]]] = [[]]
    room = most
    for span in spans:
        left = span.tokens
        while left:
            if not room:
                parts.append([])
                room = most
            taken = min(left, room)
            parts[-1].append((span, taken))
            left, room = left - taken, room - taken
    return parts


def sized(span: TokenSpan, tokens: int) -> TokenSpan:
    """A part of a span, for the rows it takes; where it sits is not asked there."""
    return TokenSpan(span.key, span.role, span.chunk, tokens)
