"""The cases: every container with every fault it can have, from every start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.worker.video.matrix.check import STARTS, problems
from tests.worker.video.matrix.sources import CONTAINERS, FAULTS, Right


@dataclass(frozen=True)
class Case:
    """A container, a fault of its stamps or bytes, and a start."""

    container: str
    fault: str
    start: str

    def __str__(self) -> str:
        return f"{self.container}, {self.fault}, {self.start}"


def cases() -> Iterator[Case]:
    for container in CONTAINERS:
        for fault in FAULTS.values():
            if container in fault.containers:
                for start in STARTS:
                    yield Case(container, fault.name, start)


class Bench:
    """Makes each video once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[tuple[str, str], tuple[Path, Right]] = {}

    def problems(self, case: Case) -> list[str]:
        key = case.container, case.fault
        if key not in self._made:
            container = CONTAINERS[case.container]
            path = self._folder / f"{case.container} {case.fault}{container.suffix}"
            self._made[key] = path, FAULTS[case.fault].make(container, self._folder, path)
        return problems(*self._made[key], case.start)
