"""The machine: driver and cards, the CUDA of PyTorch, memory, room for models on the disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from db.ops.findings import Finding, Level
from worker.gpus import Driver, driver

BFLOAT16 = (8, 0)  # compute capability from which a card computes in bfloat16
DISK_WARN = 30 << 30
REINSTALL = "uv pip install --reinstall --torch-backend auto torch torchvision"


@dataclass(frozen=True)
class TorchBuild:
    """The installed PyTorch: its version, the CUDA it was built for (None: none), and whether it can use a card."""

    version: str
    cuda: tuple[int, int] | None
    usable: bool

    @classmethod
    def installed(cls) -> TorchBuild:
        """Of this interpreter."""
        import torch

        cuda = torch.version.cuda
        number = None if cuda is None else (int(cuda.split(".")[0]), int(cuda.split(".")[1]))
        return cls(torch.__version__, number, torch.cuda.is_available())


def machine() -> Iterator[Finding]:
    """What there is to know before a model is looked at."""
    found = driver()
    yield from cards(found)
    yield torch_build(TorchBuild.installed(), found)
    yield memory(available_bytes())
    yield disk(Path(os.environ.get("HF_HOME", Path.home() / ".cache/huggingface")))


def cards(found: Driver | None) -> Iterator[Finding]:
    """The driver and each of its cards."""
    if found is None or not found.gpus:
        advice = (
            "with a GPU in this machine: install its driver (scripts/setup_gpu_host.sh), in a container: --gpus all"
        )
        yield Finding(Level.WARN, "gpu", "no NVIDIA GPU: models run on the processor", advice)
        return
    yield Finding(Level.OK, "driver", f"{found.version}, for CUDA up to {_dotted(found.cuda)}")
    for gpu in found.gpus:
        words = f"{gpu.name}, {gib(gpu.total)}, {gib(gpu.total - gpu.used)} free, capability {_dotted(gpu.capability)}"
        if gpu.capability < BFLOAT16:
            advice = "this card does not compute in bfloat16: use dtype=float16"
            yield Finding(Level.WARN, "gpu", words, advice)
        else:
            yield Finding(Level.OK, "gpu", words)


def torch_build(build: TorchBuild, found: Driver | None) -> Finding:
    """Whether the installed PyTorch fits the driver. CUDA runs on any driver for its major version."""
    words = f"{build.version}, built for {'CUDA ' + _dotted(build.cuda) if build.cuda else 'processors alone'}"
    if found is None or not found.gpus or build.usable:
        return Finding(Level.OK, "pytorch", words)
    if build.cuda is None:
        return Finding(Level.FAIL, "pytorch", f"{words}: it cannot use the GPU", f"run: {REINSTALL}")
    if build.cuda[0] > found.cuda[0]:
        words += f": the driver {found.version} knows CUDA up to {_dotted(found.cuda)}"
        return Finding(Level.FAIL, "pytorch", words, f"a newer driver, or another build: {REINSTALL}")
    advice = "may this user or container see it (/dev/nvidia*, --gpus all, CUDA_VISIBLE_DEVICES)?"
    return Finding(Level.FAIL, "pytorch", f"{words}: the GPU cannot be opened", advice)


def memory(available: int) -> Finding:
    """The machine's own memory, with its processors."""
    return Finding(Level.OK, "memory", f"{gib(available)} available, {os.cpu_count()} processors")


def disk(folder: Path) -> Finding:
    """Room where downloaded models are kept."""
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    free = shutil.disk_usage(there).free
    words = f"{gib(free)} free for models in {folder}"
    if free < DISK_WARN:
        return Finding(
            Level.WARN, "disk", words, "an 8B model needs 18 GB: make room, or let HF_HOME name another place"
        )
    return Finding(Level.OK, "disk", words)


def available_bytes() -> int:
    """Memory that a new process may take without swapping; in a container, no more than it is allowed."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    free = next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable"))
    limit = Path("/sys/fs/cgroup/memory.max")
    allowed = limit.read_text().strip() if limit.exists() else "max"
    return free if allowed == "max" else min(free, int(allowed))


def gib(number: float) -> str:
    """Bytes as a person reads them."""
    return f"{number / (1 << 30):.1f} GiB"


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
