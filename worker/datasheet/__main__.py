"""Command line of the datasheet reader: `extract` one document, `evaluate` a folder of truths."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from worker.datasheet import evaluate
from worker.datasheet.extract import Progress, Request, extract
from worker.errors import Permanent


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m worker.datasheet", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("extract", help="read one PDF, or the images of outline and land pattern")
    one.add_argument("files", nargs="+", type=Path, metavar="FILE.pdf | MECH.png LAND.png")
    one.add_argument("--package", help="package name or code, to choose the variant")
    one.add_argument("--mechanical-page", type=int, metavar="N")
    one.add_argument("--land-page", type=int, metavar="N")
    one.add_argument("--units", choices=("auto", "mm", "inch", "mil"), default="auto")
    one.add_argument("--reader", choices=("vector", "vlm", "both"), default="vector")
    one.add_argument("--json", type=Path, metavar="OUT", help="where the result goes; standard output when left out")
    many = commands.add_parser("evaluate", help="score the reader on drawings with known truth")
    many.add_argument("truth", type=Path, metavar="TRUTH_DIR")
    many.add_argument("pdf", type=Path, metavar="PDF_DIR")
    many.add_argument("--only", help="part of the drawing names to read")
    many.add_argument("--hints", choices=("both", "yes", "no"), default="both")
    return parser


def _show(progress: Progress) -> None:
    if progress.stage != "search" or progress.pages_searched % 50 == 0:
        print(
            f"{progress.stage}: page {progress.pages_searched}/{progress.pages}, {progress.pads} pads", file=sys.stderr
        )


def _extract(args: argparse.Namespace) -> int:
    request = Request(args.package, args.mechanical_page, args.land_page, args.units, args.reader)
    try:
        result = extract(list(args.files), request, _show)
    except Permanent as error:
        print(f"{error.code}: {error}", file=sys.stderr)
        return 2
    text = result.model_dump_json(indent=1)
    if args.json:
        args.json.write_text(text)
    else:
        print(text)
    return 0


def _evaluate(args: argparse.Namespace) -> int:
    modes = {"both": (True, False), "yes": (True,), "no": (False,)}[args.hints]
    for hints in modes:
        rows = []
        for truth in evaluate.truths(args.truth):
            if args.only and args.only not in truth["name"]:
                continue
            rows.append(evaluate.read_one(truth, args.pdf, hints))
            print(json.dumps(evaluate.line_of(rows[-1])), flush=True)
        print(json.dumps({"summary": evaluate.summary(rows), "hints": hints}), flush=True)
        print(evaluate.table(rows), file=sys.stderr)
    return 0


def main(argv: list[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    return _extract(args) if args.command == "extract" else _evaluate(args)


if __name__ == "__main__":
    sys.exit(main())
