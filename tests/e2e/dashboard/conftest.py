"""A dashboard with somebody in front of it; whatever his browser complains of fails the test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from db.access.users import Role
from db.jobs import jobs
from db.schema.tables import Job, State
from tests.e2e.browser import CHROMIUM, Complaints, Desk, chromium, desk, log_in
from tests.e2e.dashboard.hands import WAIT_MS
from tests.e2e.job_seeder import JobSeeder
from tests.needs import need
from tests.worker.video.footage import numbered, write_video


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("desk")) as place:
        place.user("ann", Role.ADMIN)
        yield place


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    need(CHROMIUM.exists(), "Debian's chromium")
    expect.set_options(timeout=WAIT_MS)
    with chromium() as started:
        yield started


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport={"width": 1366, "height": 860}, accept_downloads=True)
    opened.set_default_timeout(WAIT_MS)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext, here: Desk) -> Iterator[Page]:
    """Ann's page."""
    opened = log_in(context, here.url)
    complaints = Complaints()
    complaints.listen(opened)
    yield opened
    assert complaints.said == []


@pytest.fixture
def seeder(here: Desk) -> Iterator[JobSeeder]:
    """A worker's hand; what it leaves in the queues is canceled, so that the next test's job is taken first."""
    yield JobSeeder(here.inside)
    with here.inside.services.database.write() as session:
        for job in session.scalars(select(Job).where(Job.state == State.QUEUED)):
            jobs.request_cancel(session, datetime.now(UTC), job)


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty seconds that Chromium plays."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    write_video(path, numbered(120, 320, 180), rate=4)
    return path
