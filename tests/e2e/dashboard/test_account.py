"""Keys, users, and the log of who did what."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Page, expect

from db.access.users import Role
from tests.e2e.browser import Desk, log_in

pytestmark = pytest.mark.browser


def test_a_key_is_shown_once_works_and_is_revoked(page: Page, here: Desk) -> None:
    page.goto(f"{here.url}/keys")
    page.get_by_label("Name").fill("ci")
    page.get_by_role("button", name="Make a key").click()
    token = page.locator("#token").inner_text()
    assert _status(here, token) == 200
    page.goto(f"{here.url}/keys")
    assert token not in page.content()
    page.locator("tr", has_text="ci").get_by_role("button", name="Revoke").click()
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("tr", has_text="ci")).to_contain_text("revoked")
    assert _status(here, token) == 401
    page.goto(f"{here.url}/audit")
    expect(page.locator("tr", has_text="key.revoke").first).to_contain_text("user ann")


def test_a_user_is_added_raised_and_shut_out(page: Page, here: Desk) -> None:
    page.goto(f"{here.url}/settings")
    form = page.locator("form", has=page.get_by_role("button", name="Add"))
    form.get_by_label("Name").fill("bob")
    form.get_by_label("Password").fill("a password for bob")
    form.get_by_role("button", name="Add").click()
    row = page.locator("tr", has_text="bob")
    row.get_by_label("Role of bob").select_option(Role.OPERATOR)
    row.get_by_role("button", name="Set").click()
    browser = page.context.browser
    assert browser is not None
    theirs = log_in(browser.new_context(), here.url, "bob", "a password for bob")
    expect(theirs.get_by_role("link", name="Submit").first).to_be_visible()
    row.get_by_role("button", name="Shut out").click()
    expect(row).to_contain_text("shut out")
    theirs.goto(f"{here.url}/jobs")
    expect(theirs.get_by_role("heading", name="Log in")).to_be_visible()
    theirs.context.close()


def test_usage_is_told_with_its_limits(page: Page, here: Desk) -> None:
    page.goto(f"{here.url}/usage")
    for words in ("Jobs waiting", "Bytes kept", "Worker time in a day"):
        expect(page.locator(".card", has_text=words)).to_contain_text("of unlimited")


def _status(here: Desk, token: str) -> int:
    return httpx.get(f"{here.url}/v1/jobs", headers={"Authorization": f"Bearer {token}"}).status_code
