"""Command line of the datasheet reader: `extract` one document, `evaluate` a folder of truths."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import get_args

from pydantic import ValidationError

from db.documents.kinds import datasheet_words
from db.documents.kinds.base import MediaInput
from db.documents.kinds.datasheet import DatasheetParams, Level, Reader, Units
from db.failures import Failure
from worker.context import LocalContext
from worker.datasheet.evaluation import evaluate
from worker.datasheet.handler import extract_datasheet
from worker.engines import load_engine
from worker.errors import Permanent

EXTRACT = """Reads body size and pads. The result document goes to standard output or to --json; what was found, what to
review and the progress go to standard error. Ends with 2 and one line, CODE: REASON, for a document that cannot be read."""


class Desk(LocalContext):
    """The job's context without a service: inputs are local paths, progress goes to stderr."""

    def fetch(self, media: MediaInput) -> Path:
        return Path(media.asset_id or "")

    def beat(self, done_ms: int, total_ms: int | None, note: str = "") -> None:
        if note and (not self.progress or note != self.progress[-1][2]):
            print(note, file=sys.stderr)
        super().beat(done_ms, total_ms, note)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m worker.datasheet", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    told = "read one PDF, or the images of outline and land pattern"
    one = commands.add_parser("extract", help=told, description=EXTRACT)
    one.add_argument("files", nargs="+", type=Path, metavar="FILE", help="FILE.pdf, or MECH.png LAND.png")
    one.add_argument("--package", help="package name or code, or order code, to choose the variant")
    one.add_argument(
        "--mechanical-page", type=int, metavar="N", help="page of the outline, from 1; else it is searched"
    )
    one.add_argument("--land-page", type=int, metavar="N", help="page of the land pattern, from 1; else it is searched")
    one.add_argument(
        "--units",
        choices=get_args(Units),
        default="auto",
        help="of numbers that print none; auto reads it from the page",
    )
    one.add_argument("--reader", choices=get_args(Reader), default="vector", help="vector asks no model (default)")
    one.add_argument("--model", default="", metavar="SPEC", help="of the vlm reader, for example openai:MODEL?url=...")
    one.add_argument("--ipc-level", choices=get_args(Level), default="B", help="density of the courtyard and the name")
    one.add_argument(
        "--files-to", type=Path, metavar="DIR", help="write footprint.json, .kicad_mod and overlay.svg here"
    )
    one.add_argument("--json", type=Path, metavar="OUT", help="where the result goes; standard output when left out")
    many = commands.add_parser("evaluate", help="score the reader on drawings with known truth, one set or several")
    many.add_argument("folders", nargs="+", type=Path, metavar="TRUTH_DIR PDF_DIR")
    many.add_argument("--only", help="part of the drawing names to read")
    many.add_argument("--hints", choices=("both", "yes", "no"), default="both")
    return parser


def _params(args: argparse.Namespace) -> DatasheetParams:
    """The same parameters a job has; ValueError for files that do not go together or are not there."""
    missing = [str(file) for file in args.files if not file.is_file()]
    if missing:
        raise ValueError(f"no such file: {', '.join(missing)}")
    inputs = [MediaInput(asset_id=str(file)) for file in args.files]
    names = {1: ("document",), 2: ("mechanical_image", "land_image")}.get(len(inputs))
    if names is None:
        raise ValueError("give one PDF, or the images of outline and land pattern")
    return DatasheetParams(
        **dict(zip(names, inputs, strict=True)),
        package=args.package,
        mechanical_page=args.mechanical_page,
        land_page=args.land_page,
        units=args.units,
        reader=args.reader,
        ipc_level=args.ipc_level,
    )


def _extract(args: argparse.Namespace) -> int:
    if args.files_to:
        args.files_to.mkdir(parents=True, exist_ok=True)
    try:
        params = _params(args)
        # The vector reader asks no model; the scripted engine stands in its place and costs nothing.
        engine = load_engine("fake" if args.reader == "vector" else args.model)
        result = extract_datasheet(params, Desk(engine, args.files[0], files=args.files_to))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        print(f"{Failure.BAD_PARAMS}: {wrong}", file=sys.stderr)
        return 2
    except (Permanent, ValueError) as error:
        print(f"{getattr(error, 'code', Failure.BAD_PARAMS)}: {error}", file=sys.stderr)
        return 2
    for line in datasheet_words.lines(result.model_dump(mode="json")):
        print(line, file=sys.stderr)
    text = result.model_dump_json(indent=1)
    if args.json:
        args.json.write_text(text)
    else:
        print(text)
    return 0


def _evaluate(args: argparse.Namespace) -> int:
    sets = list(zip(args.folders[::2], args.folders[1::2], strict=False))
    if 2 * len(sets) != len(args.folders):
        print("give a TRUTH_DIR and a PDF_DIR for every set", file=sys.stderr)
        return 2
    modes = {"both": (True, False), "yes": (True,), "no": (False,)}[args.hints]
    for hints in modes:
        every: list[evaluate.Row] = []
        for truth, pdf in sets:
            rows = _read_set(truth, pdf, args.only or "", hints)
            every += rows
            _print_summary(str(truth), rows, hints)
        if len(sets) > 1:
            _print_summary("all sets", every, hints)
    return 0


def _read_set(truth_dir: Path, pdf_dir: Path, only: str, hints: bool) -> list[evaluate.Row]:
    rows = []
    for truth in evaluate.truths(truth_dir):
        if only in truth["name"]:
            rows.append(evaluate.read_one(truth, pdf_dir, hints))
            print(json.dumps(evaluate.line_of(rows[-1])), flush=True)
    print(evaluate.table(rows), file=sys.stderr)
    return rows


def _print_summary(name: str, rows: list[evaluate.Row], hints: bool) -> None:
    print(json.dumps({"summary": evaluate.summary(rows), "set": name, "hints": hints}), flush=True)


def main(argv: list[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    return _extract(args) if args.command == "extract" else _evaluate(args)


if __name__ == "__main__":
    sys.exit(main())
