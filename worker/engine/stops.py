"""Texts that end an answer: they, and what follows them, are not part of it."""

from __future__ import annotations

from collections.abc import Sequence


def before_stop(text: str, stops: Sequence[str]) -> str:
    """A text up to the first of its stop texts."""
    ends = [at for stop in stops if (at := text.find(stop)) >= 0]
    return text[: min(ends)] if ends else text


def has_stop(text: str, stops: Sequence[str]) -> bool:
    """Whether a stop text has been said."""
    return any(stop in text for stop in stops)
