"""`python -m tests.e2e.screenshots`: every page, light, dark and narrow, into build/screenshots."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from playwright.sync_api import Browser
from sqlalchemy import update

from db.access.users import Role
from db.failures import Failure
from db.jobs.jobs import NewJob
from db.schema.tables import Job, JobAttempt, JobEvent, State, Worker
from db.webhooks import deliveries, endpoints
from db.webhooks.deliveries import Tried, Verdict
from db.webhooks.endpoints import NewEndpoint
from tests.e2e.browser import ROOT, Desk, chromium, desk, log_in
from tests.e2e.job_seeder import PROVENANCE, SPOKEN, JobSeeder, video_result
from tests.e2e.sheets import finished_sheet, read_sheet, synthetic_sheet

FOLDER = ROOT / "build" / "screenshots"
SIZES = {"light": (1366, 900), "dark": (1366, 900), "narrow": (380, 820)}
WHOLE = ("video", "datasheet", "chat-job")  # what stands below the first screen too
NAMES = ("site-camera-07.mp4", "warehouse-night.mp4", "assembly-line-2.mkv", "loading-dock.mov", "test-drive.mp4")


def main() -> int:
    """Write them all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, desk(Path(name)) as running, chromium() as browser:
        running.user("ann", Role.ADMIN)
        pages = _fill(running, Path(name))
        for look, size in SIZES.items():
            _shoot(browser, running, pages, look, size)
    print(f"{len(pages) + 1} pages in {len(SIZES)} looks: {FOLDER.relative_to(ROOT)}")
    return 0


def _shoot(browser: Browser, running: Desk, pages: dict[str, str], look: str, size: tuple[int, int]) -> None:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if look == "dark" else "light"
    )
    login_page = context.new_page()
    login_page.goto(f"{running.url}/login")
    login_page.screenshot(path=FOLDER / f"login-{look}.png")
    page = log_in(context, running.url)
    for name, path in pages.items():
        page.goto(running.url + path)
        page.wait_for_timeout(2500 if name.startswith("video") else 500)
        if name == "video":
            page.locator(".cue").nth(3).click()
            page.wait_for_timeout(400)
        if name == "datasheet":
            page.locator("foot-print .fp-pad").nth(3).hover()
        page.screenshot(path=FOLDER / f"{name}-{look}.png", full_page=look == "narrow")
        if name in WHOLE:
            page.screenshot(path=FOLDER / f"{name}-whole-{look}.png", full_page=True)
        if name == "video":
            page.locator("[data-edit]").click()
            page.screenshot(path=FOLDER / f"correct-{look}.png")
    context.close()


def _fill(running: Desk, folder: Path) -> dict[str, str]:
    """Jobs in every state; the paths of the pages to look at."""
    seeder = JobSeeder(running.inside)
    video = _scene(folder)
    for number in range(40):
        _ended(seeder, number)
    finished = _finished_video(seeder, video)
    _spread(seeder)
    growing = seeder.video("yard-live.mp4", video)
    _, epoch = seeder.begin(120_000)
    seeder.speak(growing, epoch, SPOKEN)
    seeder.video("lecture-12.mkv", labels={"course": "physics"})
    pdf = synthetic_sheet(folder)
    sheet = finished_sheet(seeder, pdf, read_sheet(pdf), "SOIC-24.pdf")
    endpoint, delivery = _endpoint(seeder)
    _worker(seeder, growing)
    return {
        "jobs": "/jobs?span=week",
        "submit": "/submit",
        "chat": "/chat",
        "live": "/live",
        "chat-job": f"/jobs/{_chat(seeder)}",
        "search": "/search?q=crate",
        "video": f"/jobs/{finished}",
        "video-growing": f"/jobs/{growing}",
        "datasheet": f"/jobs/{sheet}",
        "webhooks": "/webhooks",
        "endpoint": f"/webhooks/{endpoint}",
        "delivery": f"/webhooks/{endpoint}/deliveries/{delivery}",
        **{name: f"/{name}" for name in ("fleet", "keys", "usage", "audit", "settings")},
    }


def _scene(folder: Path) -> Path:
    path = folder / "scene.mp4"
    command = [sys.executable, "-m", "worker.bm3.scenes", "--seed", "3", "--minutes", "0.5", "--out", str(path)]
    subprocess.run([*command, "--truth", str(folder / "truth.json")], cwd=ROOT, check=True, capture_output=True)
    return path


def _ended(seeder: JobSeeder, number: int) -> None:
    seeder.video(NAMES[number % len(NAMES)], labels={"site": ("north", "south")[number % 2]})
    job_id, epoch = seeder.begin(60_000)
    if number % 7 == 3:
        seeder.fail(job_id, epoch, Failure.INVALID_MEDIA, "the file has no video stream")
        return
    seeder.finish(job_id, epoch, video_result(8, 60_000))


def _finished_video(seeder: JobSeeder, video: Path) -> UUID:
    seeder.video("loading-bay.mp4", video, labels={"site": "north"})
    job_id, epoch = seeder.begin(30_000)
    seeder.speak(job_id, epoch, SPOKEN[:4])
    seeder.lose(job_id, epoch)
    job_id, epoch = seeder.begin(30_000)
    seeder.speak(job_id, epoch, (*SPOKEN[4:], *SPOKEN[:3]), 4)
    chapters = [
        {"start_ms": 0, "end_ms": 12_000, "title": "Arrival"},
        {"start_ms": 12_000, "end_ms": 30_000, "title": "Loading"},
    ]
    gaps = [{"start_ms": 23_000, "end_ms": 25_500, "reason": "damaged packets"}]
    summary = "A van backs up to the ramp, a crane lifts a crate, and rain begins."
    seeder.finish(job_id, epoch, video_result(11, 30_000, gaps=gaps, chapters=chapters, summary=summary))
    return job_id


def _spread(seeder: JobSeeder) -> None:
    """Move what was made in a second over the days before, as if it had taken its time."""
    now = datetime.now(UTC)
    with seeder.inside.services.database.write() as session:
        rows = session.query(Job).order_by(Job.id.desc()).all()
        for number, job in enumerate(rows):
            began = now - timedelta(minutes=7 * number**1.75 + 4)
            took = timedelta(seconds=4 + number * 7 % 19)
            job.created_at, job.queued_at, job.started_at = began, began, began + timedelta(seconds=2)
            job.finished_at = began + took if job.state in (State.SUCCEEDED, State.FAILED) else None
            session.execute(update(JobEvent).where(JobEvent.job_id == job.id).values(at=began))
            tried = session.query(JobAttempt).filter_by(job_id=job.id).order_by(JobAttempt.attempt).all()
            for place, one in enumerate(tried):
                one.started_at = began + place * took / len(tried)
                one.ended_at = began + (place + 0.9) * took / len(tried)


def _chat(seeder: JobSeeder) -> UUID:
    """A conversation of two turns."""
    said = [
        {
            "role": "user",
            "content": [
                {"type": "image", "image": {"url": "https://example.com/yard.jpg"}},
                {"type": "text", "text": "What lifts the crate?"},
            ],
        },
        {"role": "assistant", "content": "A crane, by its hook."},
        {"role": "user", "content": "Is anybody near it?"},
    ]
    job_id = seeder.job(NewJob(seeder.tenant_id, "chat.complete", "chat", {"messages": said}))
    _, epoch = seeder.begin(0, "chat")
    answer = {"text": "No, the yard is empty apart from a dog.", "finish_reason": "stop"}
    counts = {"prompt_tokens": 912, "completion_tokens": 11, "timings": {"first_token_s": 0.3, "tokens_per_second": 48}}
    seeder.finish(job_id, epoch, {**answer, **counts, "provenance": PROVENANCE})
    return job_id


def _endpoint(seeder: JobSeeder) -> tuple[UUID, UUID]:
    now, sent = datetime.now(UTC), []
    with seeder.inside.services.database.write() as session:
        new = NewEndpoint(seeder.tenant_id, "https://hooks.example.com/bm3", ("job.succeeded", "job.failed"))
        endpoint = endpoints.create(session, now, new)
        sent = [endpoints.send_test(session, now, endpoint).id for _ in range(4)]
        for due in deliveries.claim(session, now, sent):
            good = due.delivery_id != sent[-1]
            headers = {"webhook-id": str(due.event_id), "webhook-timestamp": str(int(now.timestamp()))}
            head = "HTTP/1.1 204 No Content" if good else "HTTP/1.1 500 Internal Server Error\n\nout of memory"
            tried = Tried("delivered" if good else "rejected", 204 if good else 500, None, headers, head, 41)
            deliveries.settle(session, now, due, tried, Verdict(good, None))
    return endpoint.id, sent[-1]


def _worker(seeder: JobSeeder, job_id: UUID) -> None:
    now = datetime.now(UTC)
    gpu = {"name": "NVIDIA L4", "memory_used_mib": 8678, "memory_total_mib": 23_034, "load": 71}
    models = [{"name": PROVENANCE["model"], **PROVENANCE, "context_tokens": 8192}]
    data = {"models": models, "gpu": [gpu], "jobs": [str(job_id)]}
    with seeder.inside.services.database.write() as session:
        session.add(
            Worker(
                id="gpu-1",
                role="gpu",
                queues=["gpu"],
                slots=4,
                started_at=now - timedelta(hours=5),
                heartbeat_at=now,
                data=data,
            )
        )


if __name__ == "__main__":
    sys.exit(main())
