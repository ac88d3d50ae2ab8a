"""One training example, and how several become a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from worker.bm3.data.layout import NOT_LEARNED, Tokens, in_sight
from worker.bm3.model.positions import rope_index


@dataclass(frozen=True)
class Pictures:
    """Packed patches and their grids (items, 3), of images or of videos."""

    patches: Tensor
    grid_thw: Tensor


@dataclass(frozen=True)
class Example:
    """A sequence with its pictures. `window_chunks`: for how many chunks frames stay in sight, None: for good."""

    tokens: Tokens
    token_types: Tensor
    images: Pictures | None = None
    videos: Pictures | None = None
    window_chunks: int | None = None


@dataclass(frozen=True)
class ExampleBatch:
    """What the model takes, and labels; `mask` (B, 1, N, N) only when some token sees less than all before it."""

    input_ids: Tensor
    labels: Tensor
    position_ids: Tensor
    mask: Tensor | None = None
    images: Pictures | None = None
    videos: Pictures | None = None
    learned: int = field(default=0)

    def to(self, device: torch.device) -> ExampleBatch:
        """The same batch with every tensor on `device`."""
        return ExampleBatch(
            self.input_ids.to(device),
            self.labels.to(device),
            self.position_ids.to(device),
            None if self.mask is None else self.mask.to(device),
            _moved(self.images, device),
            _moved(self.videos, device),
            self.learned,
        )


def batch(examples: Sequence[Example], merge: int, pad_id: int) -> ExampleBatch:
    """Rows are padded on the right, where causal attention never looks."""
    longest = max(len(example.tokens.ids) for example in examples)
    ids = torch.full((len(examples), longest), pad_id)
    labels = torch.full((len(examples), longest), NOT_LEARNED)
    types = torch.zeros(len(examples), longest, dtype=torch.long)
    real = torch.zeros(len(examples), longest, dtype=torch.bool)
    for row, example in enumerate(examples):
        length = len(example.tokens.ids)
        ids[row, :length] = torch.from_numpy(example.tokens.ids)
        labels[row, :length] = torch.from_numpy(example.tokens.labels)
        types[row, :length] = example.token_types
        real[row, :length] = True
    images, videos = _packed([e.images for e in examples]), _packed([e.videos for e in examples])
    positions, _ = rope_index(types, merge, _grid(images), _grid(videos), real)
    learned = int((labels[:, 1:] != NOT_LEARNED).sum())
    return ExampleBatch(ids, labels, positions, _mask(examples, longest), images, videos, learned)


def _mask(examples: Sequence[Example], longest: int) -> Tensor | None:
    if all(example.window_chunks is None for example in examples):
        return None
    mask = np.tril(np.ones((len(examples), 1, longest, longest), np.bool_))
    for row, example in enumerate(examples):
        if example.window_chunks is not None:
            length = len(example.tokens.ids)
            seen = in_sight(example.tokens.parts, example.tokens.chunks, example.window_chunks)
            mask[row, 0, :length, :length] = seen
    return torch.from_numpy(mask)


def _packed(pictures: Sequence[Pictures | None]) -> Pictures | None:
    some = [each for each in pictures if each is not None]
    if not some:
        return None
    return Pictures(torch.cat([each.patches for each in some]), torch.cat([each.grid_thw for each in some]))


def _grid(pictures: Pictures | None) -> Tensor | None:
    return None if pictures is None else pictures.grid_thw


def _moved(pictures: Pictures | None, device: torch.device) -> Pictures | None:
    return None if pictures is None else Pictures(pictures.patches.to(device), pictures.grid_thw.to(device))
