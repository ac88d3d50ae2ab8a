"""Which tests run a line, and for how long: from a run of the tests with coverage and its contexts."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from coverage import CoverageData

ROOMS = ("db", "worker/supervisor", "worker/video", "worker/streaming")
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
        run any line of the file, and those of the nearest folder of tests above.
        """
        lines = self.tests.get(path, {})
        here = lines.get(line, set()) or set().union(*lines.values()) | self._of_folder(Path(path).parent)
        return sorted(here, key=lambda test: (_distance(path, test), self.seconds[test]))

    def _of_folder(self, folder: Path) -> set[str]:
        found = {test for test in self.seconds if test.startswith(f"tests/{folder}/")}
        return found if found or folder == Path() else self._of_folder(folder.parent)


def covering(tree: Path, folder: Path) -> Covering:
    """The lines that each test of `tree` runs; what `folder` has of the same code and tests is not measured again."""
    tests: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    seconds: dict[str, float] = {}
    code = _digest(tree, ROOMS)
    for group in GROUPS:
        base = folder / f"{group.replace('/', '-')}-{code}-{_digest(tree, [group])}"
        if not base.with_suffix(".xml").exists():
            _measure(tree, group, base)
        stored = CoverageData(f"{base}.sqlite3")
        stored.read()
        known = {_test(context) for context in stored.measured_contexts()}
        seconds |= {test: took for test, took in _times(base.with_suffix(".xml")).items() if test in known}
        _add_lines(tests, tree, stored, seconds)
    return Covering(tests, seconds)


def _digest(tree: Path, folders: Sequence[str]) -> str:
    found = hashlib.sha256()
    for path in sorted(path for folder in folders for path in (tree / folder).rglob("*.py")):
        found.update(str(path.relative_to(tree)).encode() + path.read_bytes())
    return found.hexdigest()[:12]


def _measure(tree: Path, group: str, base: Path) -> None:
    plugins = ["-p", "no:cacheprovider", *(f"--cov={room}" for room in ROOMS), "--cov-context=test", "--cov-report="]
    command = [sys.executable, "-m", "pytest", *plugins, f"--junit-xml={base}.part", group]
    environment = [f"COVERAGE_FILE={base}.sqlite3", f"PYTHONPATH={tree}:{tree / 'client'}"]
    subprocess.run(["/usr/bin/env", *environment, *command], cwd=tree, check=False)
    Path(f"{base}.part").rename(f"{base}.xml")


def _times(file: Path) -> dict[str, float]:
    return {test: took for case in ET.parse(file).iter("testcase") if not len(case) for test, took in [_timed(case)]}  # noqa: S314 - pytest wrote it


def _add_lines(
    tests: dict[str, dict[int, set[str]]], tree: Path, stored: CoverageData, seconds: Mapping[str, float]
) -> None:
    """Add what one group's tests run to file -> line -> tests."""
    for file in stored.measured_files():
        lines = tests[str(Path(file).relative_to(tree))]
        for line, contexts in stored.contexts_by_lineno(file).items():
            lines[line] |= {test for context in contexts if (test := _test(context)) in seconds}


def _test(context: str) -> str:
    """The test of one of coverage's contexts, `TEST|run`."""
    return context.partition("|")[0]


def _timed(case: ET.Element) -> tuple[str, float]:
    *folders, module = case.attrib["classname"].split(".")
    return f"{'/'.join([*folders, module])}.py::{case.attrib['name']}", float(case.attrib["time"])


def _distance(path: str, test: str) -> int:
    """How far a test lies from a file: 0 in the file of the same name, 1 in the folder that mirrors the file's."""
    file, module = Path(path), Path(test.partition("::")[0])
    here, there = ("tests", *file.parent.parts), module.parent.parts
    if here == there and module.stem == f"test_{file.stem}":
        return 0
    shared = sum(1 for a, b in zip(here, there, strict=False) if a == b)
    return 1 + len(here) - shared
