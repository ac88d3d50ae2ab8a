"""The state a run resumes from, and the checkpoint folder others load; each is replaced whole or not at all."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim import Optimizer

STATE_FILE = "state.pt"


def save_state(folder: Path, step: int, model: nn.Module, optimizers: Sequence[Optimizer]) -> None:
    """`step` optimizer steps are done. A kill while writing leaves the state before."""
    state = {
        "step": step,
        "model": model.state_dict(),
        "optimizers": [optimizer.state_dict() for optimizer in optimizers],
        "torch_rng": torch.get_rng_state(),
        "cuda_rng": torch.cuda.get_rng_state_all(),
        "numpy_rng": np.random.get_state(),
        "python_rng": random.getstate(),
    }
    partial = folder / (STATE_FILE + ".part")
    with partial.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(folder / STATE_FILE)


def load_state(folder: Path, model: nn.Module, optimizers: Sequence[Optimizer]) -> int:
    """Steps done so far; 0 and nothing changed where no state was saved."""
    path = folder / STATE_FILE
    if not path.exists():
        return 0
    # Written by this program on this machine: it holds RNG states that the weights-only reader refuses.
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=False)
    model.load_state_dict(state["model"])
    for optimizer, its_state in zip(optimizers, state["optimizers"], strict=True):
        optimizer.load_state_dict(its_state)
    torch.set_rng_state(state["torch_rng"])
    if torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda_rng"])
    np.random.set_state(state["numpy_rng"])
    random.setstate(state["python_rng"])
    return int(state["step"])


def replace_folder(folder: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a new folder, then put it in the old one's place."""
    fresh, old = folder.with_name(folder.name + ".part"), folder.with_name(folder.name + ".old")
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh.mkdir(parents=True)
    write(fresh)
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
