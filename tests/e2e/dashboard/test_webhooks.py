"""Webhooks: an endpoint from its first secret to what is sent again."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from db.webhooks import deliveries
from tests.e2e.browser import Desk
from tests.e2e.dashboard.failing import failed_delivery
from tests.e2e.job_seeder import JobSeeder

pytestmark = pytest.mark.browser


def test_a_webhook_is_sent_again(page: Page, here: Desk, seeder: JobSeeder) -> None:
    endpoint_id, delivery_id = failed_delivery(here, seeder)
    page.goto(f"{here.url}/webhooks/{endpoint_id}")
    page.locator("table a").first.click()
    expect(page.locator("main")).to_contain_text("HTTP/1.1 500")
    page.get_by_role("button", name="Resend").click()
    page.wait_for_url("**said=sent**")
    with here.inside.services.database.read() as session:
        logged = deliveries.find(session, endpoint_id, delivery_id)
    assert logged is not None
    assert logged.delivery.state == "pending"


def test_an_endpoint_is_added_tried_turned_over_and_recovered(page: Page, here: Desk) -> None:
    page.goto(f"{here.url}/webhooks")
    page.get_by_text("Add an endpoint").click()
    page.get_by_label("Address").fill("https://example.com/rotating")
    page.get_by_label("job.succeeded").check()
    page.get_by_role("button", name="Add", exact=True).click()
    first = page.locator("#secret").inner_text()
    assert first.startswith("whsec_")
    page.get_by_role("button", name="Rotate the secret").click()
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#secret")).not_to_have_text(first)
    expect(page.locator("main")).to_contain_text("the previous one signs along until")
    page.get_by_role("button", name="Send a test").click()
    expect(page.locator("tbody tr", has_text="webhook.test")).to_contain_text("pending")
    expect(page.locator("#secret")).to_have_count(0)  # it was shown once
    page.get_by_role("button", name="Turn off").click()
    expect(page.get_by_text("Off since")).to_be_visible()
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_text("Off since")).to_have_count(0)


def test_what_failed_is_recovered(page: Page, here: Desk, seeder: JobSeeder) -> None:
    endpoint_id, _ = failed_delivery(here, seeder)
    page.goto(f"{here.url}/webhooks/{endpoint_id}")
    expect(page.locator("tbody .pill")).to_have_text("failed")
    page.get_by_label("Hours").fill("1")
    page.get_by_role("button", name="Recover").click()
    expect(page.locator("tbody .pill")).to_have_text("pending")
