"""The dashboard with everything behind it: the Procfile's processes, a fake engine, one video from drop to captions."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import CHROMIUM, Complaints, chromium, log_in
from tests.e2e.dashboard.hands import drop
from tests.e2e.service import service
from tests.needs import need
from tests.worker.video.footage import numbered, write_video

pytestmark = pytest.mark.browser


def test_captions_appear_before_the_job_ends(tmp_path: Path) -> None:
    need(CHROMIUM.exists(), "Debian's chromium")
    clip = tmp_path / "clip.mp4"
    write_video(clip, numbered(120, 160, 96), rate=2)
    with service(tmp_path / "service", BM3_WORKER_MODELS="fake=fake?delay_ms=200") as running, chromium() as browser:
        password = (running.folder / "admin-password").read_text().strip()
        page = log_in(browser.new_context(), running.url, "admin", password)
        complaints = Complaints()
        complaints.listen(page)
        drop(page, clip)
        page.wait_for_url("**/jobs/*-*", timeout=30_000)
        expect(page.locator(".cue").first).to_be_visible(timeout=60_000)
        expect(page.locator("#head .pill")).to_have_text("running")
        expect(page.locator("#head .pill")).to_have_text("succeeded", timeout=120_000)
        expect(page.locator("main")).to_contain_text("Provenance")
        assert complaints.said == []
