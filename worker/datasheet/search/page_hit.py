"""What is known of one page of a document before it is read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class PageHit:
    """How much a page looks like an outline and like a land pattern, and which package names it prints."""

    number: int
    mechanical: float = 0.0
    land: float = 0.0
    outline: float = 0.0  # `mechanical` with what tells the page of an outline from other pages of numbers
    match: float = 0.0
    text: str = ""
    drawn: int = 0
    images: int = 0
    named: frozenset[str] = frozenset()  # words of the asked name that it prints
    titled: bool = False  # whether a line of it names a land pattern and something is drawn
