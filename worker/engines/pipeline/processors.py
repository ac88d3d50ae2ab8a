"""Which processors a node computes with: nodes that share them only take them from each other when they work at the same time."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

import torch

BOOT = Path("/proc/sys/kernel/random/boot_id")  # the same in every container of a machine


def processors(device: torch.device) -> str:
    """A name that nodes have in common which compute with the same GPU, or with the same cores of the same machine."""
    if device.type == "cuda":
        return _digest(str(torch.cuda.get_device_properties(device).uuid))
    machine = BOOT.read_text() if BOOT.exists() else socket.gethostname()
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return _digest(f"{machine} {cores}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
