"""The script of a stream: its turns written as new spans of tokens and pictures, in the format of the model's family."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from worker.engine.protocol import Chunk, Frame, WatchOptions
from worker.families.base import Family, ImageSlot, Tokenizer
from worker.families.geometry import Geometry, fit, groups, patches
from worker.streaming.budget import Costs
from worker.streaming.context_window import ContextWindow
from worker.streaming.runtime.protocol import ImageInput, PromptSegment
from worker.streaming.spans import SpanRole

PINNED_CHUNK = -1
LATE_MS = 359_999_900  # the longest stamp that is budgeted for: 100 hours


Pixels = NDArray[np.uint8]
_NO_PIXELS: Pixels = np.empty((0, 0, 3), dtype=np.uint8)


class PromptBuilder:
    """Writes the turns of one kind of model; every piece it makes is added to the memory it is given."""

    def __init__(self, family: Family, tokens: Tokenizer, geometry: Geometry) -> None:
        self._family = family
        self._tokens = tokens
        self._geometry = geometry
        self.reply_start = family.reply_start(tokens)
        self.reply_end = family.turn_end(tokens)
        self.end_ids = family.end_ids(tokens)

    def costs(self, options: WatchOptions) -> Costs:
        """The most tokens that the parts of a chunk can take."""
        family, tokens = self._family, self._tokens
        late = Frame(LATE_MS, _NO_PIXELS)
        stamp = family.chunk_stamp(LATE_MS, LATE_MS)
        marks = 2  # around every picture
        image_input = self._geometry.most_tokens(options.max_frame_pixels)
        return Costs(
            pinned_tokens=len(family.pinned(tokens, options.prompt, options.system)),
            turn_tokens=len(family.turn_start(tokens, "user", stamp)) + len(self.reply_end),
            group_tokens=len(tokens.text(family.group_stamp((late, late)))) + marks + image_input,
            reply_tokens=len(self.reply_start) + len(self.reply_end),
        )

    def opening(self, context: ContextWindow, options: WatchOptions) -> list[PromptSegment]:
        """System and user prompt."""
        return [
            self.text(
                context,
                SpanRole.PINNED,
                PINNED_CHUNK,
                self._family.pinned(self._tokens, options.prompt, options.system),
            )
        ]

    def text(self, context: ContextWindow, role: SpanRole, chunk: int, ids: Sequence[int]) -> PromptSegment:
        """A run of text."""
        return PromptSegment(context.add(role, chunk, len(ids)), tuple(ids))

    def reply(self, context: ContextWindow, chunk: int, ids: Sequence[int]) -> PromptSegment:
        """A whole reply that was said before."""
        return self.text(context, SpanRole.REPLY, chunk, (*self.reply_start, *ids, *self.reply_end))

    def frames(self, context: ContextWindow, chunk: Chunk, max_frame_pixels: int) -> list[PromptSegment]:
        """A chunk's user turn with its pictures; a frame off the vision grid or above the budget is resized."""
        fitted = [replace(frame, pixels=fit(frame.pixels, self._geometry, max_frame_pixels)) for frame in chunk.frames]
        grouped = groups(fitted, self._geometry.frames_per_group)
        layout = self._family.frames(self._tokens, (chunk.start_ms, chunk.end_ms), grouped)
        return [
            self._add_image(context, chunk.index, grouped[part.picture])
            if isinstance(part, ImageSlot)
            else self.text(context, SpanRole.FRAMES, chunk.index, part)
            for part in layout
        ]

    def _add_image(self, context: ContextWindow, chunk: int, group: Sequence[Frame]) -> PromptSegment:
        pixels = [frame.pixels for frame in group]
        return image_input(context, chunk, pixels, self._geometry)


def image_input(context: ContextWindow, chunk: int, pixels: Sequence[Pixels], geometry: Geometry) -> PromptSegment:
    """One frame group, or an image shown as often as a group has frames; sides are multiples of the vision factor."""
    grid = geometry.grid(*pixels[0].shape[:2])
    rows, columns = geometry.merged(grid)
    span = context.add(SpanRole.FRAMES, chunk, rows * columns, (rows, columns))
    return PromptSegment(span, ImageInput(patches(pixels, geometry), grid))
