"""Videos: dropped, watched while they are captioned, searched, run again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from playwright.sync_api import Page, Route, expect

from db.failures import Failure
from db.jobs import jobs
from db.schema.tables import Job
from tests.e2e.browser import Desk
from tests.e2e.dashboard.hands import drop, tab_to, until
from tests.e2e.job_seeder import SPOKEN, JobSeeder, video_result

pytestmark = pytest.mark.browser


def test_a_dropped_video_is_uploaded_and_its_captions_grow_until_it_is_canceled(
    page: Page, here: Desk, seeder: JobSeeder, clip: Path
) -> None:
    page.goto(f"{here.url}/submit")
    drop(page, clip)
    expect(page.locator(".upload")).to_contain_text("Uploaded")
    page.get_by_role("button", name="Submit", exact=True).click()
    page.wait_for_url("**/jobs/*-*")
    job_id, epoch = seeder.begin(30_000)
    assert str(job_id) in page.url
    seeder.speak(job_id, epoch, SPOKEN[:3])
    expect(page.locator(".cue")).to_have_count(3)
    seeder.speak(job_id, epoch, SPOKEN[3:5], 3)
    expect(page.locator(".cue")).to_have_count(5)
    expect(page.locator(".pill").first).to_have_text("running")
    until(page, "document.querySelector('video').readyState > 0")
    page.locator(".cue").nth(3).click()
    until(page, "Math.abs(document.querySelector('video').currentTime - 6) < 0.2")
    expect(page.locator(".cue[aria-selected=true]")).to_contain_text(SPOKEN[3])
    expect(page.locator(".subtitle")).to_contain_text(SPOKEN[3])
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Go on").click()
    expect(page.locator(".pill").first).to_have_text("canceling")


def test_a_long_caption_shows_two_whole_lines_and_the_first_picture_keeps_its_place(
    page: Page, here: Desk, seeder: JobSeeder, clip: Path
) -> None:
    seeder.video("long.mp4", clip)
    job_id, epoch = seeder.begin(30_000)
    seeder.speak(job_id, epoch, ["word " * 200, *SPOKEN])
    seeder.finish(job_id, epoch, video_result(len(SPOKEN) + 1, 30_000))
    page.goto(f"{here.url}/jobs/{job_id}")
    lines = "(node) => node.clientHeight / parseFloat(getComputedStyle(node).lineHeight)"
    assert page.locator(".cue p").first.evaluate(lines) == pytest.approx(2, abs=0.1)
    until(
        page, "document.querySelectorAll('.strip button').length === 1 || document.querySelectorAll('.strip button')[1]"
    )
    share = "(node) => node.offsetWidth / node.parentElement.clientWidth"
    assert page.locator(".strip button").first.evaluate(share) < 0.12
    assert page.get_by_role("link", name="captions.vtt").count() == 1


def test_the_list_of_captions_follows_the_player_and_is_searched(
    page: Page, here: Desk, seeder: JobSeeder, clip: Path
) -> None:
    seeder.video("search.mp4", clip)
    job_id, epoch = seeder.begin(30_000)
    seeder.speak(job_id, epoch, SPOKEN)
    seeder.finish(job_id, epoch, video_result(len(SPOKEN), 30_000))
    held: list[Route] = []
    page.route("**/cues?*", lambda route: held.append(route), times=1)
    page.goto(f"{here.url}/jobs/{job_id}")
    page.evaluate("document.querySelector('video').currentTime = 11")
    expect(page.get_by_role("slider")).to_have_attribute("aria-valuetext", "0:11")
    held[0].continue_()  # the captions come after the player was moved
    expect(page.locator(".cue[aria-selected=true]")).to_contain_text(SPOKEN[5])
    page.get_by_label("Search in captions").fill("CRATE")
    expect(page.locator(".cue")).to_have_count(3)
    assert page.locator(".cue mark").all_inner_texts() == ["crate"] * 3
    page.locator(".cues .list").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".strip canvas").first).to_be_visible()


def test_of_twenty_thousand_captions_only_those_in_sight_are_in_the_document(
    page: Page, here: Desk, seeder: JobSeeder
) -> None:
    seeder.video("long.mp4")
    job_id, epoch = seeder.begin(40_000_000)
    seeder.speak(job_id, epoch, [f"{number}: {SPOKEN[number % 8]}" for number in range(20_000)])
    seeder.finish(job_id, epoch, video_result(20_000, 40_000_000))
    page.goto(f"{here.url}/jobs/{job_id}")
    until(page, "document.querySelector('video-job').cues?.length === 20000")
    page.evaluate("document.querySelector('.cues .list').scrollTop = 600000")
    expect(page.locator(".cue", has_text="10345:")).to_be_visible()
    assert page.locator(".cue").count() < 60
    page.get_by_label("Search in captions").fill("19999")
    expect(page.locator(".cue")).to_have_count(1)


def test_a_job_goes_on_from_its_checkpoint_or_begins_anew_with_other_parameters(
    page: Page, here: Desk, seeder: JobSeeder
) -> None:
    seeder.video("broken.mp4")
    job_id, epoch = seeder.begin(60_000)
    seeder.speak(job_id, epoch, SPOKEN[:4])
    seeder.fail(job_id, epoch, Failure.INVALID_MEDIA, "the file has no video stream")
    page.goto(f"{here.url}/jobs/{job_id}")
    page.get_by_role("link", name="Run again").click()
    expect(page.get_by_label("The last checkpoint (0:08)")).to_be_checked()
    page.get_by_role("button", name="Start this run").click()
    page.wait_for_url("**said=retried**")
    assert _job(here, seeder, page.url).checkpoint_ms == 8000

    page.goto(f"{here.url}/jobs/{job_id}#again")
    words = page.get_by_label("Parameters").first
    words.fill(words.input_value().replace("Describe what happens.", "Count the people."))
    page.get_by_role("button", name="Start this run").click()
    page.wait_for_url("**said=retried**")
    other = _job(here, seeder, page.url)
    assert (other.params["prompt"], other.checkpoint_ms) == ("Count the people.", 0)


def test_a_caption_is_reached_and_sought_with_the_keyboard_alone(
    page: Page, here: Desk, seeder: JobSeeder, clip: Path
) -> None:
    seeder.video("keys.mp4", clip)
    job_id, epoch = seeder.begin(30_000)
    seeder.speak(job_id, epoch, SPOKEN)
    seeder.finish(job_id, epoch, video_result(len(SPOKEN), 30_000))
    page.goto(f"{here.url}/jobs/{job_id}")
    until(page, "document.querySelector('video').readyState > 0")
    tab_to(page, ".cues .list")
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    until(page, "Math.abs(document.querySelector('video').currentTime - 6) < 0.2")
    expect(page.locator(".cue[aria-selected=true]")).to_contain_text(SPOKEN[3])


def test_what_a_job_will_take_is_told_before_it_is_submitted(
    page: Page, here: Desk, seeder: JobSeeder, clip: Path
) -> None:
    seeder.video("measured.mp4")
    job_id, epoch = seeder.begin(60_000)
    seeder.finish(job_id, epoch, video_result(0, 60_000))
    with here.inside.services.database.write() as session:
        job = session.get_one(Job, job_id)
        job.started_at, job.finished_at = datetime.now(UTC) - timedelta(seconds=20), datetime.now(UTC)
    here.inside.worker()
    page.goto(f"{here.url}/submit")
    expect(page.locator("[data-cost]")).to_have_text("–")
    drop(page, clip)
    expect(page.locator("[data-files]")).to_contain_text("30 s of video")
    expect(page.locator("[data-cost]")).to_contain_text("of worker time")
    expect(page.locator("[data-ready]")).to_contain_text("after submitting")


def test_a_preset_fills_in_the_parameters_of_the_job(page: Page, here: Desk, seeder: JobSeeder, clip: Path) -> None:
    page.goto(f"{here.url}/submit")
    page.get_by_label("Preset").select_option("Every detail")
    assert page.get_by_label("Frames per second").input_value() == "4"
    page.get_by_label("Label").fill("site:north")
    drop(page, clip)
    page.get_by_role("button", name="Submit", exact=True).click()
    page.wait_for_url("**/jobs/*-*")
    job = _job(here, seeder, page.url)
    wanted = {"fps": 4, "max_frame_pixels": 448 * 448, "chunk_ms": 1000, "max_tokens_per_chunk": 64}
    assert {name: job.params[name] for name in wanted} == wanted
    assert job.labels == {"site": "north"}


def _job(here: Desk, seeder: JobSeeder, url: str) -> Job:
    """The job whose page is open."""
    job_id = UUID(urlsplit(url).path.rpartition("/")[2])
    with here.inside.services.database.read() as session:
        job = jobs.find(session, seeder.tenant_id, job_id)
    assert job is not None
    return job
