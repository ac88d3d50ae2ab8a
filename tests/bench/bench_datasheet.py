"""How fast datasheets are read on this machine: `make bench-datasheet` or `python -m tests.bench.bench_datasheet`.

JSON lines on stdout, nothing else, on drawings of our own making. A page is timed from the open file to its values, the
imports and the first use of the OCR models left out. The long document is read in a process of its own, whose peak of
resident memory holds everything: interpreter, libraries and document. The peak is the kernel's VmHWM: ru_maxrss is
handed down from the process that forked.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest
from worker.datasheet.synthetic import generate

SCAN_DPI = 200
LONG_PAGES = 400
LONG = """
import json, re, sys, time
from pathlib import Path
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest
start = time.perf_counter()
result = extract([Path(sys.argv[1])], ReadingRequest(package=sys.argv[2]))
peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
print(json.dumps([time.perf_counter() - start, peak * 1024, result.page_count, result.mechanical_pages, result.land_pages]))
"""


def report(metric: str, value: float, unit: str) -> None:
    print(json.dumps({"bench": "datasheet", "metric": metric, "value": round(value, 3), "unit": unit}), flush=True)


def seconds_per_page(pdf: Path, truth: dict[str, Any]) -> tuple[float, float]:
    """Wall and processor time of reading one document whose pages are known, over the pages read."""
    outline, land = truth["pages"]["mechanical"][0], truth["pages"]["land_pattern"][0]
    wall, cpu = time.perf_counter(), time.process_time()
    extract([pdf], ReadingRequest(truth["package_printed"], outline, land))
    pages = len({outline, land})
    return (time.perf_counter() - wall) / pages, (time.process_time() - cpu) / pages


def page_speeds(folder: Path, count: int, dpi: int | None, split: str) -> list[tuple[float, float]]:
    """Of drawings with a land pattern, of every family and style of a split in turn."""
    pdf, found = folder / "drawing.pdf", []
    for seed in itertools.count():
        truth = generate.make(seed, pdf, split) if dpi is None else generate.make_scanned(seed, pdf, dpi, split)
        if truth["pages"]["land_pattern"]:
            found.append(seconds_per_page(pdf, truth))
        if len(found) > count:
            break
    return found[1:]  # the first one warms up


def report_speeds(kind: str, speeds: list[tuple[float, float]]) -> None:
    for clock, seconds in zip(("page", "page_cpu"), map(sorted, zip(*speeds, strict=True)), strict=True):
        report(f"{kind}_{clock}_median", median(seconds), "s")
        report(f"{kind}_{clock}_p95", seconds[math.ceil(0.95 * len(seconds)) - 1], "s")
        report(f"{kind}_{clock}_max", seconds[-1], "s")


def long_document(folder: Path, pages: int) -> list[Any]:
    """Seconds, peak bytes, and what was found in a document whose drawings stand at its end."""
    pdf = folder / "long.pdf"
    truth = generate.make(7, pdf, front_pages=pages - 1)
    command = [sys.executable, "-c", LONG, str(pdf), truth["package_printed"]]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: list[Any] = json.loads(done.stdout)
    if found[3] != truth["pages"]["mechanical"]:
        raise RuntimeError(f"the outline is on page {truth['pages']['mechanical']}, found on {found[3]}")
    return found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make bench-datasheet", description=__doc__)
    parser.add_argument("--vector", type=int, default=40, help="vector drawings to time")
    parser.add_argument("--scans", type=int, default=10, help="scanned drawings to time")
    parser.add_argument("--split", choices=sorted(generate.SPLITS), default="mixed", help="of the made-up drawings")
    args = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind, count, dpi in (("vector", args.vector, None), ("ocr", args.scans, SCAN_DPI)):
            report_speeds(kind, page_speeds(folder, count, dpi, args.split))
        seconds, peak, pages, *_ = long_document(folder, LONG_PAGES)
        report("long_document_pages", pages, "pages")
        report("long_document_search", seconds, "s")
        report("long_document_peak_rss", peak / 1e6, "MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
