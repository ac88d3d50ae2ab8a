"""The dashboard as people use it: Chromium against a real api process."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from db import deliveries, webhooks
from db.deliveries import Tried, Verdict
from db.users import Role
from db.webhooks import NewEndpoint
from tests.e2e.axe import axe_source, violations
from tests.e2e.browser import CHROMIUM, Complaints, Desk, chromium, desk, log_in
from tests.e2e.sheets import finished_sheet, read_sheet, synthetic_sheet
from tests.e2e.stage import SPOKEN, Stage, video_result
from tests.needs import need
from tests.worker.video.footage import numbered, write_video

pytestmark = pytest.mark.browser
WAIT_MS = 10_000
DROP = """([selector, name, type, data]) => {
  const bytes = Uint8Array.from(atob(data), (mark) => mark.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type }));
  for (const kind of ["dragenter", "dragover", "drop"]) {
    const event = new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true });
    document.querySelector(selector).dispatchEvent(event);
  }
}"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    need(CHROMIUM.exists(), "Debian's chromium")
    with desk(tmp_path_factory.mktemp("desk")) as place:
        place.user("ann", Role.ADMIN)
        yield place


@pytest.fixture(scope="module")
def browser(running: Desk) -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport={"width": 1366, "height": 860}, accept_downloads=True)
    opened.set_default_timeout(WAIT_MS)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext, running: Desk) -> Iterator[Page]:
    """A logged-in page; whatever it complains of fails the test."""
    opened = log_in(context, running.url)
    complaints = Complaints()
    complaints.listen(opened)
    yield opened
    assert complaints.said == []


@pytest.fixture
def stage(running: Desk) -> Stage:
    return Stage(running.inside)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty seconds that Chromium plays."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    write_video(path, numbered(120, 320, 180), rate=4)
    return path


def test_a_dropped_video_is_uploaded_and_its_captions_grow_until_it_is_canceled(
    page: Page, running: Desk, stage: Stage, clip: Path
) -> None:
    page.goto(f"{running.url}/submit")
    data = base64.b64encode(clip.read_bytes()).decode()
    page.evaluate(DROP, [".drop", "clip.mp4", "video/mp4", data])
    expect(page.locator(".upload")).to_contain_text("Uploaded")
    page.get_by_role("button", name="Submit", exact=True).click()
    page.wait_for_url("**/jobs/*-*")
    job_id, epoch = stage.begin(30_000)
    assert str(job_id) in page.url
    stage.speak(job_id, epoch, SPOKEN[:3])
    expect(page.locator(".cue")).to_have_count(3)
    stage.speak(job_id, epoch, SPOKEN[3:5], 3)
    expect(page.locator(".cue")).to_have_count(5)
    expect(page.locator(".pill").first).to_have_text("running")
    _until(page, "document.querySelector('video').readyState > 0")
    page.locator(".cue").nth(3).click()
    _until(page, "Math.abs(document.querySelector('video').currentTime - 6) < 0.2")
    expect(page.locator(".cue[aria-selected=true]")).to_contain_text(SPOKEN[3])
    expect(page.locator(".subtitle")).to_contain_text(SPOKEN[3])
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Go on").click()
    expect(page.locator(".pill").first).to_have_text("canceling")


def test_the_list_of_captions_follows_the_player_and_is_searched(
    page: Page, running: Desk, stage: Stage, clip: Path
) -> None:
    stage.video("search.mp4", clip)
    job_id, epoch = stage.begin(30_000)
    stage.speak(job_id, epoch, SPOKEN)
    stage.finish(job_id, epoch, video_result(len(SPOKEN), 30_000))
    page.goto(f"{running.url}/jobs/{job_id}")
    page.evaluate("document.querySelector('video').currentTime = 11")
    expect(page.locator(".cue[aria-selected=true]")).to_contain_text(SPOKEN[5])
    page.get_by_label("Search in captions").fill("CRATE")
    expect(page.locator(".cue")).to_have_count(3)
    assert page.locator(".cue mark").all_inner_texts() == ["crate"] * 3
    page.locator(".cues .list").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".strip canvas").first).to_be_visible()


def test_rows_follow_the_database(page: Page, running: Desk, stage: Stage) -> None:
    job_id = stage.video("watched.mp4")
    page.goto(f"{running.url}/jobs")
    row = page.locator("tr", has=page.locator(f"a[href='/jobs/{job_id}']"))
    row.locator("input").check()
    started, epoch = stage.begin(60_000)
    expect(row.locator(".pill")).to_have_text("running")
    stage.speak(started, epoch, SPOKEN)
    expect(row.locator(".pct")).to_contain_text("27 %")
    expect(row.locator("input")).to_be_checked()
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_url("**said=canceled**")


def test_a_pad_a_row_and_a_number_are_marked_together_and_a_value_is_corrected(
    page: Page, running: Desk, stage: Stage, tmp_path: Path
) -> None:
    pdf = synthetic_sheet(tmp_path)
    job_id = finished_sheet(stage, pdf, read_sheet(pdf))
    page.goto(f"{running.url}/jobs/{job_id}")
    page.locator("foot-print .fp-pad").nth(3).hover()
    expect(page.locator("page-view .padshape.hot")).to_have_count(1)
    assert page.locator("page-view .ev.hot").count() > 0
    expect(page.locator("tr.hot")).to_contain_text("4")
    page.locator("tr[data-keys='field:body.length']").hover()
    assert page.locator("page-view .ev.hot").count() == 1
    page.get_by_role("button", name="Closer").click()
    page.locator("tr[data-keys='field:body.length'] [data-fix]").click()
    page.get_by_label("Nom").fill("15.25")
    page.locator("#fix").get_by_role("button", name="Correct", exact=True).click()
    page.wait_for_url("**said=saved**")
    expect(page.locator("tr[data-keys='field:body.length']")).to_contain_text("by ann")
    with page.expect_download() as download:
        page.get_by_role("link", name="footprint.kicad_mod").first.click()
    assert download.value.path().read_text().startswith("(footprint")
    with page.expect_download() as download:
        page.get_by_role("link", name="footprint.json").first.click()
    assert '"nom": 15.25' in download.value.path().read_text()


def test_a_webhook_is_sent_again(page: Page, running: Desk, stage: Stage) -> None:
    endpoint_id, delivery_id = _failed_delivery(running, stage)
    page.goto(f"{running.url}/webhooks/{endpoint_id}")
    page.locator("table a").first.click()
    expect(page.locator("main")).to_contain_text("HTTP/1.1 500")
    page.get_by_role("button", name="Resend").click()
    page.wait_for_url("**said=sent**")
    with running.inside.kept.database.read() as session:
        logged = deliveries.find(session, endpoint_id, delivery_id)
    assert logged is not None
    assert logged.delivery.state == "pending"


def test_twenty_thousand_captions_do_not_block_the_page(page: Page, running: Desk, stage: Stage) -> None:
    stage.video("long.mp4")
    job_id, epoch = stage.begin(40_000_000)
    stage.speak(job_id, epoch, [f"{number}: {SPOKEN[number % 8]}" for number in range(20_000)])
    stage.finish(job_id, epoch, video_result(20_000, 40_000_000))
    page.add_init_script(
        "window.blocked = []; new PerformanceObserver((list) => window.blocked.push(...list.getEntries()"
        ".map((one) => one.duration))).observe({ type: 'longtask', buffered: true });"
    )
    page.goto(f"{running.url}/jobs/{job_id}")
    _until(page, "document.querySelector('video-job').cues?.length === 20000")
    page.evaluate("document.querySelector('.cues .list').scrollTop = 600000")
    expect(page.locator(".cue").first).to_be_visible()
    page.get_by_label("Search in captions").fill("19999")
    expect(page.locator(".cue")).to_have_count(1)
    assert page.locator(".cue").count() < 60
    longest = max(page.evaluate("window.blocked"), default=0)
    print(f"longest task with 20,000 captions: {longest:.0f} ms")
    assert longest < 100


def test_no_page_has_a_serious_fault_of_accessibility_nor_overflows_a_small_screen(
    page: Page, running: Desk, stage: Stage, tmp_path: Path, clip: Path
) -> None:
    source = axe_source()
    endpoint_id, delivery_id = _failed_delivery(running, stage)
    pdf = synthetic_sheet(tmp_path)
    sheet_id = finished_sheet(stage, pdf, read_sheet(pdf))
    video_id = stage.video("seen.mp4", clip)
    _, epoch = stage.begin(30_000)
    stage.speak(video_id, epoch, SPOKEN)
    paths = [f"/jobs/{sheet_id}", f"/jobs/{video_id}", f"/webhooks/{endpoint_id}"]
    paths += [f"/webhooks/{endpoint_id}/deliveries/{delivery_id}", "/jobs", "/submit", "/webhooks", "/fleet", "/keys"]
    found = []
    for path in [*paths, "/usage", "/audit", "/settings"]:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.set_viewport_size({"width": 1366, "height": 860})
            page.goto(running.url + path)
            page.wait_for_load_state("load")
            found += [f"{path} ({scheme}) {one}" for one in violations(page, source)]
        page.set_viewport_size({"width": 380, "height": 800})
        if page.evaluate("document.documentElement.scrollWidth") > 380:
            found.append(f"{path} is wider than 380 px")
    assert found == []


def _failed_delivery(running: Desk, stage: Stage) -> tuple[UUID, UUID]:
    """An endpoint with one test message that was answered with 500."""
    now = datetime.now(UTC)
    with running.inside.kept.database.write() as session:
        endpoint = webhooks.create(session, now, NewEndpoint(stage.tenant_id, "https://example.com/hook"))
        delivery = webhooks.send_test(session, now, endpoint)
        due = next(one for one in deliveries.claim_due(session, now, 200) if one.delivery_id == delivery.id)
        tried = Tried("rejected", 500, None, {"webhook-id": str(due.event_id)}, "HTTP/1.1 500\n\nsorry", 31)
        deliveries.settle(session, now, due, tried, Verdict(False, None))
    return endpoint.id, delivery.id


def _until(page: Page, expression: str) -> None:
    """Wait for an expression to be true; Playwright's own way needs eval, which our policy forbids."""
    deadline = time.monotonic() + WAIT_MS / 1000
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, expression
        page.wait_for_timeout(50)
