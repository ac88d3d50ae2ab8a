"""What changes from one decode step to the next, in memory on the device that stays where it is: a graph reads it there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from worker.streaming.cache import Placement, StreamCache

FIELDS = 8
"""Of a stream's line in the plan: pointers to keys, values and raw keys, row, rows there are, raw row or -1, raw rows, token."""
TOKEN = 7


def line(placement: Placement, token: int) -> list[int]:
    """A stream's line of the plan: see `FIELDS`."""
    cache = placement.cache
    raw_row = placement.raw_rows.start if placement.raw_rows.stop > placement.raw_rows.start else -1
    pointers = [buffer.data_ptr() for buffer in (cache.keys, cache.values, cache.raw_keys)]
    return [*pointers, placement.rows.start, cache.keys.shape[2], raw_row, cache.raw_keys.shape[2], token]


class StepInputs:
    """For a fixed number of streams: `plan` (streams, FIELDS) of int64 and `angles` (cos and sin, streams, dims) of float32.

    Where fewer streams decode, the lines that are left over write to a place that nobody reads.
    """

    def __init__(self, streams: int, dims: int, nobody: StreamCache) -> None:
        device = nobody.shape.device
        pinned = device.type == "cuda"
        self._nobody = line(Placement(nobody, slice(0, 1), slice(0, 0), None), 0)
        self._host_plan = torch.tensor([self._nobody] * streams, pin_memory=pinned)
        self._host_angles = torch.zeros((2, streams, dims), pin_memory=pinned)
        self.plan = self._host_plan.to(device, copy=True)
        self.angles = self._host_angles.to(device, copy=True)
        cuda: Any = torch.cuda
        self._copied = cuda.Event() if pinned else None

    @property
    def ids(self) -> torch.Tensor:
        """The token of each stream, (streams, 1)."""
        return self.plan[:, TOKEN, None]

    @property
    def turn(self) -> tuple[torch.Tensor, torch.Tensor]:
        """(cos, sin), each (streams, 1, 1, dims)."""
        cos, sin = self.angles[:, :, None, None]
        return cos, sin

    def fill(self, placements: Sequence[Placement], tokens: Sequence[int], angles: torch.Tensor) -> None:
        """The next step; `angles` (2, placements, dims) on the host. Two copies to the device, nothing waits for them."""
        if self._copied is not None:
            self._copied.synchronize()  # of the step before: long over
        lines = [line(placement, token) for placement, token in zip(placements, tokens, strict=True)]
        free = self.plan.shape[0] - len(lines)
        self._host_plan.copy_(torch.tensor(lines + [self._nobody] * free))
        self._host_angles[:, : len(lines)] = angles
        self.plan.copy_(self._host_plan, non_blocking=True)
        self.angles.copy_(self._host_angles, non_blocking=True)
        if self._copied is not None:
            self._copied.record()
