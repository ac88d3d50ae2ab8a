"""How a command of this service is written so that it runs in the shell that shows it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path


def command(arguments: str) -> str:
    """`python -m ARGUMENTS`, with the path of the running interpreter where `python` on PATH is another one or none."""
    running = Path(sys.executable)
    on_path = shutil.which("python")
    # Compared by folder: the interpreters of several virtual environments are links to the same file.
    if on_path is not None and Path(on_path).parent.resolve() == running.parent.resolve():
        return f"python -m {arguments}"
    here = Path.cwd()
    shown = running.relative_to(here) if running.is_relative_to(here) else running
    return f"{shown} -m {arguments}"
