"""A real api process, a real Chromium, and the hand of a worker that writes what a running job would."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from db.access import tenants, users
from db.access.users import NewUser, Role
from tests.api.running_app import NO_REDIS, RunningApp, running_app
from tests.servers import free_port

ROOT = Path(__file__).parent.parent.parent
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PASSWORD = "correct horse battery"
START_S = 120.0


@dataclass(frozen=True)
class Desk:
    """A running dashboard: where it is, and the same database from inside."""

    url: str
    inside: RunningApp

    def user(self, name: str, role: Role, tenant: str = tenants.DEFAULT) -> None:
        """Somebody who can log in with PASSWORD."""
        kept, now = users.hashed(PASSWORD), datetime.now(UTC)
        with self.inside.services.database.write() as session:
            found = next((one for one in tenants.listed(session) if one.name == tenant), None)
            found = found or tenants.create(session, now, tenant)
            users.create(session, now, NewUser(found.id, name, kept, role))


@dataclass
class Complaints:
    """What a browser said against our pages."""

    said: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        page.on("console", lambda message: self._console(message.type, message.text))
        page.on("pageerror", lambda error: self.said.append(f"page error: {error}"))

    def _console(self, kind: str, text: str) -> None:
        if kind == "error" or "Content Security Policy" in text:
            self.said.append(f"{kind}: {text}")


@contextmanager
def desk(folder: Path, database_url: str = "", redis_url: str = NO_REDIS) -> Iterator[Desk]:
    """`python -m api` on a free port, until the block ends."""
    port = free_port()
    environment = {
        **os.environ,
        "BM3_DATA_DIR": str(folder),
        "BM3_DATABASE_URL": database_url,
        "BM3_REDIS_URL": redis_url,
        "BM3_API_PORT": str(port),
        "BM3_API_SSE_POLL_ALONE_S": "0.1",
    }
    with running_app(folder, database_url, redis_url, live=False) as inside:
        with (folder / "api.log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "api"], cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            _wait(f"http://127.0.0.1:{port}/healthz", process, folder / "api.log")
            yield Desk(f"http://127.0.0.1:{port}", inside)
        finally:
            process.terminate()
            process.wait(60)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def log_in(context: BrowserContext, url: str, name: str = "ann", password: str = PASSWORD) -> Page:
    """A page of somebody who is logged in."""
    page = context.new_page()
    page.goto(f"{url}/login")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{url}/jobs**")
    return page


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            if httpx.get(url, timeout=1).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
        if process.poll() is not None:
            break
    raise RuntimeError(f"the api did not start:\n{log.read_text()[-2000:]}")
