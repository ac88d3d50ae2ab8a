"""Jobs of datasheets that the dashboard shows."""

from __future__ import annotations

from uuid import UUID

from db.documents.footprint import files
from db.documents.footprint.overlay import PNG, PagePicture
from db.documents.kinds.datasheet import Body, DatasheetResult, LandPattern, Pad, Review, Value
from db.jobs.jobs import NewJob
from tests.e2e.job_seeder import JobSeeder


def sheet(seeder: JobSeeder, text: str = "QFN-16") -> UUID:
    """A finished datasheet job."""
    value = Value(min=2.9, nom=3.0, max=3.1, printed=text, unit="mm", page=1, box=(1, 2, 3, 4), status="stated")
    pads = [Pad(number=text, x=-1.0, y=0.5, w=0.6, h=0.3), Pad(number="2", x=1.0, y=0.5, w=0.6, h=0.3)]
    result = DatasheetResult(
        package=text,
        body=Body(length=value),
        land_pattern=LandPattern(page=1, title=text, pads=pads, origin=(50, 50), points_per_mm=(10, 10)),
        needs_review=[Review(field="body.length", reason=text)],
        ambiguities=[text],
    )
    seeder.job(NewJob(seeder.tenant_id, "datasheet.extract", "cpu", {"document": {"url": "https://example.com/p.pdf"}}))
    job_id, epoch = seeder.begin(1000, "cpu")
    done, written = files.write(result, [PagePicture(1, 100, 100, PNG)])
    seeder.finish(job_id, epoch, done.model_dump(mode="json"), **{file.name: file.text for file in written})
    return job_id
