"""A finished datasheet job made by the worker's own code from a synthetic drawing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from uuid import UUID

from db.documents.footprint import files
from db.documents.footprint.overlay import draw
from db.documents.kinds.datasheet import DatasheetResult
from db.jobs.jobs import NewJob
from tests.e2e.job_seeder import JobSeeder
from worker.datasheet.extract import extract
from worker.datasheet.handler import complete
from worker.datasheet.page import pages
from worker.datasheet.request import ReadingRequest
from worker.datasheet.result import overlay, thumbnails

ROOT = Path(__file__).parent.parent.parent


def synthetic_sheet(folder: Path, seed: int = 7) -> Path:
    """A PDF with an outline and a land pattern of known dimensions."""
    path = folder / f"part-{seed}.pdf"
    command = [sys.executable, "-m", "worker.datasheet.synthetic", "--seed", str(seed), "--out", str(path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return path


def read_sheet(pdf: Path) -> DatasheetResult:
    """What the vector reader finds in it."""
    return complete(extract([pdf], ReadingRequest()), "B")


def finished_sheet(seeder: JobSeeder, pdf: Path, result: DatasheetResult, name: str = "part.pdf") -> UUID:
    """The job, with its files, as its worker would have left it. No other job may wait in the queue `cpu`."""
    asset_id = seeder.asset(name, pdf.read_bytes(), "application/pdf")
    params = {"document": {"asset_id": str(asset_id)}}
    seeder.job(NewJob(seeder.tenant_id, "datasheet.extract", "cpu", params, asset_id=asset_id))
    job_id, epoch = seeder.begin(1000, "cpu")
    book = pages.open_book([pdf])
    done, written = files.write(result, overlay.pictures(result, book))
    book.close()
    small = thumbnails.pictures([pdf])
    pages_file = {files.PAGES: draw(DatasheetResult(), small)} if small else {}
    seeder.finish(
        job_id, epoch, done.model_dump(mode="json"), **{file.name: file.text for file in written}, **pages_file
    )
    return job_id
