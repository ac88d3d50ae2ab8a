"""Turns replies into cues: repeats merged, silence dropped, lengths bounded; the open cue survives a restart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from db.documents.captions import plain
from db.documents.kinds.video import Cue, Gap
from worker.engine.protocol import Chunk, Reply


class CaptionTrack:
    """The cues of one stream. A cue is handed out once, when nothing can change it any more; `seq` counts from 0.

    Chunks must come in order. A repeated caption prolongs the open cue, up to `max_ms`; silence or a gap closes it.
    With `at_once`, for live input, what is new is handed out without waiting whether it is said again; only what repeats
    it is gathered. Then a cue has all of its chunk's time but for gaps at its beginning and end: no moment between two is lost.
    """

    def __init__(self, max_ms: int, state: dict[str, Any] | None = None, *, at_once: bool = False) -> None:
        self._max_ms = max_ms
        self._at_once = at_once
        self._handed_out = Cue.model_validate(state["told"]) if state and state.get("told") else None
        self._seq: int = state["next_seq"] if state else 0
        self._open = Cue.model_validate(state["open"]) if state and state["open"] else None

    @property
    def count(self) -> int:
        """Cues handed out so far."""
        return self._seq

    def add(self, chunk: Chunk, reply: Reply, gaps: Sequence[Gap] = ()) -> list[Cue]:
        """The cues that a chunk's reply closes; `gaps` lie inside the chunk, in order of time."""
        text = plain(reply.text)
        if not text:
            return self.close()
        cue = self._cue(chunk, text, reply.tokens, gaps)
        if self._open is not None and (longer := self._joined(self._open, cue, self._max_ms)) is not None:
            self._open = longer
            return []
        closed = self.close()
        self._open = cue
        return [*closed, *self.close()] if self._is_news(cue) else closed

    def close(self) -> list[Cue]:
        """End the open cue: silence, a gap, or the end of the video."""
        if self._open is None:
            return []
        cue, self._open = self._open.model_copy(update={"seq": self._seq}), None
        self._seq += 1
        self._handed_out = cue
        return [cue]

    def state(self) -> dict[str, Any]:
        """JSON-able; a track made from it goes on as this one would."""
        state = {"told": self._handed_out.model_dump()} if self._at_once and self._handed_out else {}
        return {"next_seq": self._seq, "open": self._open.model_dump() if self._open else None, **state}

    def _is_news(self, cue: Cue) -> bool:
        """Whether it is to be handed out at once: it says something else than the cue before it."""
        return self._at_once and (
            self._handed_out is None
            or self._joined(self._handed_out, cue, cue.end_ms - self._handed_out.start_ms) is None
        )

    def _joined(self, before: Cue, cue: Cue, max_ms: int) -> Cue | None:
        parted = self._at_once and cue.start_ms > before.end_ms  # by a gap
        return None if parted else joined(before, cue, max_ms)

    def _cue(self, chunk: Chunk, text: str, tokens: int, gaps: Sequence[Gap]) -> Cue:
        start_ms, end_ms = chunk.frames[0].pts_ms if chunk.frames else chunk.start_ms, chunk.end_ms
        if self._at_once:
            start_ms, end_ms = _seen(chunk, gaps)
        end_ms = max(min(end_ms, start_ms + self._max_ms), start_ms + 1)
        return Cue(
            seq=self._seq,
            start_ms=start_ms,
            end_ms=end_ms,
            text=text,
            chunk_first=chunk.index,
            chunk_last=chunk.index,
            tokens=tokens,
        )


def _seen(chunk: Chunk, gaps: Sequence[Gap]) -> tuple[int, int]:
    """From when to when a chunk was seen: without the gaps with which it begins and ends."""
    start_ms, end_ms = chunk.start_ms, chunk.end_ms
    for gap in gaps:
        if gap.start_ms <= start_ms and gap.end_ms is not None:
            start_ms = max(start_ms, gap.end_ms)
    for gap in reversed(gaps):
        if gap.end_ms is None or gap.end_ms >= end_ms:
            end_ms = max(min(end_ms, gap.start_ms), start_ms)
    return start_ms, end_ms


def joined(before: Cue, cue: Cue, max_ms: int) -> Cue | None:
    """Two cues as one when the second repeats the first in the next chunk and both fit into `max_ms`, else None."""
    repeats = _heard(before.text) == _heard(cue.text) and cue.chunk_first == before.chunk_last + 1
    if not repeats or cue.end_ms - before.start_ms > max_ms:
        return None
    tokens = before.tokens + cue.tokens
    return before.model_copy(update={"end_ms": cue.end_ms, "chunk_last": cue.chunk_last, "tokens": tokens})


def _heard(text: str) -> str:
    """Text as far as it counts for a repetition: not its case, not its blanks."""
    return " ".join(text.split()).casefold()
