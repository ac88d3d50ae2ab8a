"""`/docs` in a browser without the internet: it shows every operation and tries one with a key."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import CHROMIUM, Complaints, Desk, chromium, desk
from tests.needs import need

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    need(CHROMIUM.exists(), "Debian's chromium")
    with desk(tmp_path_factory.mktemp("desk")) as place:
        yield place


@pytest.fixture
def page() -> Iterator[Page]:
    with chromium() as browser:
        page = browser.new_page()
        complaints = Complaints()
        complaints.listen(page)
        yield page
        assert complaints.said == []


def test_an_operation_is_found_and_tried(page: Page, running: Desk) -> None:
    key = (running.inside.services.settings.data_dir / "admin-key").read_text().strip()
    page.goto(f"{running.url}/docs")
    operation = page.locator("#operations-fleet-list_models")
    expect(operation).to_be_visible()
    page.get_by_role("button", name="Authorize").click()
    page.locator(".auth-container input").first.fill(key)
    page.locator(".auth-btn-wrapper .authorize").first.click()
    page.locator(".auth-btn-wrapper .btn-done").first.click()
    operation.click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table .response .response-col_status").first).to_contain_text("200")
