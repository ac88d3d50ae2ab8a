"""What was started where: one line for each start of a run, with its recipe and its machine."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

FILE = "starts.jsonl"


@dataclass(frozen=True)
class RunStart:
    """A run was started, or resumed, with `step` optimizer steps done."""

    step: int
    total_steps: int
    machine: str
    recipe: dict[str, Any]


def note_start(folder: Path, start: RunStart) -> None:
    """Append one start of a run to its folder: a run that goes on has several."""
    with (folder / FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(start)) + "\n")


def read_starts(folder: Path) -> list[RunStart]:
    """The starts of a run, the first one first; none for a folder without any."""
    path = folder / FILE
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [RunStart(**json.loads(line)) for line in lines]


def machine(device: torch.device) -> str:
    """Such as "NVIDIA H200, torch 2.15.0" or "AMD EPYC, 2 cores, torch 2.15.0"."""
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{_processor()}, {os.cpu_count()} cores"
    return f"{where}, torch {torch.__version__}"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
