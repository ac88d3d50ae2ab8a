"""What `python -m worker.datasheet extract` does: one document read without a service, with the parameters of a job."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pydantic import ValidationError

from db.documents.kinds import datasheet_verdict, datasheet_words
from db.documents.kinds.base import MediaInput
from db.documents.kinds.datasheet_params import DatasheetParams
from db.failures import Failure
from worker.context import LocalContext
from worker.datasheet.handler import extract_datasheet
from worker.engines import load_engine
from worker.errors import Permanent, Transient


class Desk(LocalContext):
    """The job's context without a service: inputs are local paths, progress goes to stderr."""

    def fetch(self, media: MediaInput) -> Path:
        """The local path that stands for an asset."""
        return Path(media.asset_id or "")

    def beat(self, done_ms: int, total_ms: int | None, note: str = "") -> None:
        """Write a note that is new to stderr, and record the progress as the handler counts it."""
        if note and (not self.progress or note != self.progress[-1][2]):
            print(note, file=sys.stderr)
        super().beat(done_ms, total_ms, note)


def extract_as_asked(args: argparse.Namespace) -> int:
    """The exit code; the result goes to stdout or a file, everything else to stderr."""
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
    except (Permanent, Transient, ValueError) as error:
        print(f"{getattr(error, 'code', Failure.BAD_PARAMS)}: {error}", file=sys.stderr)
        return 2
    document = result.model_dump(mode="json")
    for line in datasheet_words.lines(document):
        print(line, file=sys.stderr)
    text = result.model_dump_json(indent=1)
    if args.json:
        args.json.write_text(text)
    else:
        print(text)
    return datasheet_verdict.exit_code(document)


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
        allow_incomplete=args.allow_incomplete,
    )
