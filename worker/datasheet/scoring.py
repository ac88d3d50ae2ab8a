"""What `python -m worker.datasheet evaluate` does: sets of drawings read and scored, one JSON object a line."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from worker.datasheet.evaluation import evaluate


def evaluate_as_asked(args: argparse.Namespace) -> int:
    """The exit code; a row a drawing and a summary a set on stdout, tables on stderr."""
    sets = list(zip(args.folders[::2], args.folders[1::2], strict=False))
    if 2 * len(sets) != len(args.folders):
        print("give a TRUTH_DIR and a PDF_DIR for every set", file=sys.stderr)
        return 2
    modes = {"both": (True, False), "yes": (True,), "no": (False,)}[args.hints]
    for hints in modes:
        every: list[evaluate.DrawingScore] = []
        for truth, pdf in sets:
            rows = _read_set(truth, pdf, args.only or "", hints)
            every += rows
            _print_summary(str(truth), rows, hints)
        if len(sets) > 1:
            _print_summary("all sets", every, hints)
    return 0


def _read_set(truth_dir: Path, pdf_dir: Path, only: str, hints: bool) -> list[evaluate.DrawingScore]:
    rows = []
    for truth in evaluate.truths(truth_dir):
        if only in truth["name"]:
            rows.append(evaluate.read_one(truth, pdf_dir, hints))
            print(json.dumps(evaluate.line_of(rows[-1])), flush=True)
    print(evaluate.table(rows), file=sys.stderr)
    return rows


def _print_summary(name: str, rows: list[evaluate.DrawingScore], hints: bool) -> None:
    print(json.dumps({"summary": evaluate.summary(rows), "set": name, "hints": hints}), flush=True)
