"""The page of a datasheet: the drawing and the footprint's file first, and where each item has its place."""

from __future__ import annotations

import re
from uuid import UUID

import pytest

from api.dashboard.views.review_view import Spot, review_items
from db.documents.footprint import files
from db.documents.footprint.overlay import PNG, PagePicture
from db.documents.kinds.datasheet import (
    DatasheetResult,
    Disagreement,
    Evidence,
    LandPattern,
    Pad,
    Review,
)
from db.documents.kinds.datasheet_pin import Pin
from db.documents.kinds.datasheet_verdict import FootprintVerdict
from db.jobs.jobs import NewJob
from tests.api.dashboard.visitor import Visitor
from tests.api.running_app import RunningApp
from tests.e2e.job_seeder import JobSeeder

PADS = [Pad(number="1", x=-1.0, y=0.5, w=0.6, h=0.3), Pad(number="2", x=1.0, y=0.5, w=0.6, h=0.3)]
LAND = LandPattern(page=2, pads=PADS, origin=(50, 50), points_per_mm=(10, 10))
LENGTH = Spot("body.length", "Body length", "field:body.length", 1, (1, 2, 3, 4))
BUTTON = "Download .kicad_mod</a>"


def finished(seeder: JobSeeder, result: DatasheetResult) -> UUID:
    seeder.job(NewJob(seeder.tenant_id, "datasheet.extract", "cpu", {"document": {"url": "https://example.com/p.pdf"}}))
    job_id, epoch = seeder.begin(1000, "cpu")
    done, written = files.write(result, [PagePicture(2, 100, 100, PNG)])
    seeder.finish(job_id, epoch, done.model_dump(mode="json"), **{file.name: file.text for file in written})
    return job_id


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"field": "land_page", "page": "7"}, 303),
        ({"field": "mechanical_page", "page": "1"}, 303),
        ({"field": "land_page", "page": ""}, 422),
        ({"field": "land_page", "page": "0"}, 422),
        ({"field": "land_page", "page": "²"}, 422),
        ({"field": "package", "page": "1"}, 422),
        ({"page": "1"}, 422),
    ],
)
def test_another_page_is_a_new_job_and_what_is_no_page_is_refused(
    ann: Visitor, seeder: JobSeeder, fields: dict[str, str], status: int
) -> None:
    job_id = finished(seeder, DatasheetResult(package="QFN", land_pattern=LAND, page_count=9))
    answer = ann.post(f"/jobs/{job_id}/pages", **fields)
    assert answer.status_code == status
    jobs = ann.client.get("/v1/jobs").json()["items"]
    assert len(jobs) == (2 if status == 303 else 1)
    if status == 303:
        assert jobs[0]["params"][fields["field"]] == int(fields["page"])
        assert (jobs[0]["state"], jobs[0]["retry_of"]) == ("queued", str(job_id))


def test_the_drawing_comes_first_with_the_file_in_the_head(here: RunningApp, ann: Visitor, seeder: JobSeeder) -> None:
    item = Review(field="land_pattern.pads[1].w", reason="a unconfirmed width")
    verdict = FootprintVerdict(state="check", items=1, reason="a unconfirmed width")
    job_id = finished(seeder, DatasheetResult(package="QFN 2", land_pattern=LAND, needs_review=[item], verdict=verdict))
    page = ann.get(f"/jobs/{job_id}").text
    order = ["<h1>", BUTTON, "<page-view", "<foot-print", "Look at these first", "Another package", "<h2>Values"]
    assert sorted(order, key=page.index) == order
    address = re.search(r'href="([^"]+)" download>Download .kicad_mod', page)
    assert address is not None
    assert ann.get(address[1]).text.startswith("(footprint")
    assert "data-none" not in page
    ann.post(f"/jobs/{job_id}/share", days="7")
    link = ann.get(f"/jobs/{job_id}").text.split('value="/share/')[1].split('"')[0]
    here.client.cookies.clear()
    shared = re.search(r'href="([^"]+)" download>Download .kicad_mod', here.client.get(f"/share/{link}").text)
    assert shared is not None
    assert here.client.get(shared[1]).text.startswith("(footprint")


@pytest.mark.parametrize("pads", [[], PADS])
def test_where_no_footprint_was_written_its_reason_stands_there(
    ann: Visitor, seeder: JobSeeder, pads: list[Pad]
) -> None:
    verdict = FootprintVerdict(state="no_footprint", reason="3 of 9 pads have no <size>")
    land = LAND.model_copy(update={"pads": pads})
    page = ann.get(f"/jobs/{finished(seeder, DatasheetResult(land_pattern=land, verdict=verdict))}").text
    assert BUTTON not in page
    assert "<b>No footprint:</b> 3 of 9 pads have no &lt;size&gt;" in page
    assert page.index("data-none") < page.index("<page-view")


@pytest.mark.parametrize(
    ("field", "about", "keys", "page", "box"),
    [
        ("body.length", "Body length", ["field:body.length"], 1, (1, 2, 3, 4)),
        ("body.length.nom", "Body length nom", ["field:body.length"], 1, (1, 2, 3, 4)),
        ("body", "Body", ["field:body.length"], 1, (1, 2, 3, 4)),
        ("land_pattern.pads[1].w", "Pad 2 w", ["pad:1"], 2, (57.0, 53.5, 63.0, 56.5)),
        ("land_pattern.pads[12]", "Land pattern pads[12]", [], None, None),
        ("land_pattern.pads", "Land pattern pads", ["pad:0", "pad:1"], 2, (37.0, 53.5, 63.0, 56.5)),
        ("land_pattern.pads.number", "Land pattern pads number", ["pad:0", "pad:1"], 2, (37.0, 53.5, 63.0, 56.5)),
        ("package", "Package", [], None, None),
    ],
)
def test_a_review_item_knows_its_place(
    field: str, about: str, keys: list[str], page: int | None, box: tuple[float, ...] | None
) -> None:
    result = DatasheetResult(land_pattern=LAND, needs_review=[Review(field=field, reason="why")])
    (item,) = review_items(result, [LENGTH], {1, 2})
    assert (item.about, item.keys, item.page) == (about, keys, page)
    assert item.box == (None if box is None else pytest.approx(box))
    (unshown,) = review_items(result, [LENGTH], {3})
    assert (unshown.keys, unshown.page, unshown.box) == (keys, None, None)


def test_a_pad_that_is_not_drawn_to_scale_has_its_place_at_its_number() -> None:
    pad = Pad(number="7", x=0, y=0, w=1, h=1, evidence=[Evidence(page=4, box=(5, 6, 7, 8), printed="1.0")])
    differ = [Disagreement(field="land_pattern.pads[0].x", vector="1", vlm="2")]
    result = DatasheetResult(land_pattern=LandPattern(page=4, pads=[pad]), disagreements=differ, ambiguities=["units?"])
    first, second = review_items(result, [], {4})
    assert (first.kind, first.reason, first.page, first.box) == (
        "readers differ",
        "vector: 1, model: 2",
        4,
        (5, 6, 7, 8),
    )
    assert (second.about, second.reason, second.page) == ("Document", "units?", None)


def test_pins_are_listed_and_their_symbol_is_in_the_head(ann: Visitor, seeder: JobSeeder) -> None:
    seen = Evidence(page=3, box=(1, 2, 3, 4), printed="VDD")
    pins = [Pin(number="1", name="VDD", type="power_in", confidence=0.97, evidence=[seen]), Pin(number="2", name="EN")]
    job_id = finished(seeder, DatasheetResult(package="QFN 2", land_pattern=LAND, pins=pins))
    page = ann.get(f"/jobs/{job_id}").text
    listed = page.split("data-pins", 1)[1].split("</section>", 1)[0]
    assert "VDD" in listed
    assert "power in" in listed
    address = re.search(r'href="([^"]+)" download>Download .kicad_sym', page)
    assert address is not None
    assert ann.get(address[1]).text.startswith("(kicad_symbol_lib")
