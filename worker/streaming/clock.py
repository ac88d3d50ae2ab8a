"""Times work on a device without waiting for it: a CUDA event where work is queued, the clock where it is done at once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

Mark = Any
"""A point in the work of a device: seconds of the clock, or a CUDA event (untyped in torch)."""


def mark(device: torch.device) -> Mark:
    """The point that the work given to a device so far will have come to."""
    if device.type != "cuda":
        return time.perf_counter()
    import torch  # here: what runs without torch reads the clock as well

    cuda: Any = torch.cuda
    event = cuda.Event(enable_timing=True)
    event.record(cuda.current_stream(device))
    return event


def seconds(begin: Mark, end: Mark) -> float:
    """Time between two marks of one device, which must have come past both."""
    return float(end - begin if isinstance(begin, float) else begin.elapsed_time(end) / 1000)
