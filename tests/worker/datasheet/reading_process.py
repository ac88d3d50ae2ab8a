"""Reads a document and is killed amid it: `python -m tests.worker.datasheet.reading_process PDF` prints the id of its reading
process at every step.
"""

from __future__ import annotations

import multiprocessing
import sys
from pathlib import Path

from worker.datasheet import sandbox
from worker.datasheet.request import ReadingProgress, ReadingRequest


def tell(_: ReadingProgress) -> None:
    print(multiprocessing.active_children()[0].pid, flush=True)


if __name__ == "__main__":
    sandbox.read([Path(sys.argv[1])], ReadingRequest(), tell)
