"""Command line of the datasheet reader: `extract` one document, `evaluate` a folder of truths."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

EXTRACT = """Reads body size and pads. The result document goes to standard output or to --json; what was found, what to
review and the progress go to standard error. Ends with 0 for a footprint that is verified, with 3 for one to check, with 4
for none, and with 2 and one line, CODE: REASON, for a document that cannot be read."""
# As the parameters of a job have them; their module is not imported for the help, and a test holds them equal.
UNITS, READERS, LEVELS = ("auto", "mm", "inch", "mil"), ("vector", "vlm", "both"), ("A", "B", "C")


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
        choices=UNITS,
        default="auto",
        help="of numbers that print none; auto reads it from the page",
    )
    one.add_argument("--reader", choices=READERS, default="vector", help="vector asks no model (default)")
    one.add_argument("--model", default="", metavar="SPEC", help="of the vlm reader, for example openai:MODEL?url=...")
    one.add_argument("--ipc-level", choices=LEVELS, default="B", help="density of the courtyard and the name")
    one.add_argument(
        "--allow-incomplete", action="store_true", help="write a footprint that lacks pads or sizes; its name says so"
    )
    one.add_argument(
        "--files-to", type=Path, metavar="DIR", help="write footprint.json, .kicad_mod, .kicad_sym and overlay.svg here"
    )
    one.add_argument("--json", type=Path, metavar="OUT", help="where the result goes; standard output when left out")
    many = commands.add_parser("evaluate", help="score the reader on drawings with known truth, one set or several")
    many.add_argument("folders", nargs="+", type=Path, metavar="TRUTH_DIR PDF_DIR")
    many.add_argument("--only", help="part of the drawing names to read")
    many.add_argument(
        "--part", choices=("all", "look", "kept"), default="all", help="kept: the third that is not looked at"
    )
    many.add_argument("--cache", type=Path, metavar="DIR", help="results by code, so that only what changed is read")
    many.add_argument("--pictures", type=Path, metavar="DIR", help="a picture of every failure: page, truth, result")
    many.add_argument("--kicad", type=Path, metavar="FILE", help="index of the library, for the lookup baseline")
    many.add_argument("--record", type=Path, metavar="FILE", help="append the figures as one JSON line")
    many.add_argument("--hints", choices=("both", "yes", "no"), default="both")
    return parser


def main(argv: list[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    if args.command == "extract":
        from worker.datasheet import reading_server  # here: help should not wait for the reader

        reading_server.begin_for_one_document()
        from worker.datasheet.command import extract_as_asked  # here: while the other process loads the reader

        return extract_as_asked(args)
    from worker.datasheet.evaluation.command import run as evaluate_as_asked

    return evaluate_as_asked(args)


if __name__ == "__main__":
    sys.exit(main())
