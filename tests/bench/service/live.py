"""How fast watchers hear of cues, and how fast a submitted video is decoded."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

import httpx
import redis

from db.broker.queue import LIVE_CHANNEL, RedisSignals, celery_app
from db.documents.kinds.video import Cue
from db.jobs import jobs, leases, progress
from db.jobs.jobs import NewJob
from db.jobs.progress import ProgressStep
from db.schema.tables import Job
from db.session import Database
from tests.bench.api_process import ROOT, ApiProcess, api_process
from tests.bench.service.bare import BEGAN, commit_row
from tests.bench.service.report import percentiles, tell
from tests.e2e.service import service
from tests.postgres import PostgresServer
from tests.worker.video.footage import numbered, write_video

WATCHERS = 200


CUES = 30


FIRSTS = 30


def watchers(folder: Path, redis_url: str, postgres: PostgresServer) -> None:
    """How long a cue takes from its commit to each of 200 watchers of one job, and what it costs the api."""
    with api_process(folder / "watch", postgres.fresh(), redis_url) as api:
        database = Database(api.database.url, RedisSignals(redis_url))
        with database.write() as session:
            new = NewJob(api.tenant_id, "video.caption", "gpu", {})
            jobs.submit(session, datetime.now(UTC), new)
        late, cpu_s = asyncio.run(_watch(api, database))
        percentiles("sse_200_watchers_cue_delay", late)
        tell("sse_200_watchers_api_cpu_per_cue", cpu_s / CUES * 1000, "ms")
        tell("sse_200_watchers_lost", WATCHERS * CUES - len(late), "cues")
        database.dispose()


async def _watch(api: ApiProcess, database: Database) -> tuple[list[float], float]:
    now = datetime.now(UTC)
    with database.write() as session:
        job = leases.claim(session, now, "gpu", "bench", 600)
        assert job is not None
        leases.start(session, now, job.id, job.epoch)
    saved: dict[int, float] = {}
    late: list[float] = []
    watching = asyncio.Semaphore(0)
    limits = httpx.Limits(max_connections=WATCHERS)
    async with httpx.AsyncClient(base_url=api.url, headers=api.headers, limits=limits, timeout=60) as client:

        async def watch() -> None:
            async with client.stream("GET", f"/v1/jobs/{job.id}/events") as answer:
                kind = ""
                async for line in answer.aiter_lines():
                    kind = line[7:] if line.startswith("event: ") else kind
                    if kind == "progress" and line.startswith("data: "):
                        watching.release()
                    if kind == "cue" and line.startswith("data: "):
                        late.append(time.perf_counter() - saved[json.loads(line[6:])["seq"]])

        tasks = [asyncio.create_task(watch()) for _ in range(WATCHERS)]
        for _ in tasks:
            await watching.acquire()
        cpu_s = api.cpu_s()
        for number in range(CUES):
            await asyncio.to_thread(_speak, database, job, number, saved)
            await asyncio.sleep(0.25)
        cpu_s = api.cpu_s() - cpu_s
        with database.write() as session:
            leases.cancel_owned(session, now, job.id, job.epoch, leases.Usage())
        await asyncio.wait(tasks, timeout=20)
    return late, cpu_s


def _speak(database: Database, job: Job, number: int, saved: dict[int, float]) -> None:
    cue = Cue(seq=number, start_ms=number, end_ms=number + 1, text="A cue.", chunk_first=0, chunk_last=0)
    with database.write() as session:
        progress.save(session, datetime.now(UTC), job.id, job.epoch, ProgressStep([cue], {}, number))
        saved[number] = time.perf_counter()


def first_decode(folder: Path, redis_url: str, postgres: PostgresServer) -> None:
    """From a submit to the first text that the model's child has decoded, on an idle service, in turns with a bare
    Celery task that says when it begins, and with one that is as durable as a job. All are timed here, from before the
    call to the message."""
    with service(folder / "first", BM3_WORKER_MODELS="fake") as running, running.client() as client:
        broker = running.environment["BM3_REDIS_URL"]
        asset, heard = client.upload(_clip(folder)).id, Listener(broker)
        with _bare_worker(folder, broker) as bare_delay_s:
            rows = str(folder / "rows.sqlite3")
            rounds = [
                (*_decoded_after_s(client, asset, heard), bare_delay_s(""), bare_delay_s(rows))
                for _ in range(FIRSTS + 1)
            ]
    decoded, started, bare, durable = zip(*rounds[1:], strict=True)  # the first waited for workers and imports
    percentiles("submit_to_first_decode", decoded)
    percentiles("submit_to_started", started)
    percentiles("bare_celery_task", bare)
    percentiles("durable_celery_task", durable)
    for name, delays in (("bare", bare), ("durable", durable)):
        ratio = median(decoded) / median(delays)
        tell(f"submit_to_first_decode_to_{name}_task", ratio, "ratio", vs=f"{name}_celery_task")


class Listener:
    """When the first text of each job came, as its watchers would be told."""

    def __init__(self, broker: str) -> None:
        self._first: dict[str, float] = {}
        self._changed = threading.Condition()
        self._link = redis.Redis.from_url(broker).pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        self._link.psubscribe(f"{LIVE_CHANNEL}*")
        threading.Thread(target=self._listen, daemon=True).start()

    def first_text(self, job_id: str) -> float:
        """The time of a job's first text, waited for."""
        with self._changed:
            assert self._changed.wait_for(lambda: job_id in self._first, 60)
            return self._first[job_id]

    def _listen(self) -> None:
        with suppress(redis.ConnectionError):  # the service has ended
            for message in self._link.listen():
                with self._changed:
                    self._first.setdefault(message["channel"].decode().removeprefix(LIVE_CHANNEL), time.time())
                    self._changed.notify_all()


def _clip(folder: Path) -> Path:
    return write_video(folder / "clip.mp4", numbered(60))


def _decoded_after_s(client: Any, asset: UUID, heard: Listener) -> tuple[float, float]:
    """Seconds from a submit to the first text, and from the row's creation to its start; the job is then awaited."""
    params = {"video": {"asset_id": asset}, "sampling": {"seed": time.time_ns() % 2**31}}
    sent = time.time()
    job = client.submit("video.caption", params, cache="bypass")
    decoded = heard.first_text(str(job.id))
    for _ in client.watch(job):
        pass
    done = client.job(job)
    assert done.started_at is not None
    return decoded - sent, (done.started_at - done.created_at).total_seconds()


@contextmanager
def _bare_worker(folder: Path, broker: str) -> Iterator[Callable[[str], float]]:
    """A worker of bare tasks; yields what calls one and says how long it took to begin, durably in a file if given."""
    app, link = celery_app(broker), redis.Redis.from_url(broker, socket_timeout=90)

    def delay_s(file: str) -> float:
        sent = time.time()
        if file:
            commit_row(file)
        app.send_task("bare.begin", args=[file], queue="bare", ignore_result=True)
        link.blpop([BEGAN], timeout=60)
        return time.time() - sent

    celery = ["celery", "-A", "tests.bench.service.bare_celery", "worker", "--pool", "threads", "-Q", "bare", "-c", "2"]
    with (folder / "bare.log").open("w") as log:
        environment = {**os.environ, "BM3_REDIS_URL": broker}
        process = subprocess.Popen([sys.executable, "-m", *celery], cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        yield delay_s
    finally:
        process.terminate()
        process.wait(20)
