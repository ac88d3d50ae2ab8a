"""Times as people read them."""

from __future__ import annotations


def clock(ms: int | None) -> str:
    """Milliseconds as h:mm:ss."""
    seconds = (ms or 0) // 1000
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
