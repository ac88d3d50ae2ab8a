"""Values of a datasheet that a person corrects or accepts on the job's page."""

from __future__ import annotations

import hashlib

import pytest

from db.documents.kinds.datasheet_words import wrong_package
from db.failures import Failure
from db.jobs import jobs
from db.jobs.jobs import NewJob
from tests.api.dashboard.hostile import EVIL, is_harmless
from tests.api.dashboard.sheet_jobs import sheet
from tests.api.dashboard.visitor import Visitor
from tests.api.running_app import RunningApp
from tests.e2e.job_seeder import JobSeeder
from worker.datasheet.result import kicad_read


def test_a_corrected_value_is_in_every_file(here: RunningApp, ann: Visitor, seeder: JobSeeder) -> None:
    job_id = sheet(seeder, "1")
    files = f"/v1/jobs/{job_id}/files"
    before = {file["name"]: file for file in ann.get(files).json()}
    assert "numbers corrected" not in ann.get(f"{files}/1.kicad_mod").text
    answer = ann.post(f"/jobs/{job_id}/correct", field="body.length", min="2.9", nom="3.05", max="3.1")
    assert answer.headers["location"].endswith("said=saved")
    ann.post(f"/jobs/{job_id}/correct", field="land_pattern.pads[1]", number="2", x="1.1", y="0.5", w="0.7", h="0.3")
    page = ann.get(f"/jobs/{job_id}").text
    assert "3.05" in page
    assert "by ann" in page

    document = ann.get(f"{files}/footprint.json").json()
    assert document == ann.get(f"/v1/jobs/{job_id}/result.json").json() | {"files": document["files"]}
    assert ann.get(f"/v1/jobs/{job_id}").json()["result"] == ann.get(f"/v1/jobs/{job_id}/result.json").json()
    assert (document["body"]["length"]["nom"], document["body"]["length"]["status"]) == (3.05, "corrected")
    assert document["land_pattern"]["pads"][1]["padstack"] == "smd_rect_0.700x0.300"
    assert document["courtyard"]["x1"] == 1.7  # 1.1 + 0.7 / 2, and the excess of level B
    assert "body.length" not in {one["field"] for one in document["needs_review"]}
    made = {one["field"]: (one["before"], one["value"], one["author"]) for one in document["corrections"]}
    assert made["body.length.nom"] == (3.0, 3.05, "ann")

    footprint = ann.get(f"{files}/1.kicad_mod").text
    _, pads = kicad_read.read(footprint)
    assert [(pad.x, pad.w) for pad in pads] == [(-1.0, 0.6), (1.1, 0.7)]
    assert "3 numbers corrected by hand" in footprint
    assert "(start 1.7 " in footprint  # its courtyard
    after = {file["name"]: file for file in ann.get(files).json()}
    for name in before:
        body = ann.get(f"{files}/{name}").content
        assert (after[name]["size_bytes"], after[name]["sha256"]) == (len(body), hashlib.sha256(body).hexdigest())
        assert after[name] != before[name]
    with here.services.database.read() as session:
        kept = jobs.find(session, seeder.tenant_id, job_id)
    assert kept is not None
    assert (kept.result or {})["body"]["length"]["nom"] == 3.0  # what was read stays what was read


def test_a_value_that_is_accepted_is_reviewed_and_stays(ann: Visitor, seeder: JobSeeder) -> None:
    job_id = sheet(seeder)
    ann.post(f"/jobs/{job_id}/correct", field="body.length", min="2.9", nom="3", max="3.1", accept="yes")
    document = ann.get(f"/v1/jobs/{job_id}/result.json").json()
    assert (document["body"]["length"]["nom"], document["body"]["length"]["status"]) == (3.0, "stated")
    assert "body.length" not in {one["field"] for one in document["needs_review"]}
    assert "by hand" not in ann.get(f"/v1/jobs/{job_id}/files/QFN-16.kicad_mod").text


@pytest.mark.parametrize(
    "fields",
    [
        {"field": "needs_review[0].reason", "nom": "1"},
        {"field": "body.length", "nom": "nan"},
        {"field": "body.length", "nom": "1e9"},
        {"field": "body.nothing", "nom": "1"},
        {"field": "land_pattern.pads[7]", "x": "1"},
        {"field": "land_pattern.pads[0]", "x": ""},
    ],
)
def test_a_correction_that_fits_nothing_is_refused(ann: Visitor, seeder: JobSeeder, fields: dict[str, str]) -> None:
    job_id = sheet(seeder)
    assert ann.post(f"/jobs/{job_id}/correct", **fields).status_code == 422
    assert "by ann" not in ann.get(f"/jobs/{job_id}").text


@pytest.mark.parametrize(("chosen", "kept"), [("SOIC-14", "SOIC-14"), ("  ", None)])
def test_a_package_that_no_drawing_names_is_replaced_by_one_that_is_there(
    ann: Visitor, seeder: JobSeeder, chosen: str, kept: str | None
) -> None:
    params = {"document": {"url": "https://example.com/p.pdf"}, "package": "XYZ-9", "land_page": 3}
    seeder.job(NewJob(seeder.tenant_id, "datasheet.extract", "cpu", params))
    job_id, epoch = seeder.begin(queue="cpu")
    seen = ["PDIP-14", "SOIC-14", f"{EVIL}, x"]
    seeder.fail(job_id, epoch, Failure.BAD_PARAMS, wrong_package("XYZ-9", seen), packages=seen)
    page = ann.get(f"/jobs/{job_id}").text
    assert 'value="XYZ-9"' in page
    assert [f'value="{name}"' in page for name in seen[:2]] == [True, True]
    is_harmless(page)
    answer = ann.post(f"/jobs/{job_id}/package", package=chosen)
    again = ann.get(f"/v1/jobs/{answer.headers['location'].split('/')[2].split('?')[0]}").json()["params"]
    assert (again["package"], again["land_page"]) == (kept, 3)
