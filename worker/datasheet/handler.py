"""The `datasheet.extract` handler: fetch, read, check, compute the IPC-7351B pattern, write the files."""

from __future__ import annotations

import tempfile
from pathlib import Path

from db.footprint import files
from db.footprint.derive import derive
from db.kinds.datasheet import DatasheetParams, DatasheetResult, Level
from worker.context import Context
from worker.datasheet import library, overlay, pages, trust, vlm
from worker.datasheet.compare import compare
from worker.datasheet.extract import Progress, Request, extract
from worker.settings import worker_settings


def extract_datasheet(params: DatasheetParams, job: Context) -> DatasheetResult:
    """Body and pads of one package with their evidence, checked; the files are attached to the job.

    Raises Permanent for documents that cannot be read, and lets `Stopped` pass: progress is told at every page.
    """
    inputs = [job.fetch(m) for m in (params.document, params.mechanical_image, params.land_image) if m is not None]
    result = complete(_read(params, inputs, job), params.ipc_level)
    with tempfile.TemporaryDirectory() as folder:
        return _attach(result, inputs, job, Path(folder))


def _read(params: DatasheetParams, inputs: list[Path], job: Context) -> DatasheetResult:
    """What the asked readers say; the vector reader always goes first, for it finds the pages."""
    vector = extract(list(inputs), Request.of(params), lambda progress: _tell(job, progress))
    if params.reader == "vector":
        return vector
    outline, land = (
        params.mechanical_page or _first(vector.mechanical_pages),
        params.land_page or _first(vector.land_pages),
    )
    shown = list(dict.fromkeys(n for n in (outline, land) if n is not None)) or [1]
    book = pages.open_book(list(inputs))
    try:
        told = vlm.read(
            book, shown, job.engine, params.package, lambda note: job.beat(vector.page_count, vector.page_count, note)
        )
    finally:
        book.close()
    return told if params.reader == "vlm" else compare(vector, told)


def _first(numbers: list[int]) -> int | None:
    return numbers[0] if numbers else None


def complete(result: DatasheetResult, level: Level) -> DatasheetResult:
    """What follows from the values read, what nothing confirms, and the nearest part of the library."""
    pads = result.land_pattern.pads if result.land_pattern else []
    doubted = result.model_copy(update={"needs_review": [*result.needs_review, *trust.reviews(result)]})
    return derive(doubted, level).model_copy(update={"nearest": library.nearest(pads, worker_settings().kicad_library)})


def _tell(job: Context, progress: Progress) -> None:
    """Pages are the unit of progress; the note says what has been found."""
    note = {
        "search": f"searching page {progress.pages_searched} of {progress.pages}",
        "outline": "reading the outline",
        "land": f"reading the land pattern, {progress.figures} drawings read",
        "done": f"{progress.figures} figures read, {progress.pads} pads found",
    }.get(progress.stage, progress.stage)
    job.beat(progress.pages_searched, progress.pages or None, note)


def _attach(result: DatasheetResult, inputs: list[Path], job: Context, folder: Path) -> DatasheetResult:
    """Writes and attaches the files; the result names them."""
    book = pages.open_book(list(inputs))
    try:
        pictures = overlay.pictures(result, book)
    finally:
        book.close()
    done, written = files.write(result, pictures)
    for file in written:
        path = folder / file.name
        path.write_text(file.text, encoding="utf-8")
        job.attach(file.name, path, file.media_type)
    return done
