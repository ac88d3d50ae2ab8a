"""All cases: `python -m tests.worker.video.matrix [words of a case]`. What is wrong is printed, then the totals as JSON."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.worker.video.matrix.cases import Bench, cases


def main() -> int:
    chosen = [case for case in cases() if all(word in str(case) for word in sys.argv[1:])]
    start_s, wrong, by_fault = time.monotonic(), 0, Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        for case in chosen:
            if found := bench.problems(case):
                wrong += 1
                by_fault[case.fault] += 1
                print(f"{case}: {len(found)} wrong: {'; '.join(found[:4])}", flush=True)
    seconds = round(time.monotonic() - start_s, 1)
    print(json.dumps({"cases": len(chosen), "wrong": wrong, "by_fault": by_fault, "seconds": seconds}))
    return int(wrong > 0)


if __name__ == "__main__":
    raise SystemExit(main())
