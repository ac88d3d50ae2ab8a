"""Seeded choices that are the same on every machine and every version of Python."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class SeededRandom:
    """Built on `random()` alone: the one method whose sequence Python promises never to change."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed).random

    def chance(self, share: float) -> bool:
        """True in this share of calls, 0 to 1."""
        return self._random() < share

    def between(self, low: float, high: float) -> float:
        """A number from `low` up to, not including, `high`."""
        return low + (high - low) * self._random()

    def whole(self, low: int, high: int) -> int:
        """A whole number of low..high, both included."""
        return low + int(self._random() * (high - low + 1))

    def pick(self, items: Sequence[T]) -> T:
        """One of the items, each as likely. Raises IndexError when there is none."""
        return items[int(self._random() * len(items))]

    def weighted(self, weights: dict[T, float]) -> T:
        """One of the keys, as likely as its weight says."""
        left = self._random() * sum(weights.values())
        for item, weight in weights.items():
            left -= weight
            if left < 0:
                return item
        return item
