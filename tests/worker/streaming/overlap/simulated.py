"""Streams of a device that is not there: which work is sure to come before which, and memory that two streams meet in unordered.

A stream's work is numbered. What a stream has waited for, by `wait_stream` or because the host had waited for an event before it
gave the work, is what it *knows*. Two streams that touch the same memory, one of them to write, must know of each other.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

Known = dict[int, int]
"""How much of each stream's work, by the stream's number."""


def learn(known: Known, other: Known) -> None:
    for stream, count in other.items():
        known[stream] = max(count, known.get(stream, 0))


class SimulatedStream:
    def __init__(self, number: int) -> None:
        self.number = number
        self.known: Known = {}

    def wait_stream(self, other: SimulatedStream) -> None:
        learn(self.known, other.known)


class SimulatedEvent:
    def __init__(self, device: SimulatedDevice) -> None:
        self._device, self._known = device, Known()

    def record(self, stream: SimulatedStream) -> None:
        self._known = dict(stream.known)

    def synchronize(self) -> None:
        learn(self._device.done, self._known)


class SimulatedDevice:
    """What `torch.get_device_module` gives, and which memory was met in unordered: `races`."""

    def __init__(self) -> None:
        self.done: Known = {}  # what the host has waited for
        self.races: list[str] = []
        self.works = 0
        self._streams = [SimulatedStream(0)]
        self._chosen = threading.local()
        self._lock = threading.Lock()
        self._written: dict[int, tuple[int, int]] = {}
        self._read: dict[int, Known] = defaultdict(dict)
        self._held: list[Any] = []  # memory is not given back, so that an address is one piece of memory

    def current_stream(self, device: Any = None) -> SimulatedStream:
        return getattr(self._chosen, "stream", self._streams[0])

    def Stream(self, device: Any = None) -> SimulatedStream:  # noqa: N802 - as torch calls it
        self._streams.append(SimulatedStream(len(self._streams)))
        return self._streams[-1]

    def Event(self) -> SimulatedEvent:  # noqa: N802
        return SimulatedEvent(self)

    @contextmanager
    def stream(self, stream: SimulatedStream) -> Iterator[None]:
        before, self._chosen.stream = self.current_stream(), stream
        try:
            yield
        finally:
            self._chosen.stream = before

    def give(self, name: str = "work", reads: Any = (), writes: Any = ()) -> None:
        """One piece of work on tensors, for the stream of this thread."""
        with self._lock:
            stream = self.current_stream()
            learn(stream.known, self.done)
            self.works += 1
            stamp = (stream.number, stream.known.get(stream.number, 0) + 1)
            for memory in self._memory(reads):
                self._check(name, stream, [self._written.get(memory)])
                self._read[memory][stream.number] = stamp[1]
            for memory in self._memory(writes):
                self._check(name, stream, [self._written.get(memory), *self._read.pop(memory, {}).items()])
                self._written[memory] = stamp
            stream.known[stream.number] = stamp[1]

    def _check(self, name: str, stream: SimulatedStream, before: list[tuple[int, int] | None]) -> None:
        self.races += [
            f"{name} on stream {stream.number} meets work {one} unordered"
            for one in before
            if one and stream.known.get(one[0], 0) < one[1] and one[0] != stream.number
        ]

    def _memory(self, tensors: Any) -> list[int]:
        storages = [tensor.untyped_storage() for tensor in tensors if tensor.numel()]
        self._held += storages
        return [storage.data_ptr() for storage in storages]


class Watched(TorchDispatchMode):
    """Gives a simulated device every operation of this thread; views touch no memory."""

    def __init__(self, device: SimulatedDevice) -> None:
        super().__init__()
        self._device = device

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = kwargs or {}
        out = func(*args, **given)
        if not func.is_view:
            named = {
                argument.name: value for argument, value in zip(func._schema.arguments, args, strict=False)
            } | given
            written = {one.name for one in func._schema.arguments if one.alias_info and one.alias_info.is_write}
            read = tensors_of([value for name, value in named.items() if name not in written])
            changed = tensors_of([value for name, value in named.items() if name in written])
            self._device.give(func._schema.name, read, [*changed, *tensors_of(out)])
        return out


def tensors_of(values: Any) -> list[torch.Tensor]:
    return [leaf for leaf in tree_leaves(values) if isinstance(leaf, torch.Tensor)]
