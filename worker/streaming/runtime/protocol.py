"""What the streaming engine asks of a runtime: forward passes of one resident model over caches of its streams."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from worker.engine.choices import Choices, Logits
from worker.streaming.cache_rows import CacheRows
from worker.streaming.spans import TokenSpan

Seen = Any
"""What a runtime's vision tower made of pictures; it alone looks into it."""


@dataclass(frozen=True)
class ImageInput:
    """One frame group or image: uint8 patches (patches, channels * frames * side * side) of a (1, rows, columns) grid."""

    patches: NDArray[np.uint8]
    grid: tuple[int, int]  # in patches, before merging


@dataclass(frozen=True)
class PromptSegment:
    """New tokens of one span: text ids or a picture."""

    span: TokenSpan
    content: tuple[int, ...] | ImageInput


class KeyCache(Protocol):
    """One stream's keys and values, in rows that are always packed."""

    slots: CacheRows
    raw_slots: CacheRows

    def drop(self, keys: Sequence[int]) -> None:
        """Forget spans and fill the holes from the end."""
        ...

    def move(self, spans: Sequence[TokenSpan], angles: Any) -> None:
        """Rotate the keys of movable spans, from raw, to the positions the spans now have."""
        ...

    def grow(self, tokens: int, text_tokens: int) -> None:
        """Room for at least so many rows, with the same content."""
        ...


class Beside(Protocol):
    """Where a second thread gives a runtime's device work that runs beside decode steps."""

    def work(self) -> AbstractContextManager[None]:
        """What the thread does within runs there. When it ends, also by an error, the device has done it."""
        ...


class Runtime(Protocol):
    """One model's forward passes. Its caches are of its own kind and are given back to it alone."""

    @property
    def choices(self) -> Choices:
        """How tokens are chosen from its logits."""
        ...

    @property
    def angles(self) -> Any:
        """The rotary angles that its caches are moved by."""
        ...

    @property
    def recurrent(self) -> bool:
        """Whether some layers carry a state that no eviction touches: its caches have it as `state`."""
        ...

    def new_cache(self, tokens: int, text_tokens: int) -> Any:
        """Memory for one stream: a `KeyCache`."""
        ...

    def encode_images(self, segments: Sequence[PromptSegment]) -> Seen:
        """Run the vision tower over the pictures of some segments, all at once."""
        ...

    def prefill(self, cache: Any, segments: Sequence[PromptSegment], seen: Seen) -> Logits:
        """Write new spans into a cache; the last token's logits, float32 (vocabulary,)."""
        ...

    def decode(self, caches: Sequence[Any], spans: Sequence[TokenSpan], tokens: Sequence[int]) -> Logits:
        """One token more in each stream; `spans` hold just the new token. Returns float32 (streams, vocabulary)."""
        ...

    def mark(self) -> Any:
        """The point that the work given so far will have come to; see `worker.streaming.clock.seconds`."""
        ...

    def is_out_of_memory(self, error: BaseException) -> bool:
        """Whether this is how the runtime says that memory ran out."""
        ...
