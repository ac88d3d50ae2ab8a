"""How the next token is chosen from logits that are numpy arrays: what `sampling` does, without torch."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from db.documents.kinds.base import Sampling
from worker.engine.choices import TokenChance, uniform

Row = NDArray[np.float32]


def penalised(logits: Row, generated: Collection[int], penalty: float) -> Row:
    """Logits with tokens already said made less likely (CTRL, arXiv 1909.05858): divided if positive, multiplied if not."""
    if penalty == 1.0 or not generated:
        return logits
    index = np.array(sorted(generated))
    weighed = logits.copy()
    weighed[index] = np.where(weighed[index] > 0, weighed[index] / penalty, weighed[index] * penalty)
    return weighed


def without(logits: Row, banned: Sequence[int]) -> Row:
    """Logits with some tokens made impossible."""
    left = logits.copy()
    left[list(banned)] = -np.inf
    return left


def barred(logits: Row, allowed: NDArray[np.bool_]) -> Row:
    """Logits with every token made impossible that is not allowed."""
    return np.where(allowed, logits, np.float32(-np.inf))


def only(logits: Row, token: int) -> Row:
    """Logits in which one token alone is possible."""
    alone = np.full_like(logits, -np.inf)
    alone[token] = 0.0
    return alone


def likeliest(logits: NDArray[np.float32]) -> list[int]:
    """The likeliest token of each row of (rows, vocabulary)."""
    return [int(token) for token in logits.argmax(axis=-1)]


def probabilities(logits: Row, sampling: Sampling) -> Row:
    """The distribution that temperature, top-k and top-p leave; needs temperature > 0; sums to 1."""
    scaled = logits / np.float32(sampling.temperature)
    if 0 < sampling.top_k < scaled.size:
        least = np.partition(scaled, -sampling.top_k)[-sampling.top_k]
        scaled = np.where(scaled < least, np.float32(-np.inf), scaled)
    chances = _softmax(scaled)
    if sampling.top_p >= 1.0:
        return chances
    order = np.argsort(-logits, kind="stable")  # by the logits: rounding can make chances equal whose logits are not
    ordered = chances[order]
    # A token stays while the mass before it is below top_p: the most likely one always does.
    kept = np.where(np.cumsum(ordered) - ordered < sampling.top_p, ordered, np.float32(0))
    left = np.zeros_like(chances)
    left[order] = kept
    chosen: Row = left / left.sum()
    return chosen


def draw(chances: Row, at: float) -> int:
    """The token at a point of the cumulative distribution, `at` in [0, 1); never one of probability 0."""
    steps = chances.astype(np.float64).cumsum()
    place = int(np.searchsorted(steps, at * steps[-1], side="right"))
    return min(place, int(np.flatnonzero(chances)[-1]))


def choose(logits: Row, sampling: Sampling, generated: Collection[int], rng_step: int) -> int:
    """The next token from float32 logits (vocabulary,); greedy at temperature 0."""
    weighed = penalised(logits, generated, sampling.repetition_penalty)
    if sampling.temperature == 0:
        return int(weighed.argmax())
    return draw(probabilities(weighed, sampling), uniform(sampling.seed, rng_step))


def mass(logits: Row, tokens: Sequence[int]) -> float:
    """Probability of some tokens together, before any sampling parameter."""
    return float(_softmax(logits)[list(tokens)].sum())


def chance(logits: Row, token: int, count: int) -> TokenChance:
    """The chance of a token by raw logits (vocabulary,), before temperature, and those of the `count` likeliest."""
    shifted = logits.astype(np.float64) - logits.max()
    logs = shifted - np.log(np.exp(shifted).sum())
    ids = np.argsort(-logs, kind="stable")[:count]
    return TokenChance(float(logs[token]), tuple((int(one), float(logs[one])) for one in ids))


def _softmax(row: Row) -> Row:
    weights = np.exp(row - row.max())
    chances: Row = weights / weights.sum()
    return chances
