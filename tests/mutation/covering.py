"""Which tests run a line, and for how long."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutation.measuring import measured

ROOMS = ("db", "worker/supervisor", "worker/process", "worker/video", "worker/streaming")
# Measured one by one. Tests elsewhere start processes, where no line is seen, or compute for long on other rooms.
GROUPS = (
    "tests/db",
    "tests/worker/supervisor",
    "tests/worker/streaming",
    "tests/worker/video",
    "tests/api",
    "tests/worker/dispatcher",
    "tests/worker/webhooks",
    "tests/worker/process",
    "tests/worker/engines",
    "tests/worker/chat",
    "tests/worker/datasheet/result",
    "tests/conformance",
)


@dataclass(frozen=True)
class Covering:
    """Tests of each line of each file, with the seconds that each took; only tests that passed."""

    tests: dict[str, dict[int, set[str]]]
    seconds: dict[str, float]

    def of(self, path: str, line: int) -> list[str]:
        """The tests that run a line, the nearest and quickest first.

        No test is seen to run a line that is run at the import or by another process: then these are the tests that
        run any line of the file, and those of the nearest folder of tests above; first those of the file of its name,
        for they may start that process, and then they are slow.
        """
        lines = self.tests.get(path, {})
        if here := lines.get(line):
            return sorted(here, key=lambda test: (_distance(path, test), self.seconds[test]))
        near = set().union(*lines.values()) | self._of_folder(Path(path).parent)
        own = f"tests/{Path(path).parent}/test_{Path(path).name}::"
        return sorted(near, key=lambda test: (not test.startswith(own), _distance(path, test), self.seconds[test]))

    def _of_folder(self, folder: Path) -> set[str]:
        found = {test for test in self.seconds if test.startswith(f"tests/{folder}/")}
        return found if found or folder == Path() else self._of_folder(folder.parent)


def covering(tree: Path, folder: Path, groups: Sequence[str] = GROUPS) -> Covering:
    """The lines that each test of `tree` runs. What `folder` has of the same tests is not measured again."""
    tests: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    seconds: dict[str, float] = {}
    for group in groups:
        for run in measured(tree, group, ROOMS, folder):
            seconds |= run.seconds
            for path, lines in run.lines(tree).items():
                for line, names in lines.items():
                    tests[path][line] |= names
    return Covering(tests, seconds)


def _distance(path: str, test: str) -> int:
    """How far a test lies from a file: 0 in the folder that mirrors the file's."""
    here, there = ("tests", *Path(path).parent.parts), Path(test.partition("::")[0]).parent.parts
    shared = sum(1 for a, b in zip(here, there, strict=False) if a == b)
    return len(here) - shared
