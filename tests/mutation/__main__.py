"""Puts sampled faults into the code, one at a time, and tells which of them no test notices.

`python -m tests.mutation --seed N --count N`: works on a copy of the tree in build/mutation, prints a line a mutant,
then the survivors with their diffs, then one JSON object with the counts of each room.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkResult

from tests.mutation.covering import ROOMS, Covering, covering
from tests.mutation.sample import equivalents, is_equivalent, sample

ROOT = Path(__file__).parents[2]
HERE = ROOT / "build" / "mutation"
TREE = HERE / "tree"
BUDGET_S = 40.0  # of tests a mutant, by their times without it
SLOWER = 6.0  # what a test may take longer before it counts as hanging
KILLED, TIMED_OUT, SURVIVED, EQUIVALENT = "killed", "timed out", "survived", "equivalent"


@dataclass(frozen=True)
class Outcome:
    """What became of one mutant."""

    room: str
    path: str
    line: int
    operator: str
    outcome: str
    seconds: float
    tests: int
    by: str
    diff: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, default=30, help="mutants a room")
    parser.add_argument("--rooms", nargs="*", default=ROOMS, choices=ROOMS)
    asked = parser.parse_args()
    _copy_tree()
    outcomes = []
    for outcome in _run(asked.rooms, asked.count, asked.seed, covering(TREE, HERE)):
        outcomes.append(outcome)
        print(f"{outcome.outcome:10} {outcome.seconds:5.0f} s  {outcome.path}:{outcome.line}  {outcome.by}", flush=True)
    _tell(outcomes, asked.seed)


def _copy_tree() -> None:
    """Git's files as they are now; what the last run left goes."""
    shutil.rmtree(TREE, ignore_errors=True)
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0"):
        if name and (ROOT / name).exists():
            (TREE / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, TREE / name, follow_symlinks=False)
    subprocess.run([sys.executable, "-m", "compileall", "-q", "."], cwd=TREE, check=True)


def _run(rooms: list[str], count: int, seed: int, lines: Covering) -> Iterator[Outcome]:
    os.environ["PYTHONPATH"] = f"{TREE}:{TREE / 'client'}"
    os.chdir(TREE)
    known = equivalents()
    for room in rooms:
        for spec in sample(TREE, room, count, seed):
            began, path, line = time.monotonic(), str(spec.module_path), spec.start_pos[0]
            tests = _within(lines.of(path, line), lines)
            result = _tested(spec, tests, sum(lines.seconds[test] for test in tests))
            outcome = _outcome(result)
            if outcome == SURVIVED and is_equivalent(path, result.diff or "", known):
                outcome = EQUIVALENT
            took = time.monotonic() - began
            yield Outcome(
                room, path, line, spec.operator_name, outcome, took, len(tests), _killer(result), result.diff or ""
            )


def _within(tests: list[str], lines: Covering) -> list[str]:
    """The first of the tests, as many as fit the budget; one at least."""
    chosen: list[str] = []
    left = BUDGET_S
    for test in tests:
        left -= lines.seconds[test]
        if chosen and left < 0:
            break
        chosen.append(test)
    return chosen


def _tested(spec: MutationSpec, tests: list[str], seconds: float) -> WorkResult:
    chosen = HERE / "tests.txt"
    chosen.write_text("\n".join(tests), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", f"@{chosen}"]
    return mutate_and_test([spec], shlex.join(command), 60 + SLOWER * seconds)


def _outcome(result: WorkResult) -> str:
    if result.test_outcome is TestOutcome.SURVIVED:
        return SURVIVED
    if result.test_outcome is TestOutcome.INCOMPETENT:
        raise RuntimeError(result.output)
    return TIMED_OUT if result.output == "timeout" else KILLED


def _killer(result: WorkResult) -> str:
    lines = (result.output or "").splitlines()
    return next((line for line in lines if line.startswith(("FAILED", "ERROR"))), "")[:150]


def _tell(outcomes: list[Outcome], seed: int) -> None:
    for outcome in outcomes:
        if outcome.outcome == SURVIVED:
            print(f"\nsurvived {outcome.tests} tests, {outcome.operator}\n{outcome.diff}")
    (HERE / f"outcomes-{seed}.json").write_text(json.dumps([asdict(one) for one in outcomes], indent=1))
    rooms = {room: _counts([one for one in outcomes if one.room == room]) for room in {one.room for one in outcomes}}
    print(json.dumps({"seed": seed, "rooms": rooms, "all": _counts(outcomes)}))


def _counts(outcomes: list[Outcome]) -> dict[str, float]:
    """How many of each, and the share of the killed among those that can be."""
    counts = {name: sum(one.outcome == name for one in outcomes) for name in (KILLED, TIMED_OUT, SURVIVED, EQUIVALENT)}
    possible = len(outcomes) - counts[EQUIVALENT]
    return {**counts, "killed_share": round((counts[KILLED] + counts[TIMED_OUT]) / max(possible, 1), 3)}


if __name__ == "__main__":
    main()
