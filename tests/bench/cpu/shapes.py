"""Sizes of the decoders that are measured; this file is read in the peers' environments too, where the product is not."""

from __future__ import annotations

from dataclasses import dataclass

SPREAD = 0.02
"""About the standard deviation of a random weight."""
TOKENS = 1000
"""Ids of prompts are below this."""
STEPS = 16
"""Decode steps that follow a prefill."""


@dataclass(frozen=True)
class TextShape:
    """Sizes of a Qwen3 decoder."""

    hidden: int
    middle: int
    layers: int
    heads: int
    kv_heads: int
    vocabulary: int = 151_936
    head_dim: int = 128

    @property
    def weights(self) -> int:
        """Weights that a decode step reads."""
        attention = 2 * self.hidden * self.head_dim * (self.heads + self.kv_heads)
        return self.layers * (attention + 3 * self.hidden * self.middle) + self.hidden * self.vocabulary

    def kv_bytes(self, itemsize: int) -> int:
        """Bytes of one token's keys and values."""
        return 2 * self.layers * self.kv_heads * self.head_dim * itemsize


SHAPES = {
    "tiny": TextShape(256, 512, 2, 4, 2, vocabulary=4096),
    "0.1b": TextShape(1024, 3072, 4, 16, 8, vocabulary=20_480),  # about a seventh of the next, of everything
    "0.7b": TextShape(1024, 3072, 30, 16, 8),
    "4b": TextShape(2560, 9728, 36, 32, 8),
}
