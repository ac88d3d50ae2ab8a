"""What becomes of an answer while it is said: cut at a stop text, handed on, timed."""

from __future__ import annotations

import time
from collections.abc import Sequence

from db.documents.kinds.chat import AnswerTimings
from worker.engine.protocol import OnText
from worker.engine.stops import before_stop


class Said:
    """Hands text on as it comes, but never a stop text or what follows it; what might be the beginning of one waits."""

    def __init__(self, on_text: OnText, stops: Sequence[str]) -> None:
        self._on_text, self._stops = on_text, stops
        self._text = ""
        self._handed_on = 0
        self._asked_at = time.monotonic()
        self._first_at: float | None = None
        self._last_at = self._asked_at

    def __call__(self, piece: str) -> None:
        self._last_at = time.monotonic()
        if piece and self._first_at is None:
            self._first_at = self._last_at
        self._text += piece
        end = self._certain()
        self._on_text(self._text[self._handed_on : end])
        self._handed_on = max(self._handed_on, end)

    def cut(self, text: str) -> str:
        """A text up to its first stop text."""
        return before_stop(text, self._stops)

    def timings(self, tokens: int) -> AnswerTimings:
        """What the answer took; `tokens` of it were generated."""
        if self._first_at is None:
            return AnswerTimings(first_token_s=None, tokens_per_second=None)
        spent_s = self._last_at - self._first_at
        rate = round((tokens - 1) / spent_s, 2) if tokens > 1 and spent_s > 0 else None
        return AnswerTimings(first_token_s=round(self._first_at - self._asked_at, 4), tokens_per_second=rate)

    def _certain(self) -> int:
        """How much of the text is surely before any stop text."""
        cut = self.cut(self._text)
        if len(cut) < len(self._text):
            return len(cut)
        longest = max(
            (size for stop in self._stops for size in range(1, len(stop)) if self._text.endswith(stop[:size])),
            default=0,
        )
        return len(self._text) - longest
