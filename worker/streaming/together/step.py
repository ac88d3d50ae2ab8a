"""One decode step of several streams in one attention call a layer, captured in a graph for each number of streams or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from worker.streaming.cache import CacheShape, Placement, StreamCache
from worker.streaming.rope import Angles, rotate
from worker.streaming.together.inputs import StepInputs

PROGRAMS = 2  # for each multiprocessor of a card: a head's rows are split until there are so many
MOST_SPLITS = 32
Run = Callable[[], torch.Tensor]
Capture = Callable[[Run], Run]
"""Makes of a step without arguments one that does the same work again on what its memory holds by then."""


@dataclass(frozen=True)
class TogetherStep:
    """What the layers of one decode step share; `placements` are there for the states of linear layers alone."""

    inputs: StepInputs
    row_of: Mapping[int, int]
    splits: int
    placements: tuple[Placement, ...] = ()

    def attended(
        self, layer_index: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scaling: float
    ) -> torch.Tensor:
        """As `ForwardStep.attended`, for one token of each stream."""
        turn = self.inputs.turn
        asked, turned = rotate(query, *turn), rotate(key, *turn)
        parts = (part[:, :, 0] for part in (asked, turned, key, value))
        said: torch.Tensor = torch.ops.bm3.decode_attention(
            *parts, self.inputs.plan, self.row_of[layer_index], scaling, self.splits
        )
        return said[:, None]

    def keep_raw(self) -> None:
        """Nothing is left to do: the kernel has stored raw keys, too."""


class Layers(Protocol):
    """The layers and the head of a model, for one token of each stream."""

    def __call__(self, ids: torch.Tensor, step: TogetherStep) -> torch.Tensor:
        """Logits (streams, vocabulary), float32, of ids (streams, 1)."""
        ...


class Together:
    """Decode steps of a model; with `capture` one graph for each power of two of streams, else of as many as there are."""

    def __init__(
        self, layers: Layers, shape: CacheShape, row_of: Mapping[int, int], angles: Angles, capture: Capture | None
    ) -> None:
        from worker.streaming.together import kernels  # noqa: F401 - registers the operation; Triton is for GPUs alone

        self._layers, self._shape, self._row_of, self._angles, self._capture = layers, shape, row_of, angles, capture
        self._nobody = StreamCache(shape, 1, 1)
        self._programs = PROGRAMS * _multiprocessors(shape.device)
        self._inputs: dict[int, StepInputs] = {}
        self._captured: dict[int, Run] = {}

    def decode(
        self, placements: tuple[Placement, ...], positions: Sequence[int], tokens: Sequence[int]
    ) -> torch.Tensor:
        """Logits (streams, vocabulary), float32, after one token more of each stream."""
        streams = len(tokens)
        room = streams if self._capture is None else 1 << (streams - 1).bit_length()
        if room not in self._inputs:
            self._inputs[room] = StepInputs(room, self._angles.dims, self._nobody)
        inputs = self._inputs[room]
        if self._capture is not None and room not in self._captured:
            self._captured[room] = self._capture(lambda: self._run(inputs, ()))  # writes where nobody reads
        inputs.fill(placements, tokens, self._angles.on_host([*positions]))
        if self._capture is None:
            return self._run(inputs, placements)
        return self._captured[room]()[:streams].clone()  # a graph gives its answer at the same place each time

    def _run(self, inputs: StepInputs, placements: tuple[Placement, ...]) -> torch.Tensor:
        pairs = inputs.plan.shape[0] * self._shape.heads
        splits = max(1, min(MOST_SPLITS, self._programs // pairs))
        return self._layers(inputs.ids, TogetherStep(inputs, self._row_of, splits, placements))


def _multiprocessors(device: torch.device) -> int:
    """Of a card; a processor that interprets the kernels runs one program after the other."""
    return torch.cuda.get_device_properties(device).multi_processor_count if device.type == "cuda" else 1


def cuda_graph(run: Run) -> Run:
    """Capture a step in a CUDA graph, after two runs that compile its kernels and set up its libraries.

    No other thread may give the device work meanwhile. What does so all the same (memory for a picture, a driver's call of a
    library) fails neither itself nor the capture: only this thread's calls are checked.
    """
    cuda: Any = torch.cuda
    beside = cuda.Stream()
    beside.wait_stream(cuda.current_stream())
    with cuda.stream(beside):
        run()
        run()
    cuda.current_stream().wait_stream(beside)
    graph = cuda.CUDAGraph()
    with cuda.graph(graph, capture_error_mode="thread_local"):
        answer = run()

    def replay() -> torch.Tensor:
        graph.replay()
        return answer

    return replay
