"""How the next token is chosen: pure functions of logits, the parameters, and the number of draws so far; by torch."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from db.documents.kinds.base import Sampling
from worker.engine.choices import TokenChance, uniform


def penalised(logits: torch.Tensor, generated: Collection[int], penalty: float) -> torch.Tensor:
    """Logits with tokens already said made less likely (CTRL, arXiv 1909.05858): divided if positive, multiplied if not."""
    if penalty == 1.0 or not generated:
        return logits
    index = torch.tensor(sorted(generated), device=logits.device)
    picked = logits[index]
    return logits.index_copy(0, index, torch.where(picked > 0, picked / penalty, picked * penalty))


def without(logits: torch.Tensor, banned: Sequence[int]) -> torch.Tensor:
    """Logits with some tokens made impossible."""
    return logits.index_fill(0, torch.tensor(banned, dtype=torch.long, device=logits.device), float("-inf"))


def barred(logits: torch.Tensor, allowed: NDArray[np.bool_]) -> torch.Tensor:
    """Logits with every token made impossible that is not allowed."""
    return logits.masked_fill(torch.from_numpy(~allowed).to(logits.device), float("-inf"))


def only(logits: torch.Tensor, token: int) -> torch.Tensor:
    """Logits in which one token alone is possible."""
    alone = torch.full_like(logits, float("-inf"))
    alone[token] = 0.0
    return alone


def likeliest(logits: torch.Tensor) -> list[int]:
    """The likeliest token of each row of (rows, vocabulary); waits for the device."""
    tokens: list[int] = logits.argmax(dim=-1).tolist()
    return tokens


def probabilities(logits: torch.Tensor, sampling: Sampling) -> torch.Tensor:
    """The distribution that temperature, top-k and top-p leave; needs temperature > 0; sums to 1."""
    scaled = logits / sampling.temperature
    if 0 < sampling.top_k < scaled.numel():
        scaled = scaled.masked_fill(scaled < torch.topk(scaled, sampling.top_k).values[-1], float("-inf"))
    chances = torch.softmax(scaled, dim=-1)
    if sampling.top_p >= 1.0:
        return chances
    # By the logits: rounding can make chances equal whose logits are not, and the largest logit would not come first.
    order = torch.argsort(logits, descending=True, stable=True)
    ordered = chances[order]
    # A token stays while the mass before it is below top_p: the most likely one always does.
    kept = torch.where(ordered.cumsum(0) - ordered < sampling.top_p, ordered, 0.0)
    chances = torch.zeros_like(chances).index_copy(0, order, kept)
    return chances / chances.sum()


def draw(chances: torch.Tensor, at: float) -> int:
    """The token at a point of the cumulative distribution, `at` in [0, 1); never one of probability 0."""
    steps = chances.double().cumsum(0)
    place = torch.searchsorted(
        steps, torch.tensor(at * float(steps[-1]), dtype=steps.dtype, device=steps.device), right=True
    )
    return min(int(place), int(chances.nonzero()[-1]))


def chance(logits: torch.Tensor, token: int, count: int) -> TokenChance:
    """The chance of a token by raw logits (vocabulary,), before temperature, and those of the `count` likeliest."""
    logs = torch.log_softmax(logits.float(), dim=-1)
    values, ids = torch.topk(logs, min(count, logs.numel()))
    return TokenChance(float(logs[token]), tuple(zip(ids.tolist(), values.tolist(), strict=True)))


def choose(logits: torch.Tensor, sampling: Sampling, generated: Collection[int], rng_step: int) -> int:
    """The next token from float32 logits (vocabulary,); greedy at temperature 0."""
    weighed = penalised(logits, generated, sampling.repetition_penalty)
    if sampling.temperature == 0:
        return int(weighed.argmax())
    return draw(probabilities(weighed, sampling), uniform(sampling.seed, rng_step))


def mass(logits: torch.Tensor, tokens: Sequence[int]) -> float:
    """Probability of some tokens together, before any sampling parameter."""
    return float(torch.softmax(logits, dim=-1)[list(tokens)].sum())
