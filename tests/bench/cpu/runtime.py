"""The asking side of the benchmark: runtimes that are measured turn by turn, each in its own process."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tests.bench.cpu.peers import ROOT, PeerMissing
from tests.bench.cpu.serve import Took
from tests.bench.cpu.shapes import STEPS

Times = dict[int, list[Took]]
REASON_CHARACTERS = 300
TURN_STEPS = 2


@dataclass
class Runtime:
    """A process that serves one model, see `tests.bench.cpu.serve`; what it did, by context."""

    name: str
    process: subprocess.Popen[str]
    log: IO[str]
    loaded: dict[str, Any] = field(default_factory=dict)
    decoded: Times = field(default_factory=dict)
    filled: Times = field(default_factory=dict)
    peak_mb: int = 0

    @classmethod
    def start(cls, name: str, module: str, *arguments: str, python: Path | None = None) -> Runtime:
        """A process that has loaded its model. Raises PeerMissing when it ends instead."""
        command = [str(python or sys.executable), "-m", f"tests.bench.cpu.{module}", *arguments]
        log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - as long as the process; a pipe could fill up
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=log, text=True)
        runtime = cls(name, process, log)
        runtime.loaded = runtime._answer()
        return runtime

    def ask(self, **asked: Any) -> dict[str, Any]:
        """The answer to a request. Raises PeerMissing when the process ends instead."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        answer = self._answer()
        self.peak_mb = answer["peak_mb"]
        return answer

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.process.communicate()
            self.log.seek(0)
            said = self.log.read().strip()[-REASON_CHARACTERS:]
            self.log.close()
            raise PeerMissing(f"{self.name} ended with {self.process.returncode}: {said}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def prefill(self, context: int) -> None:
        """One prefill, kept with the others; and all steps, where it cannot be stopped between."""
        took = self.ask(prefill=context, steps=STEPS)
        self.filled.setdefault(context, []).append(tuple(took["prefill"]))
        self.decoded.setdefault(context, []).extend(map(tuple, took.get("steps", ())))

    def steps(self, context: int, count: int) -> None:
        """A few steps after a prefill, kept with the others."""
        if "whole" not in self.loaded:
            self.decoded[context].extend(map(tuple, self.ask(steps=count)["steps"]))

    def step(self, context: int) -> Took:
        """Median seconds of a step, by the clock and of the processor."""
        wall_s, cpu_s = zip(*self.decoded[context], strict=True)
        return statistics.median(wall_s), statistics.median(cpu_s)

    def fill(self, context: int) -> Took:
        """The least of a prefill."""
        wall_s, cpu_s = zip(*self.filled[context], strict=True)
        return min(wall_s), min(cpu_s)

    def step_bytes(self, context: int) -> int:
        """Bytes that a step reads at least: weights, keys and values."""
        return int(self.loaded["weights"] + context * self.loaded["token"])

    def close(self) -> None:
        """End the process."""
        self.process.communicate()
        self.log.close()


def in_turn(runtimes: Sequence[Runtime], context: int) -> None:
    """One round of all of them: the prefills, then a few steps of each at a time."""
    for runtime in runtimes:
        runtime.prefill(context)
    for _ in range(0, STEPS, TURN_STEPS):
        for runtime in runtimes:
            runtime.steps(context, TURN_STEPS)
