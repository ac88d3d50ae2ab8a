"""An export of a checkpoint of random weights in a process of its own: how long it takes and the most memory it holds."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.cpu.checkpoints import write_checkpoint
from tests.bench.cpu.peers import ROOT
from tests.bench.workloads import SHAPES


def exported(shape: str, folder: Path, tell: Callable[..., None]) -> tuple[Path, Path]:
    """(checkpoint, INT4 export) in a folder; `tell` is called with one line."""
    checkpoint = write_checkpoint(SHAPES[shape], folder / "checkpoint")
    out = folder / "export"
    command = [sys.executable, "-m", "worker.export", str(checkpoint), "--out", str(out), "--no-proof", "--quiet"]
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"the export of {shape} ended with {os.waitstatus_to_exitcode(status)}")
    tell(
        part="export",
        shape=shape,
        seconds=round(time.perf_counter() - start, 1),
        peak_mb=used.ru_maxrss // 1024,
        checkpoint_mb=_size(checkpoint) >> 20,
        export_mb=_size(out) >> 20,
    )
    return checkpoint, out


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())
