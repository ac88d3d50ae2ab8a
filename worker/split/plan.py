"""Which layers go where: plain arithmetic on bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate


class CannotSplit(Exception):
    """The model cannot be cut as asked, and why."""


@dataclass(frozen=True)
class ModelParts:
    """Bytes of a model: each layer's, what only the starter holds besides (pictures, embeddings), what only the finisher does.

    The starter must hold the first `starter_layers` layers at least: those that features of pictures are added after.
    """

    layers: tuple[int, ...]
    starter: int
    finisher: int
    starter_layers: int = 1


def balance(parts: ModelParts, weights: Sequence[float]) -> list[range]:
    """A range of layers for each node, so that the node that is fullest for its weight is as empty as it can be.

    Exact, by dynamic programming over where the last node of the first n begins. Raises CannotSplit.
    """
    if any(not 0 < weight < float("inf") for weight in weights):
        raise CannotSplit("weights are numbers above 0, one for each node")
    layers, first = len(parts.layers), max(1, parts.starter_layers)
    if first + len(weights) - 1 > layers:
        raise CannotSplit(
            f"{len(weights)} nodes need {first + len(weights) - 1} layers ({first} of them on the starter), "
            f"the model has {layers}: use fewer nodes"
        )
    before = [0, *accumulate(parts.layers)]
    load = {end: (parts.starter + before[end]) / weights[0] for end in range(first, layers + 1)}
    begins: list[dict[int, int]] = []
    for rank, weight in enumerate(weights[1:], start=1):
        rest = parts.finisher if rank == len(weights) - 1 else 0
        best: dict[int, tuple[float, int]] = {}
        for end in range(first + rank, layers + 1):
            best[end] = min(
                (max(load[begin], (before[end] - before[begin] + rest) / weight), begin)
                for begin in range(first + rank - 1, end)
            )
        load = {end: value for end, (value, _) in best.items()}
        begins.append({end: begin for end, (_, begin) in best.items()})
    return _ranges(begins, layers)


def _ranges(begins: Sequence[dict[int, int]], layers: int) -> list[range]:
    ranges, end = [], layers
    for begin_of in reversed(begins):
        ranges.append(range(begin_of[end], end))
        end = begin_of[end]
    return [range(end), *reversed(ranges)]
