"""Token sequences as a streaming session presents them: pinned prompt, then for each chunk its frame groups and its reply.

<|im_start|>user\n{prompt}<|im_end|>\n                                                     pinned
<|im_start|>user\n<0.2 seconds><|vision_start|><|video_pad|>...<|vision_end|>...<|im_end|>\n   frames of a chunk
<|im_start|>assistant\n{reply}<|im_end|>\n                                                 reply; silence is an empty one
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from worker.bm3.data.patches import Grid
from worker.bm3.data.tokenizer import TURN_END, TURN_START, VIDEO_TOKEN, VISION_END, VISION_START
from worker.bm3.scenes.grammar import memory_spans
from worker.bm3.scenes.world import COLOURS

NOT_LEARNED = -100
"""The label of tokens that give no loss."""

PINNED_CHUNK = -1
"""The chunk number of what is always in sight: the prompt, and remembered replies whose frames are long gone."""


class TokenPart(IntEnum):
    """What a token belongs to; decides how long it stays in sight."""

    PINNED = 0
    FRAMES = 1
    REPLY = 2
    PASSING = 3  # a reply that goes with its frames: silence


@dataclass(frozen=True)
class TrainingSpan:
    """Neighbouring tokens that are kept or dropped as one."""

    ids: tuple[int, ...]
    labels: tuple[int, ...]
    part: TokenPart
    chunk: int


@dataclass(frozen=True)
class Tokens:
    """A whole sequence; all arrays have one entry a token."""

    ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    parts: NDArray[np.int64]
    chunks: NDArray[np.int64]


class Layout:
    """Writes spans with one tokenizer; pieces are tokenized apart, so that a span never depends on its neighbours."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = tokenizer
        self._known: dict[str, tuple[int, ...]] = {}
        self.video_id = self._encode(VIDEO_TOKEN)[0]
        self.colour_ids = [np.array(self._single(form + name for name in COLOURS)) for form in ("", " ")]
        """The colours at the beginning of a reply, and inside one."""

    def prompt(self, text: str) -> TrainingSpan:
        """What the user asks, once and for the whole video: kept in sight for good, nothing of it is learned."""
        return self._span(self._turn("user", text), TokenPart.PINNED, PINNED_CHUNK)

    def frames(self, chunk: int, stamps_s: Sequence[float], picture_tokens: int) -> TrainingSpan:
        """`stamps_s`: the mean time of each frame group; `picture_tokens`: how many stand for one group."""
        groups = "".join(
            f"<{stamp_s:.1f} seconds>{VISION_START}{VIDEO_TOKEN * picture_tokens}{VISION_END}" for stamp_s in stamps_s
        )
        return self._span(self._turn("user", groups), TokenPart.FRAMES, chunk)

    def reply(self, chunk: int, text: str) -> TrainingSpan:
        """The words and the end token are learned; the header and the line end are written by the session."""
        header, words, end = self._encode(f"{TURN_START}assistant\n"), self._encode(text), self._encode(f"{TURN_END}\n")
        labels = (NOT_LEARNED,) * len(header) + words + end[:1] + (NOT_LEARNED,) * (len(end) - 1)
        return TrainingSpan(header + words + end, labels, TokenPart.REPLY if text else TokenPart.PASSING, chunk)

    def remembered(self, text: str) -> TrainingSpan:
        """A reply from before the first chunk shown: still in sight, but nothing to learn any more."""
        span = self.reply(PINNED_CHUNK, text)
        return TrainingSpan(span.ids, (NOT_LEARNED,) * len(span.ids), TokenPart.PINNED, PINNED_CHUNK)

    def text_only(self, text: str) -> TrainingSpan:
        """A reply whose frames are gone: what memory decides is learned, each time with the token that follows."""
        span, header = self.reply(PINNED_CHUNK, text), len(self._encode(f"{TURN_START}assistant\n"))
        labels = [NOT_LEARNED] * len(span.ids)
        for start, end in memory_spans(text):
            first, last = (header + len(self._encode(text[:place])) for place in (start, end))
            labels[first : last + 1] = span.ids[first : last + 1]
        return TrainingSpan(span.ids, tuple(labels), TokenPart.PINNED, PINNED_CHUNK)

    def _single(self, words: Iterable[str]) -> list[int]:
        """The ids of those words that are one token."""
        return [ids[0] for ids in map(self._encode, words) if len(ids) == 1]

    def _span(self, text: str, part: TokenPart, chunk: int) -> TrainingSpan:
        ids = self._encode(text)
        return TrainingSpan(ids, (NOT_LEARNED,) * len(ids), part, chunk)

    def _turn(self, role: str, text: str) -> str:
        return f"{TURN_START}{role}\n{text}{TURN_END}\n"

    def _encode(self, text: str) -> tuple[int, ...]:
        if text not in self._known:
            if len(self._known) > 50_000:  # timestamps never end
                self._known.clear()
            self._known[text] = tuple(self._tokenizer.encode(text, add_special_tokens=False)) if text else ()
        return self._known[text]


def join(spans: Sequence[TrainingSpan]) -> Tokens:
    """The spans in order, as arrays."""
    lengths = [len(span.ids) for span in spans]
    return Tokens(
        ids=np.array([token for span in spans for token in span.ids], np.int64),
        labels=np.array([label for span in spans for label in span.labels], np.int64),
        parts=np.repeat([span.part for span in spans], lengths).astype(np.int64),
        chunks=np.repeat([span.chunk for span in spans], lengths).astype(np.int64),
    )


def in_sight(parts: NDArray[np.int64], chunks: NDArray[np.int64], window_chunks: int) -> NDArray[np.bool_]:
    """(N, N): which tokens (columns) each token (row) sees when frames stay for `window_chunks` chunks, replies for good."""
    order = np.arange(len(parts))
    causal = order[:, None] >= order[None, :]
    lasting = (parts == TokenPart.PINNED) | (parts == TokenPart.REPLY)
    recent = chunks[:, None] - chunks[None, :] < window_chunks
    seen: NDArray[np.bool_] = causal & (lasting[None, :] | recent)
    return seen


def group_stamps_s(times_ms: Sequence[int], frames_per_group: int) -> list[float]:
    """Mean time of each frame group in seconds; an odd last frame is repeated."""
    groups = [times_ms[start : start + frames_per_group] for start in range(0, len(times_ms), frames_per_group)]
    padded = [[*group, *[group[-1]] * (frames_per_group - len(group))] for group in groups]
    return [sum(group) / len(group) / 1000 for group in padded]


def picture_tokens(grid: Grid, merge: int) -> int:
    """Decoder tokens of one frame group."""
    return grid[1] * grid[2] // merge**2
