"""Runs pytest again and again in forks of a process that has imported every package but ours: seconds less each time.

As a program it is that process. It reads a line of JSON for each run, `{"arguments": [...], "output": PATH,
"seconds": N}`, and answers with the exit status, or with -1 when the tests took longer and were killed.
"""

from __future__ import annotations

import ast
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path

OURS = ("api", "bm3vl", "db", "tests", "worker")
TOO_LONG = -1


class Forks:
    """The process that forks; `run` gives it work."""

    def __init__(self, tree: Path) -> None:
        environment = {**os.environ, "PYTHONPATH": f"{tree}:{tree / 'client'}", "PYTHONDONTWRITEBYTECODE": "1"}
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            cwd=tree,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, arguments: list[str], output: Path, seconds: float) -> int:
        """Run pytest with these arguments for at most so long; its exit status, or TOO_LONG."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"arguments": arguments, "output": str(output), "seconds": seconds}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


def import_packages(tree: Path) -> None:
    """Import what the files of `tree` import at their top and is not ours."""
    names = {
        name for folder in OURS if folder != "api" for file in (tree / folder).rglob("*.py") for name in _imported(file)
    }
    for name in sorted(names):
        if name.partition(".")[0] not in OURS:
            with suppress(Exception):  # what cannot be imported here fails where it is needed
                import_module(name)


def _imported(file: Path) -> list[str]:
    found = [node for node in ast.parse(file.read_text("utf-8")).body if isinstance(node, (ast.Import, ast.ImportFrom))]
    plain = [alias.name for node in found if isinstance(node, ast.Import) for alias in node.names]
    return [*plain, *(node.module for node in found if isinstance(node, ast.ImportFrom) and node.module)]


def serve() -> None:
    """Fork for each line that comes."""
    import pytest

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    import_packages(Path.cwd())
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if not child:
            os.setsid()
            _redirect(asked["output"])
            status = pytest.main([*asked["arguments"], "--assert=plain"])
            sys.stdout.flush()
            os._exit(status)
        answers.write(f"{_status(child, asked['seconds'])}\n")
        answers.flush()


def _redirect(output: str) -> None:
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for stream in (1, 2):
        os.dup2(file, stream)


def _status(child: int, seconds: float) -> int:
    """The exit status of a fork and, once it ended or was killed, the end of all that it has left running."""
    deadline, status = time.monotonic() + seconds, TOO_LONG
    while time.monotonic() < deadline:
        ended, code = os.waitpid(child, os.WNOHANG)
        if ended:
            status = 255 if os.WIFSIGNALED(code) else os.WEXITSTATUS(code)
            break
        time.sleep(0.05)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    if status == TOO_LONG:
        os.waitpid(child, 0)
    return status


if __name__ == "__main__":
    sys.path[0] = str(Path.cwd())  # not this folder
    serve()
