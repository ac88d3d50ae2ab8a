"""The tenants of a campaign: each has its own video, key, receivers and jobs, and looks for what is not its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from db.documents.kinds.video import Cue
from db.schema.tables import TERMINAL
from tests.faults.campaign.watchers import Notes, Watcher
from tests.faults.cluster import Cluster
from tests.faults.retrying_client import RetryingClient
from tests.faults.sample_video import expected_cues, make_sample_video
from worker.process.persist import is_outage

T = TypeVar("T")
VIDEO_S = 60
SHADE = 90
PATIENT_S = 900.0  # a start may take minutes on a machine that others keep busy
LOOK_EVERY_S = 3.0
PAGES = ("/v1/jobs?limit=100", "/v1/assets?limit=100")


@dataclass
class Customer:
    """A tenant, and all it has done. `videos` have the expected cues, `chats` an answer each, `sheets` one result."""

    name: str
    tenant_id: UUID
    client: RetryingClient
    video: UUID
    sheet: UUID
    expected: Sequence[Cue]
    videos: list[UUID] = field(default_factory=list)
    sheets: list[UUID] = field(default_factory=list)
    forgotten: list[UUID] = field(default_factory=list)
    chats: dict[UUID, str] = field(default_factory=dict)
    seen: set[UUID] = field(default_factory=set)
    heard: list[Notes] = field(default_factory=list)

    @property
    def ids(self) -> list[UUID]:
        """Every job it was told the id of."""
        return [*self.videos, *self.sheets, *self.chats]

    @property
    def sheet_key(self) -> str:
        """An idempotency key that no datasheet before had, those deleted included: theirs would be answered with theirs."""
        return f"sheet-{len(self.sheets) + len(self.forgotten)}"

    def look(self) -> None:
        """Note the ids of everything its key shows in lists."""
        for path in PAGES:
            answer = self.client.ask("GET", path, PATIENT_S)
            self.seen |= {UUID(item["id"]) for item in answer.json()["items"]}

    def pry(self, other: Customer) -> None:
        """Ask for what is another's by its id; what is shown, or may be used, is noted as seen."""
        job_id = other.videos[-1]
        for part in ("", "/history", "/files", "/events"):
            self._note(job_id, self.client.ask("GET", f"/v1/jobs/{job_id}{part}", PATIENT_S).is_success)
        self._note(other.video, self.client.ask("GET", f"/v1/assets/{other.video}", PATIENT_S).is_success)
        asked = self.client.offer(
            {"video": {"asset_id": str(other.video)}}, f"theft-{job_id}", PATIENT_S, "video.caption"
        )
        self._note(other.video, asked.is_success)

    def watch(self, job_id: UUID) -> None:
        """Look on at a job; one at a time."""
        if all(notes.ended for notes in self.heard):
            self.heard.append(Watcher(self.client, job_id).notes)

    def _note(self, what: UUID, shown: bool) -> None:
        if shown:
            self.seen.add(what)


def customer(cluster: Cluster, name: str, number: int, receiver_url: str, sheet: Path) -> Customer:
    """A tenant with a video of its own, a receiver that answers and one that hangs."""
    tenant_id = cluster.add_tenant()
    sample_video = make_sample_video(cluster.folder / f"film-{name}.mp4", VIDEO_S, number * SHADE)
    for behaviour in ("ok", "hang"):
        cluster.listen(f"{receiver_url}/{behaviour}/{name}", tenant_id)
    video, document = cluster.add_video(sample_video, tenant_id), cluster.add_file(sheet, "application/pdf", tenant_id)
    return Customer(name, tenant_id, cluster.client(tenant_id), video, document, expected_cues(sample_video))


class Office:
    """Submits a customer's videos from a thread of its own, so that enough are always open, and looks around."""

    def __init__(self, cluster: Cluster, customer: Customer, other: Customer, open_jobs: int) -> None:
        self._cluster, self._customer, self._other, self._open_jobs = cluster, customer, other, open_jobs
        self._closing = threading.Event()
        self._looked_at = time.monotonic()
        self._thread = threading.Thread(target=self._work, name=f"office-{customer.name}")

    def open(self) -> None:
        self._thread.start()

    def is_open(self) -> bool:
        """Whether it still submits; it gives up when the api does not answer for very long."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Submit no more."""
        self._closing.set()
        self._thread.join()

    def _work(self) -> None:
        params: dict[str, Any] = {"video": {"asset_id": str(self._customer.video)}}
        videos = self._customer.videos
        while not self._closing.wait(0.1):
            if self._still_open() < self._open_jobs:
                videos.append(self._customer.client.submit(params, f"job-{len(videos)}", PATIENT_S))
                self._customer.watch(videos[-1])
            elif time.monotonic() - self._looked_at > LOOK_EVERY_S and self._other.videos:
                self._customer.look()
                self._customer.pry(self._other)
                self._looked_at = time.monotonic()

    def _still_open(self) -> int:
        try:
            recent = self._customer.videos[-4 * self._open_jobs :]
            return sum(self._cluster.job(job_id).state not in TERMINAL for job_id in recent)
        except SQLAlchemyError:  # the database was just killed
            return self._open_jobs


def stubborn(work: Callable[[], T], seconds: float = PATIENT_S) -> T:
    """Do it, again when the database is away."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return work()
        except SQLAlchemyError as error:
            if not is_outage(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.3)
