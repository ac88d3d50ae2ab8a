"""Search by hand: from words to the second of a video."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import Desk
from tests.e2e.dashboard.hands import tab_to, until
from tests.e2e.job_seeder import SPOKEN, JobSeeder

pytestmark = pytest.mark.browser


def test_a_hit_opens_the_video_at_that_second(page: Page, here: Desk, seeder: JobSeeder, clip: Path) -> None:
    seeder.video("yard.mp4", clip)
    job_id, epoch = seeder.begin(30_000)
    seeder.speak(job_id, epoch, SPOKEN)
    page.goto(f"{here.url}/jobs")
    page.get_by_role("link", name="Search", exact=True).click()
    expect(page.get_by_label("Words in captions")).to_be_focused()
    page.keyboard.type('"hook lifts" crate')
    page.keyboard.press("Enter")
    expect(page.locator(".hits mark")).to_have_text(["hook lifts", "crate"])
    expect(page.locator(".hits li")).to_contain_text("yard.mp4")
    tab_to(page, ".hits a")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/jobs/{job_id}?t=*")
    start = SPOKEN.index("The hook lifts the crate; the rope sways.") * 2
    until(page, f"Math.abs(document.querySelector('video').currentTime - {start}) < 0.2")
    expect(page.locator(".cue[aria-selected=true]")).to_contain_text("The hook lifts")


def test_what_cannot_be_looked_for_is_said_and_text_is_never_markup(page: Page, here: Desk, seeder: JobSeeder) -> None:
    seeder.video("odd.mp4", labels={"site": "<b>north</b>"})
    job_id, epoch = seeder.begin(30_000)
    seeder.speak(job_id, epoch, ["<img src=x onerror=alert(1)> oddity"])
    page.goto(f"{here.url}/search?q=-crate")
    expect(page.get_by_role("alert")).to_have_text("Give at least one word to look for; only words and digits count.")
    page.goto(f"{here.url}/search?q=oddity&label=site:<b>north</b>")
    expect(page.locator(".hits .words")).to_have_text("<img src=x onerror=alert(1)> oddity")
    page.goto(f"{here.url}/search?q=oddity&label=site:south")
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()


def test_a_caption_is_corrected_by_hand_and_found_by_its_new_words(
    page: Page, here: Desk, seeder: JobSeeder, clip: Path
) -> None:
    seeder.video("fix.mp4", clip)
    job_id, epoch = seeder.begin(30_000)
    seeder.speak(job_id, epoch, ["A zebra stands there.", *SPOKEN])
    page.goto(f"{here.url}/jobs/{job_id}")
    expect(page.get_by_role("button", name="Correct")).to_be_disabled()
    page.locator(".cue").first.click()
    tab_to(page, "[data-edit]")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Text", exact=True)).to_be_focused()
    page.get_by_label("Text", exact=True).fill("An okapi <b>stands</b> there.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".cue p").first).to_have_text("An okapi <b>stands</b> there.")
    page.goto(f"{here.url}/search?q=okapi")
    expect(page.locator(".hits li")).to_have_count(1)
