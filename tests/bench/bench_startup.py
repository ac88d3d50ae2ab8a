"""How long commands take before they do anything: one JSON object a line, {"command", "median_s", "best_s", "runs"}.

    python -m tests.bench.bench_startup              every help, `db doctor`, and a one-page datasheet read from cold
    python -m tests.bench.bench_startup --runs 9

Seconds of a wall clock: they mean something on a quiet machine only.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
HELPS = (
    ("-c", "from bm3vl.cli.main import main; main()"),
    ("-m", "api"),
    ("-m", "db"),
    ("-m", "worker"),
    ("-m", "worker.bm3.evaluate"),
    ("-m", "worker.bm3.publish"),
    ("-m", "worker.bm3.scenes"),
    ("-m", "worker.bm3.tokenizer"),
    ("-m", "worker.bm3.train"),
    ("-m", "worker.datasheet"),
    ("-m", "worker.watch"),
)
"""The command lines that are to show their help at once, as arguments of the interpreter."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bench_startup", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args(arguments).runs
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "BM3_DATA_DIR": folder}
        part = Path(folder) / "part.pdf"
        _run(["-m", "db", "migrate"], environment)
        _run(["-m", "worker.datasheet.synthetic", "--seed", "7", "--out", str(part)], environment)
        for command in (*([*one, "--help"] for one in HELPS), ["-m", "db", "doctor"], _extract(part)):
            _run(command, environment)  # once unmeasured, so that the files are in memory
            seconds = [_run(command, environment) for _ in range(runs)]
            line = {"command": " ".join(command), "median_s": round(statistics.median(seconds), 3)}
            print(json.dumps({**line, "best_s": round(min(seconds), 3), "runs": runs}), flush=True)
    return 0


def _extract(part: Path) -> list[str]:
    return ["-m", "worker.datasheet", "extract", str(part), "--json", str(part.with_suffix(".json"))]


def _run(command: list[str], environment: dict[str, str]) -> float:
    """Seconds until it has ended: the doctor with 1, for no Redis answers, and the datasheet with 3, for nobody has checked
    it. That is not what is measured."""
    began = time.perf_counter()
    ran = subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True)
    if ran.returncode not in (0, 1, 3) or "Traceback" in ran.stderr:
        raise RuntimeError(f"{command}: {ran.stderr}")
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
