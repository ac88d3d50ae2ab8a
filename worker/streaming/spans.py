"""Spans: runs of cached tokens that are kept or dropped as one, and where they sit on the position axis."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SpanRole(StrEnum):
    """Why a span is in memory, which decides when it leaves."""

    PINNED = "pinned"  # system prompt and user prompt: never leaves
    FRAMES = "frames"  # a chunk's pictures with their stamps and turn marks: leaves with the vision window
    REPLY = "reply"  # what the model said about a chunk: leaves with the text windows


@dataclass(frozen=True, slots=True)
class TokenSpan:
    """Tokens that start at one scalar position `start`; `grid` is (rows, columns) of a frame group, None for text."""

    key: int
    role: SpanRole
    chunk: int
    tokens: int
    start: int = 0
    grid: tuple[int, int] | None = None

    @property
    def advance(self) -> int:
        """How far the next span starts after this one, on all three axes alike (Qwen2-VL section 2.1, mRoPE)."""
        return self.tokens if self.grid is None else max(self.grid)

    @property
    def end(self) -> int:
        """The scalar position at which the next span starts."""
        return self.start + self.advance

    @property
    def movable(self) -> bool:
        """Whether its keys are kept raw, so that it can be given new positions."""
        return self.role is not SpanRole.FRAMES
