"""Puts sampled faults into the code, one at a time, and tells which of them no test notices.

`python -m tests.mutation --seed N --count N`: works on a copy of the tree in build/mutation, prints a line a mutant,
then the survivors with their diffs, then one JSON object with the counts of each room.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from difflib import unified_diff
from pathlib import Path

from cosmic_ray.mutating import use_mutation
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_item import MutationSpec

from tests.mutation.covering import GROUPS, ROOMS, Covering, covering
from tests.mutation.forks import TOO_LONG, Forks
from tests.mutation.sample import Equivalent, equivalents, is_equivalent, sample

ROOT = Path(__file__).parents[2]
HERE = ROOT / "build" / "mutation"
TREE = HERE / "tree"
OUTPUT = HERE / "output.txt"
BUDGET_S = 40.0  # of tests a mutant, by their times without it
SLOWER = 6.0  # what a test may take longer before it counts as hanging
KILLED, TIMED_OUT, SURVIVED, EQUIVALENT = "killed", "timed out", "survived", "equivalent"
DOUBTFUL = "doubtful"  # its killer fails without the fault too


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
    parser.add_argument("--budget", type=float, default=BUDGET_S, help="seconds of tests a mutant")
    parser.add_argument("--groups", nargs="*", default=GROUPS, choices=GROUPS, help="folders of tests to run")
    parser.add_argument("--rooms", nargs="*", default=ROOMS, choices=ROOMS)
    asked = parser.parse_args()
    _copy_tree()
    outcomes = []
    for outcome in _run(asked, covering(TREE, HERE, asked.groups)):
        outcomes.append(outcome)
        print(f"{outcome.outcome:10} {outcome.seconds:5.0f} s  {outcome.path}:{outcome.line}  {outcome.by}", flush=True)
    _tell(_without_false_kills(outcomes), asked.seed)


def _copy_tree() -> None:
    """Git's files as they are now; what the last run left goes."""
    shutil.rmtree(TREE, ignore_errors=True)
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0"):
        if name and (ROOT / name).exists():
            (TREE / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, TREE / name, follow_symlinks=False)
    subprocess.run([sys.executable, "-m", "compileall", "-q", "."], cwd=TREE, check=True)


def _run(asked: argparse.Namespace, lines: Covering) -> Iterator[Outcome]:
    forks, known = Forks(TREE), equivalents()
    try:
        for room in asked.rooms:
            for spec in sample(TREE, room, asked.count, asked.seed):
                tests = _within(lines.of(str(spec.module_path), spec.start_pos[0]), lines, asked.budget)
                yield _outcome(room, spec, tests, lines, forks, known)
    finally:
        forks.close()


def _outcome(
    room: str, spec: MutationSpec, tests: list[str], lines: Covering, forks: Forks, known: list[Equivalent]
) -> Outcome:
    """Put one fault into the copy, run the tests of its line, take it out again."""
    began, path, line = time.monotonic(), str(spec.module_path), spec.start_pos[0]
    with use_mutation(TREE / path, get_operator(spec.operator_name)(), spec.occurrence) as (before, after):
        status = _tested(forks, tests, 60 + SLOWER * sum(lines.seconds[test] for test in tests))
    diff = "\n".join(unified_diff(before.splitlines(), after.splitlines(), path, path, lineterm=""))
    word = {0: SURVIVED, TOO_LONG: TIMED_OUT}.get(status, KILLED)
    if word == SURVIVED and is_equivalent(path, diff, known):
        word = EQUIVALENT
    by = next(_failures(OUTPUT.read_text("utf-8")), "") if word == KILLED else ""
    return Outcome(room, path, line, spec.operator_name, word, time.monotonic() - began, len(tests), by, diff)


def _within(tests: list[str], lines: Covering, budget_s: float) -> list[str]:
    """The first of the tests, as many as fit the budget; one at least."""
    chosen: list[str] = []
    left = budget_s
    for test in tests:
        left -= lines.seconds[test]
        if chosen and left < 0:
            break
        chosen.append(test)
    return chosen


def _tested(forks: Forks, tests: list[str], seconds: float) -> int:
    chosen = HERE / "tests.txt"
    chosen.write_text("\n".join(tests), encoding="utf-8")
    return forks.run(["-x", "-p", "no:cacheprovider", f"@{chosen}"], OUTPUT, seconds)


def _failures(output: str) -> Iterator[str]:
    """The tests that pytest's summary names; a line of a log that says ERROR names none."""
    for line in output.splitlines():
        if line.startswith(("FAILED tests/", "ERROR tests/")):
            yield line.partition(" ")[2].partition(" - ")[0]


def _without_false_kills(outcomes: list[Outcome]) -> list[Outcome]:
    """Run the tests that killed once more, without a fault: who fails then has proved nothing."""
    killers = sorted({one.by for one in outcomes if one.by})
    if not killers:
        return outcomes
    chosen = HERE / "tests.txt"
    chosen.write_text("\n".join(killers), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"@{chosen}"]
    environment = {**os.environ, "PYTHONPATH": f"{TREE}:{TREE / 'client'}"}
    ran = subprocess.run(command, cwd=TREE, env=environment, capture_output=True, text=True, check=False)
    failing = {*_failures(ran.stdout)}
    return [replace(one, outcome=DOUBTFUL) if one.by in failing else one for one in outcomes]


def _tell(outcomes: list[Outcome], seed: int) -> None:
    for outcome in outcomes:
        if outcome.outcome == SURVIVED:
            print(f"\nsurvived {outcome.tests} tests, {outcome.operator}\n{outcome.diff}")
    (HERE / f"outcomes-{seed}.json").write_text(json.dumps([asdict(one) for one in outcomes], indent=1))
    rooms = {room: _counts([one for one in outcomes if one.room == room]) for room in {one.room for one in outcomes}}
    print(json.dumps({"seed": seed, "rooms": rooms, "all": _counts(outcomes)}))


def _counts(outcomes: list[Outcome]) -> dict[str, float]:
    """How many of each, and the share of the killed among those that can be."""
    counts = {
        name: sum(one.outcome == name for one in outcomes)
        for name in (KILLED, TIMED_OUT, SURVIVED, EQUIVALENT, DOUBTFUL)
    }
    possible = len(outcomes) - counts[EQUIVALENT] - counts[DOUBTFUL]
    return {**counts, "killed_share": round((counts[KILLED] + counts[TIMED_OUT]) / max(possible, 1), 3)}


if __name__ == "__main__":
    main()
