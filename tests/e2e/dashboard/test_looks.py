"""How pages look to everybody: contrast, names for readers of the screen, small screens, light and dark."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.axe import axe_source, violations
from tests.e2e.browser import Desk
from tests.e2e.dashboard.failing import failed_delivery
from tests.e2e.job_seeder import SPOKEN, JobSeeder
from tests.e2e.sheets import finished_sheet, read_sheet, synthetic_sheet

pytestmark = pytest.mark.browser
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
GROUND = "getComputedStyle(document.body).backgroundColor"


def test_no_page_has_a_serious_fault_of_accessibility_nor_overflows_a_small_screen(
    page: Page, here: Desk, seeder: JobSeeder, tmp_path: Path, clip: Path
) -> None:
    source = axe_source()
    endpoint_id, delivery_id = failed_delivery(here, seeder)
    pdf = synthetic_sheet(tmp_path)
    sheet_id = finished_sheet(seeder, pdf, read_sheet(pdf))
    video_id = seeder.video("seen.mp4", clip)
    _, epoch = seeder.begin(30_000)
    seeder.speak(video_id, epoch, SPOKEN)
    seeder.video("waiting.mp4")
    paths = [f"/jobs/{sheet_id}", f"/jobs/{video_id}", f"/webhooks/{endpoint_id}"]
    paths += [
        f"/webhooks/{endpoint_id}/deliveries/{delivery_id}",
        "/jobs",
        "/jobs?q=nothing",
        "/submit",
        "/chat",
        "/live",
        "/webhooks",
    ]
    paths += ["/search", "/search?q=red+ball", "/search?q=nowhere", "/search?q=..."]
    paths += ["/fleet", "/keys", "/usage", "/audit", "/settings"]
    paths += [f"/share/{_share_link(page, here, job_id)}" for job_id in (sheet_id, video_id)]
    assert _faults(page, here, paths, source) == []
    missing = page.context.new_page()  # of its own: a browser complains of an answer with 404
    assert _faults(missing, here, ["/jobs/not-there"], source) == []
    page.context.clear_cookies()
    assert _faults(page, here, ["/login"], source) == []


def test_a_chosen_theme_stays(page: Page, here: Desk) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(f"{here.url}/jobs")
    light = page.evaluate(GROUND)
    page.get_by_role("button", name="Light or dark").click()
    dark = page.evaluate(GROUND)
    assert dark != light
    page.reload()
    assert page.evaluate(GROUND) == dark
    page.goto(f"{here.url}/usage")
    assert page.evaluate(GROUND) == dark
    page.get_by_role("button", name="Light or dark").click()
    assert page.evaluate(GROUND) == light


def test_the_menu_opens_on_a_small_screen(page: Page, here: Desk) -> None:
    page.set_viewport_size({"width": 380, "height": 800})
    page.goto(f"{here.url}/jobs")
    expect(page.get_by_role("link", name="Usage")).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Usage").click()
    expect(page.get_by_role("heading", name="Usage")).to_be_visible()


def _faults(page: Page, here: Desk, paths: list[str], source: str) -> list[str]:
    """What axe and a ruler find on these pages."""
    found = []
    for path in paths:
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": 1366, "height": 860})
            page.goto(here.url + path)
            page.wait_for_load_state("load")
            found += [f"{path} ({scheme}) {one}" for one in violations(page, source)]
        page.set_viewport_size({"width": 380, "height": 800})
        if page.evaluate("document.documentElement.scrollWidth") > 380:
            found.append(f"{path} is wider than 380 px")
    return found


def _share_link(page: Page, here: Desk, job_id: UUID) -> str:
    page.goto(f"{here.url}/jobs/{job_id}#share")
    page.get_by_role("button", name="Make a link").click()
    return page.get_by_label("Share link").first.input_value().rpartition("/")[2]
