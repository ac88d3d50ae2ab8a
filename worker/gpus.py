"""The NVIDIA GPUs of this machine as NVML, the driver's own library, tells of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from worker import metrics


@dataclass(frozen=True)
class Gpu:
    """One card; sizes in bytes, load in percent."""

    name: str
    total: int
    used: int
    load: int | None
    capability: tuple[int, int]


@dataclass(frozen=True)
class Driver:
    """The NVIDIA driver, the newest CUDA (major, minor) it can run, and its cards."""

    version: str
    cuda: tuple[int, int]
    gpus: tuple[Gpu, ...]


def driver() -> Driver | None:
    """The driver and its cards; None where there is none, or its library cannot be asked (package nvidia-ml-py)."""
    try:
        import pynvml
    except ImportError:
        return None
    try:
        with _session(pynvml):
            number = pynvml.nvmlSystemGetCudaDriverVersion_v2()
            cuda = number // 1000, number % 1000 // 10
            cards = (pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount()))
            return Driver(str(pynvml.nvmlSystemGetDriverVersion()), cuda, tuple(_gpu(pynvml, card) for card in cards))
    except pynvml.NVMLError:
        return None


def watch() -> tuple[Gpu, ...]:
    """The cards now, told to Prometheus as well; none where there is no driver."""
    found = driver()
    cards = found.gpus if found is not None else ()
    for number, gpu in enumerate(cards):
        metrics.GPU_MEMORY_USED.labels(gpu=str(number)).set(gpu.used)
        metrics.GPU_MEMORY_TOTAL.labels(gpu=str(number)).set(gpu.total)
        if gpu.load is not None:
            metrics.GPU_UTILISATION.labels(gpu=str(number)).set(gpu.load / 100)
    return cards


@contextmanager
def _session(nvml: Any) -> Iterator[None]:
    nvml.nvmlInit()
    try:
        yield
    finally:
        nvml.nvmlShutdown()


def _gpu(nvml: Any, card: Any) -> Gpu:
    memory = nvml.nvmlDeviceGetMemoryInfo(card)
    try:
        load = int(nvml.nvmlDeviceGetUtilizationRates(card).gpu)
    except nvml.NVMLError:  # a slice of a card (MIG) has none
        load = None
    capability = nvml.nvmlDeviceGetCudaComputeCapability(card)
    return Gpu(str(nvml.nvmlDeviceGetName(card)), memory.total, memory.used, load, (capability[0], capability[1]))
