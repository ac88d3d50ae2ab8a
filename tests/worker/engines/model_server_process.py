"""Starts and ends the small model server for tests."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def model_server(folder: Path, answers: dict[str, str]) -> Iterator[str]:
    """The base address of a running server that gives these answers."""
    path = folder / "answers.json"
    path.write_text(json.dumps(answers))
    command = [sys.executable, "-m", "tests.worker.engines.model_server", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        try:
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()
