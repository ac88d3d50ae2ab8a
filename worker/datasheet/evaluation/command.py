"""The command `evaluate`: reads sets of drawings, prints every figure, draws the failures and keeps the record."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from worker.datasheet.evaluation import cache, evaluate, lookup, picture
from worker.datasheet.result import score

MODES = {"both": (True, False), "yes": (True,), "no": (False,)}


def run(args: argparse.Namespace) -> int:
    """Exit status 2 when a set lacks its folder of PDFs."""
    sets = list(zip(args.folders[::2], args.folders[1::2], strict=False))
    if 2 * len(sets) != len(args.folders):
        print("give a TRUTH_DIR and a PDF_DIR for every set", file=sys.stderr)
        return 2
    for hints in MODES[args.hints]:
        every: list[evaluate.DrawingScore] = []
        for truth, pdf in sets:
            rows = _read_set(truth, pdf, args, hints)
            every += rows
            _print_summary(str(truth), rows, hints, args.record)
        if len(sets) > 1:
            _print_summary("all sets", every, hints, None)
    if args.kicad:
        _print_baseline(args)
    return 0


def _chosen(folder: Path, args: argparse.Namespace) -> list[dict[str, Any]]:
    part = {"all": (True, False), "look": (False,), "kept": (True,)}[args.part]
    return [t for t in evaluate.truths(folder) if (args.only or "") in t["name"] and cache.kept_back(t["name"]) in part]


def _read_set(truth_dir: Path, pdf_dir: Path, args: argparse.Namespace, hints: bool) -> list[evaluate.DrawingScore]:
    rows = []
    for truth in _chosen(truth_dir, args):
        row, result = evaluate.read_one(truth, pdf_dir, hints, args.cache)
        rows.append(row)
        if args.part != "kept":
            print(json.dumps(evaluate.line_of(row)), flush=True)
        failed = row.land_kind or row.body_kind or evaluate.confident_and_wrong(row)
        if args.pictures and failed and not cache.kept_back(row.name):
            picture.draw(evaluate.pdf_of(truth, pdf_dir), truth, result, args.pictures / f"{row.name}.png")
    if args.part != "kept":
        print(evaluate.table(rows), file=sys.stderr)
    return rows


def _print_summary(name: str, rows: list[evaluate.DrawingScore], hints: bool, record: Path | None) -> None:
    line = {"summary": evaluate.summary(rows), "set": name, "hints": hints, "code": cache.code_hash()}
    print(json.dumps(line), flush=True)
    if record:
        record.parent.mkdir(parents=True, exist_ok=True)
        with record.open("a", encoding="utf-8") as file:
            print(json.dumps({"at": datetime.now(UTC).isoformat(timespec="seconds"), **line}), file=file)


def _print_baseline(args: argparse.Namespace) -> None:
    """What the official library would score on the same drawings."""
    index = lookup.load(args.kicad)
    truths = [t for folder in args.folders[::2] for t in _chosen(folder, args)]
    found = {str(tol): lookup.scored(truths, index, tol) for tol in score.TOLERANCES_MM}
    print(json.dumps({"baseline": "official footprint by name", "scores": found}), flush=True)
