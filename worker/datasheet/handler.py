"""The `datasheet.extract` handler: fetch, read, check, compute the IPC-7351B pattern, write the files."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from db.documents.footprint import files
from db.documents.footprint.derive import derive
from db.documents.footprint.overlay import PagePicture, draw, pages_read
from db.documents.kinds.datasheet import DatasheetResult, Level, Reader
from db.documents.kinds.datasheet_params import DatasheetParams
from worker.context import Context
from worker.datasheet import sandbox
from worker.datasheet.request import DocumentReading, ReadingProgress, ReadingRequest, pages_shown
from worker.datasheet.result import library, review_of_result
from worker.datasheet.result.compare import compare
from worker.settings import worker_settings


def extract_datasheet(params: DatasheetParams, job: Context) -> DatasheetResult:
    """Body and pads of one package with their evidence, checked; the files are attached to the job.

    Raises Permanent for documents that cannot be read, and lets `Stopped` pass: progress is told at every page.
    """
    inputs = [job.fetch(m) for m in (params.document, params.mechanical_image, params.land_image) if m is not None]
    request = ReadingRequest.of(params)
    reading = sandbox.read(inputs, request, lambda progress: _tell(job, progress))
    result = complete(_read(params.reader, reading, request, job), params.ipc_level, params.allow_incomplete)
    pictures = [reading.pictures[n] for n in pages_read(result) if n in reading.pictures]
    with tempfile.TemporaryDirectory() as folder:
        _attach_pages(reading.thumbnails, job, Path(folder))
        return _attach(result, pictures, job, Path(folder))


def _read(reader: Reader, reading: DocumentReading, request: ReadingRequest, job: Context) -> DatasheetResult:
    """What the asked readers say; the vector reader always goes first, for it finds the pages."""
    vector = reading.result
    if reader == "vector":
        return vector
    from worker.datasheet.vlm import reader as vlm  # here: the vector reader's result needs none of it

    shown = [reading.pictures[n] for n in pages_shown(vector, request)]
    text = " ".join(reading.texts[p.number] for p in shown)
    count = vector.page_count
    told = vlm.read(shown, text, count, job.engine, request.package, lambda note: job.beat(count, count, note))
    return told if reader == "vlm" else compare(vector, told)


def complete(result: DatasheetResult, level: Level, allow_incomplete: bool = False) -> DatasheetResult:
    """What follows from the values read, what nothing confirms, and the nearest part of the library."""
    pads = result.land_pattern.pads if result.land_pattern else []
    doubted = result.model_copy(
        update={"needs_review": [*result.needs_review, *review_of_result.of_confidence(result)]}
    )
    nearest = library.nearest(pads, worker_settings().kicad_library)
    return derive(doubted, level, allow_incomplete).model_copy(update={"nearest": nearest})


def _tell(job: Context, progress: ReadingProgress) -> None:
    """Pages are the unit of progress; the note says what has been found."""
    note = {
        "search": f"searching page {progress.pages_searched} of {progress.pages}",
        "outline": "reading the outline",
        "land": f"reading the land pattern, {_count(progress.figures, 'drawing')} read",
        "done": f"{_count(progress.figures, 'drawing')} read, {_count(progress.pads, 'pad')} found",
    }.get(progress.stage, progress.stage)
    job.beat(progress.pages_searched, progress.pages or None, note)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _attach_pages(thumbnails: Sequence[PagePicture], job: Context, folder: Path) -> None:
    """All pages small, for whoever wants another one read."""
    if thumbnails:
        path = folder / files.PAGES
        path.write_text(draw(DatasheetResult(), thumbnails), encoding="utf-8")
        job.attach(files.PAGES, path, "image/svg+xml")


def _attach(result: DatasheetResult, pictures: list[PagePicture], job: Context, folder: Path) -> DatasheetResult:
    """Writes and attaches the files; the result names them."""
    done, written = files.write(result, pictures)
    for file in written:
        path = folder / file.name
        path.write_text(file.text, encoding="utf-8")
        job.attach(file.name, path, file.media_type)
    return done
