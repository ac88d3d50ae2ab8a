"""Next-token loss over the learned tokens of a batch, and how many of them, and of whole replies, are right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from worker.bm3.data.examples import ExampleBatch
from worker.bm3.data.layout import NOT_LEARNED
from worker.bm3.data.patches import normalised


@dataclass(frozen=True)
class Scores:
    """Sums over a batch; a reply is spoken when it has words, silent when it is an end token alone."""

    loss: float = 0.0
    tokens: int = 0
    right: int = 0
    spoken: int = 0
    spoken_exact: int = 0
    silent: int = 0
    silent_exact: int = 0

    def __add__(self, other: Scores) -> Scores:
        mine, theirs = vars(self), vars(other)
        return Scores(**{name: mine[name] + theirs[name] for name in mine})


def forward(model: nn.Module, batch: ExampleBatch) -> tuple[Tensor, Tensor]:
    """logits (K, vocabulary) and the ids (K,) they should name: the learned tokens of the batch, row by row."""
    targets = nn.functional.pad(batch.labels[:, 1:], (0, 1), value=NOT_LEARNED)
    columns = (targets != NOT_LEARNED).any(0).nonzero()[:, 0]  # logits of columns nobody learns are never computed
    logits = model(**_inputs(batch), logits_to_keep=columns).logits
    targets = targets[:, columns]
    learned = targets != NOT_LEARNED
    return logits[learned].float(), targets[learned]


def loss_sum(model: nn.Module, batch: ExampleBatch) -> Tensor:
    """Cross entropy summed, not averaged, over the labelled tokens of a batch: a scalar in nats."""
    logits, targets = forward(model, batch)
    return nn.functional.cross_entropy(logits, targets, reduction="sum")


@torch.no_grad()
def score(model: nn.Module, batch: ExampleBatch) -> Scores:
    """Teacher-forced; a reply whose tokens are all right is what greedy decoding would say."""
    logits, targets = forward(model, batch)
    right = logits.argmax(-1) == targets
    total = Scores(float(nn.functional.cross_entropy(logits, targets, reduction="sum")), len(targets), int(right.sum()))
    for reply in torch.split(right, _reply_lengths(batch.labels)):
        exact = int(reply.all())
        one = Scores(silent=1, silent_exact=exact) if len(reply) == 1 else Scores(spoken=1, spoken_exact=exact)
        total = total + one
    return total


def _reply_lengths(labels: Tensor) -> list[int]:
    """Lengths of the runs of learned tokens, row by row."""
    learned = nn.functional.pad(labels != NOT_LEARNED, (1, 1)).int()
    edges = learned.diff(dim=1)
    starts, ends = (edges == 1).nonzero()[:, 1], (edges == -1).nonzero()[:, 1]
    return (ends - starts).tolist()


def _inputs(batch: ExampleBatch) -> dict[str, Any]:
    inputs: dict[str, Any] = {"input_ids": batch.input_ids, "position_ids": batch.position_ids, "use_cache": False}
    if batch.mask is not None:
        inputs["attention_mask"] = batch.mask
    if batch.images is not None:
        inputs |= {"pixel_values": normalised(batch.images.patches), "image_grid_thw": batch.images.grid_thw}
    if batch.videos is not None:
        inputs |= {"pixel_values_videos": normalised(batch.videos.patches), "video_grid_thw": batch.videos.grid_thw}
    return inputs
