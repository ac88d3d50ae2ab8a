"""How tokens are chosen, as every runtime does it with its own arrays; and what that shares: random numbers and chances."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from db.documents.kinds.base import Sampling

Logits = Any
"""An array of a runtime's own kind: a tensor, wherever it lies, or a numpy array. One row is (vocabulary,)."""


def uniform(seed: int, draw: int) -> float:
    """The `draw`-th random number of a seed, in [0, 1): a counter-based generator, its whole state is the count."""
    return float(np.random.Generator(np.random.Philox(key=seed, counter=[draw, 0, 0, 0])).random())


class TokenChance(NamedTuple):
    """A token's natural log probability, and the likeliest tokens with theirs."""

    logprob: float
    likeliest: tuple[tuple[int, float], ...]


class Choices(Protocol):
    """What is asked of a row of logits; the modules `sampling` (torch) and `host_sampling` (numpy) answer."""

    def choose(self, logits: Logits, sampling: Sampling, generated: Collection[int], rng_step: int) -> int:
        """The next token; greedy at temperature 0."""
        ...

    def likeliest(self, logits: Logits) -> list[int]:
        """The likeliest token of each row of (rows, vocabulary)."""
        ...

    def without(self, logits: Logits, banned: Sequence[int]) -> Logits:
        """The row with some tokens made impossible."""
        ...

    def barred(self, logits: Logits, allowed: NDArray[np.bool_]) -> Logits:
        """The row with every token made impossible that is not allowed."""
        ...

    def only(self, logits: Logits, token: int) -> Logits:
        """A row like this one in which one token alone is possible."""
        ...

    def mass(self, logits: Logits, tokens: Sequence[int]) -> float:
        """Probability of some tokens together, before any sampling parameter."""
        ...

    def chance(self, logits: Logits, token: int, count: int) -> TokenChance:
        """The chance of a token before temperature, and those of the `count` likeliest."""
        ...
