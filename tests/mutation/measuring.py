"""Runs of tests under coverage with its contexts, kept on disk: a test file that was measured is not measured again.

When the code has changed since, the lines of a run are those of the code of then; they are told by what the lines say.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from pathlib import Path

from coverage import CoverageData


@dataclass(frozen=True)
class Run:
    """One run of test files: BASE.sqlite3 from coverage, BASE.xml from pytest, BASE.json with what it ran on."""

    base: Path
    code: dict[str, str]  # path -> text, as they were
    files: dict[str, str]  # test file -> digest, as they were
    wanted: frozenset[str]  # those of them that count

    @cached_property
    def seconds(self) -> dict[str, float]:
        """How long each test took that passed and whose lines were seen."""
        seen = {_test(context) for context in self._stored().measured_contexts()}
        return {
            test: took for test, took in _times(self.base.with_suffix(".xml")) if test in seen and self._counts(test)
        }

    def lines(self, tree: Path) -> dict[str, dict[int, set[str]]]:
        """File -> line as it is now in `tree` -> tests."""
        found: dict[str, dict[int, set[str]]] = {}
        stored = self._stored()
        for file in stored.measured_files():
            path = next((path for path in self.code if file.endswith(f"/{path}")), None)
            if path is not None and (tree / path).exists():
                now = moved(self.code[path], (tree / path).read_text("utf-8"))
                found[path] = defaultdict(set)
                for line, contexts in stored.contexts_by_lineno(file).items():
                    found[path][now.get(line, 0)] |= {test for test in map(_test, contexts) if test in self.seconds}
        return found

    def _stored(self) -> CoverageData:
        stored = CoverageData(f"{self.base}.sqlite3")
        stored.read()
        return stored

    def _counts(self, test: str) -> bool:
        return test.partition("::")[0] in self.wanted


def measured(tree: Path, group: str, rooms: Sequence[str], folder: Path) -> list[Run]:
    """The runs that have measured the test files of a group as they are now, after a run of what is new."""
    now = _digests(tree, group)
    lacking = sorted({*now} - {name for run in _kept(folder, group, now) for name in run.wanted})
    if lacking:
        _measure(tree, group, rooms, {name: now[name] for name in lacking}, folder)
    return _kept(folder, group, now)


def _kept(folder: Path, group: str, now: dict[str, str]) -> list[Run]:
    """The runs of a group, each with the test files that it was the last to measure."""
    runs: list[Run] = []
    left = dict(now)
    for file in sorted(folder.glob(f"{_name(group)}-*.json"), reverse=True):
        found = json.loads(file.read_text("utf-8"))
        wanted = {name for name, digest in found["files"].items() if left.get(name) == digest}
        left = {name: digest for name, digest in left.items() if name not in wanted}
        runs.append(Run(file.with_suffix(""), found["code"], found["files"], frozenset(wanted)))
    return [run for run in runs if run.wanted]


def _digests(tree: Path, group: str) -> dict[str, str]:
    """Of each test file; what stands beside the test files of its group belongs to all of them."""
    files = sorted((tree / group).rglob("*.py"))
    helpers = b"".join(path.read_bytes() for path in files if not path.name.startswith("test_"))
    return {
        str(path.relative_to(tree)): hashlib.sha256(helpers + path.read_bytes()).hexdigest()[:16]
        for path in files
        if path.name.startswith("test_")
    }


def _measure(tree: Path, group: str, rooms: Sequence[str], files: dict[str, str], folder: Path) -> None:
    number = 1 + max((_number(file) for file in folder.glob(f"{_name(group)}-*.json")), default=0)
    base = folder / f"{_name(group)}-{number:04}"
    plugins = ["-p", "no:cacheprovider", *(f"--cov={room}" for room in rooms), "--cov-context=test", "--cov-report="]
    command = [sys.executable, "-m", "pytest", "-q", *plugins, f"--junit-xml={base}.xml", *files]
    environment = [f"COVERAGE_FILE={base}.sqlite3", f"PYTHONPATH={tree}:{tree / 'client'}"]
    code = {
        str(path.relative_to(tree)): path.read_text("utf-8") for room in rooms for path in (tree / room).rglob("*.py")
    }
    subprocess.run(["/usr/bin/env", *environment, *command], cwd=tree, check=False)
    if not base.with_suffix(".xml").exists():
        raise RuntimeError(f"the tests of {group} did not run to their end")
    base.with_suffix(".json").write_text(json.dumps({"files": files, "code": code}), encoding="utf-8")


def _name(group: str) -> str:
    return group.replace("/", "-")


def _number(file: Path) -> int:
    return int(file.stem.rpartition("-")[2])


def moved(before: str, after: str) -> dict[int, int]:
    """Lines of a text, counted from 1, that another has too, and where they are there."""
    matcher = SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    return {block.a + i + 1: block.b + i + 1 for block in matcher.get_matching_blocks() for i in range(block.size)}


def _times(file: Path) -> Iterator[tuple[str, float]]:
    for case in ET.parse(file).iter("testcase"):  # noqa: S314 - pytest wrote it
        if not len(case):
            *folders, module = case.attrib["classname"].split(".")
            yield f"{'/'.join([*folders, module])}.py::{case.attrib['name']}", float(case.attrib["time"])


def _test(context: str) -> str:
    """The test of one of coverage's contexts, `TEST|run`."""
    return context.partition("|")[0]
