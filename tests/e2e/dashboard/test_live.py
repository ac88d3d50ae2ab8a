"""Live sources in a browser: followed from the form, cut off, stopped; and what the page of one shows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from db.documents.event_types import HistoryEventType
from db.jobs import progress
from db.jobs.jobs import NewJob
from db.jobs.progress import JobProgress
from db.jobs.transitions import record
from db.schema.tables import Job
from tests.e2e.axe import axe_source, violations
from tests.e2e.browser import Complaints, Desk, log_in
from tests.e2e.dashboard.hands import tab_to
from tests.e2e.dashboard.test_looks import SCHEMES
from tests.e2e.job_seeder import SPOKEN, JobSeeder, video_result
from tests.e2e.service import service
from tests.worker.video.live.servers import RtspServer

pytestmark = pytest.mark.browser
CAMERA = "rtsp://viewer:secret-word@camera.example.com/yard"
OUTCOME = {
    "started_at": "2026-11-30T12:00:00Z",
    "ended": "stopped",
    "captioned_ms": 16_000,
    "gap_ms": 4000,
    "reconnects": 1,
    "dropped_ms": 0,
}


def followed(seeder: JobSeeder) -> tuple[UUID, int]:
    """A live source that a worker has begun to follow."""
    params = {"video": {"url": CAMERA}, "live": {}, "prompt": "Describe."}
    seeder.job(NewJob(seeder.tenant_id, "video.caption", "gpu", params))
    return seeder.begin(0)


def told(here: Desk, job_id: UUID, epoch: int, done_ms: int, note: str) -> None:
    """The worker says how far it is."""
    with here.inside.services.database.write() as session:
        assert progress.report(session, datetime.now(UTC), job_id, epoch, JobProgress(done_ms, None, note))


def gap(here: Desk, job_id: UUID, start_ms: int, end_ms: int, reason: str) -> None:
    """The worker says what was missed."""
    missed = {"start_ms": start_ms, "end_ms": end_ms, "reason": reason}
    with here.inside.services.database.write() as session:
        record(session, datetime.now(UTC), session.get_one(Job, job_id), HistoryEventType.GAP, missed)


def test_a_source_grows_is_cut_off_and_is_stopped(page: Page, here: Desk, seeder: JobSeeder) -> None:
    job_id, epoch = followed(seeder)
    told(here, job_id, epoch, 0, "connecting: no picture yet")
    page.goto(f"{here.url}/live")
    row = page.get_by_role("row", name="yard")
    expect(row).to_contain_text("Connecting")
    expect(row).to_contain_text("no picture yet")
    row.get_by_role("link").click()
    connection = page.locator("[data-connection]")
    expect(connection).to_have_text("Connecting")
    told(here, job_id, epoch, 2000, "live")
    seeder.speak(job_id, epoch, SPOKEN[:4])
    expect(connection).to_have_text("Live")
    expect(page.locator(".cue")).to_have_count(4)
    told(here, job_id, epoch, 9000, "connecting: the server is away")
    expect(connection).to_have_text("Connecting")
    expect(page.locator("[data-trouble]")).to_have_text("the server is away")
    gap(here, job_id, 8000, 12_000, "the source was away")
    expect(page.locator("[data-gap-list] li")).to_have_text("0:08 to 0:12 the source was away")
    told(here, job_id, epoch, 20_000, "live")
    expect(page.locator("[data-end]")).to_have_text("0:20")  # the bar grows with it
    assert "secret-word" not in page.content()
    tab_to(page, "form[action$='/stop'] button")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**said=stopping**")
    expect(connection).to_have_text("Stopping")
    expect(page.get_by_role("button", name="Stop", exact=True)).to_have_count(0)
    gaps = [{"start_ms": 8000, "end_ms": 12_000, "reason": "the source was away"}]
    result = video_result(4, 20_000, gaps=gaps, live=OUTCOME)
    seeder.finish(job_id, epoch, result, **{"recording-0000000000.mkv": "first", "recording-0000060000.mkv": "second"})
    page.reload()
    expect(connection).to_have_text("Ended")
    expect(page.locator("[data-source]")).to_contain_text("It was stopped.")
    expect(page.locator("[data-source]")).to_contain_text("1 time")
    with page.expect_download() as download:
        page.get_by_role("link", name="From 1:00").click()
    assert download.value.path().read_text() == "second"
    expect(page.get_by_role("link", name="recording-")).to_have_count(0)  # they stand with the source, and only there


def test_the_pages_of_a_source_have_no_serious_fault_of_accessibility_nor_overflow_a_small_screen(
    page: Page, here: Desk, seeder: JobSeeder
) -> None:
    source = axe_source()
    job_id, epoch = followed(seeder)
    told(here, job_id, epoch, 20_000, "connecting: " + "the address of a server that is away " * 4)
    seeder.speak(job_id, epoch, SPOKEN)
    gap(here, job_id, 8000, 12_000, "the source was away")
    for path in ("/live", f"/jobs/{job_id}"):
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": 1366, "height": 860})
            page.goto(here.url + path)
            assert violations(page, source) == [], path
        for width in (1366, 1280, 1101):  # no column of a table is cut off
            page.set_viewport_size({"width": width, "height": 860})
            assert page.locator(".scroll").evaluate_all(
                "all => all.every(one => one.scrollWidth <= one.clientWidth)"
            ), path
        page.set_viewport_size({"width": 380, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 380, path


def test_an_address_that_is_none_is_refused_where_it_was_typed(page: Page, here: Desk, seeder: JobSeeder) -> None:
    here.inside.worker(demo=True)
    page = page.context.new_page()  # of its own: a browser complains of an answer with 422
    page.goto(f"{here.url}/live")
    expect(page.get_by_label("Address")).to_be_focused()
    expect(page.get_by_text("A demonstration model")).to_be_visible()
    page.keyboard.type("gopher://camera.example.com/yard")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("/params/video")
    page.get_by_label("Address").fill(CAMERA)
    page.get_by_label("End after, min").fill("90")
    page.get_by_label("Keep a recording").check()
    page.get_by_role("button", name="Follow").click()
    page.wait_for_url("**/jobs/*-*")
    with here.inside.services.database.read() as session:
        job = session.get(Job, UUID(page.url.rpartition("/")[2]))
    assert job is not None
    assert job.params["video"]["url"] == CAMERA
    live = job.params["live"]
    assert (live["max_duration_ms"], live["give_up_ms"], live["record"]) == (5_400_000, 600_000, True)


@pytest.mark.slow
def test_a_real_camera_is_followed_through_a_cut(browser: Browser, tmp_path: Path) -> None:
    camera = RtspServer()
    try:
        with service(tmp_path, BM3_WORKER_MODELS="fake=fake:") as running:
            password = (running.folder / "admin-password").read_text().strip()
            page = log_in(browser.new_context(), running.url, "admin", password)
            page.set_default_timeout(60_000)
            complaints = Complaints()
            complaints.listen(page)
            page.get_by_role("link", name="Live", exact=True).click()
            page.get_by_label("Address").fill(camera.url)
            page.get_by_label("Keep a recording").check()
            page.get_by_role("button", name="Follow").click()
            connection = page.locator("[data-connection]")
            expect(connection).to_have_text("Live", timeout=60_000)
            expect(page.locator(".cue").nth(1)).to_be_visible(timeout=60_000)
            with camera.away(2):
                expect(connection).to_have_text("Connecting", timeout=60_000)
            expect(connection).to_have_text("Live", timeout=60_000)
            expect(page.locator("[data-gap-list] li").first).to_be_visible(timeout=60_000)
            page.get_by_role("button", name="Stop", exact=True).click()
            page.get_by_role("button", name="Go on").click()
            expect(page.locator("#head .pill").first).to_have_text("succeeded", timeout=60_000)
            page.reload()
            expect(connection).to_have_text("Ended")
            with page.expect_download() as download:
                page.get_by_role("link", name="From 0:0").first.click()
            assert download.value.path().read_bytes()[:4] == b"\x1a\x45\xdf\xa3"  # Matroska
            assert complaints.said == []
    finally:
        camera.cut()
