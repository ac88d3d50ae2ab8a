"""The jobs page: rows that follow the database, many jobs changed at once."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import Desk
from tests.e2e.job_seeder import SPOKEN, JobSeeder

pytestmark = pytest.mark.browser


def test_rows_follow_the_database(page: Page, here: Desk, seeder: JobSeeder) -> None:
    job_id = seeder.video("watched.mp4")
    page.goto(f"{here.url}/jobs")
    row = page.locator("tr", has=page.locator(f"a[href='/jobs/{job_id}']"))
    row.locator("input").check()
    started, epoch = seeder.begin(60_000)
    expect(row.locator(".pill")).to_have_text("running")
    seeder.speak(started, epoch, SPOKEN)
    expect(row.locator(".pct")).to_contain_text("27 %")
    expect(row.locator("input")).to_be_checked()
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_url("**said=canceled**")


def test_many_jobs_are_canceled_run_again_and_deleted_at_once(page: Page, here: Desk, seeder: JobSeeder) -> None:
    for number in range(3):
        seeder.video(f"many-{number}.mp4", labels={"of": "many"})
    address = f"{here.url}/jobs?label=of:many"
    page.goto(address)
    expect(page.get_by_role("button", name="Delete")).to_be_disabled()
    page.get_by_label("Select every job shown").check()
    expect(page.locator("[data-count]")).to_have_text("3 selected")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancel requested.")).to_be_visible()
    expect(page.locator("#rows .pill", has_text="canceled")).to_have_count(3)
    page.get_by_label("Select every job shown").check()
    page.get_by_role("button", name="Retry").click()
    expect(page.locator("#rows .pill", has_text="queued")).to_have_count(3)
    page.get_by_label("Select every job shown").check()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("#rows tr")).to_have_count(6)
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("No job fits these filters")).to_be_visible()
