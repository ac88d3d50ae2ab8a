"""A campaign of faults against a whole cluster under load, and its ledger at the end."""

from __future__ import annotations

import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from db.schema.tables import TERMINAL, CueRow, Job
from tests.faults.chaos import Chaos
from tests.faults.cluster import Cluster
from tests.faults.ledger import Ledger, audit, audit_recovery, audit_webhooks
from tests.faults.sample_video import expected_cues, make_sample_video
from tests.faults.servers import proxy_to
from tests.postgres import postgres_server
from tests.servers import receiver_process, redis_server

FILM_S = 60
OPEN_JOBS = 9  # what three workers do at once
SETTLE_S = 300.0
PATIENCE_S = 20.0
START_S = 120.0
MODELS = "fake=fake?delay_ms=120"


@contextmanager
def field_of_battle(folder: Path, seed: int) -> Iterator[Chaos]:
    """Servers and a cluster of their own, all in `folder`."""
    (folder / "redis").mkdir()
    with (
        postgres_server() as postgres,
        redis_server(folder / "redis", append_only=False) as broker,
        proxy_to(broker.port, folder) as proxy,
        receiver_process(folder) as receiver,
    ):
        cluster = Cluster(folder, postgres.fresh(), proxy.url, MODELS)
        try:
            yield Chaos(cluster, postgres, broker, proxy, receiver, random.Random(seed))
        finally:
            cluster.stop()


def campaign(faults: int, seed: int) -> dict[str, object]:
    """Run it; the summary, with `faultless` for whether everything that must be zero is."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bm3-faults-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        film = make_sample_video(folder / "film.mp4", FILM_S)
        with field_of_battle(folder, seed) as chaos:
            chaos.cluster.listen(f"{chaos.receiver.url}/ok")
            office = Office(chaos, {"video": {"asset_id": str(chaos.cluster.add_video(film))}})
            ids = _fight(chaos, office, faults)
            ledger = _settle(chaos, ids, film, folder / "received.jsonl")
            return {
                "faults": sum(chaos.done.values()),
                "seed": seed,
                **ledger.summary(),
                "kinds": dict(sorted(chaos.done.items())),
                "seconds": round(time.monotonic() - began, 1),
                "faultless": ledger.faultless(),
            }


class Office:
    """Submits jobs through the api from a thread of its own, so that enough are always open."""

    def __init__(self, chaos: Chaos, params: dict[str, Any]) -> None:
        self.ids: list[UUID] = []
        self._cluster, self._door, self._params = chaos.cluster, chaos.cluster.door(), params
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="office")

    def open(self) -> None:
        self._thread.start()

    def is_open(self) -> bool:
        """Whether it still submits; it gives up when the api does not answer for very long."""
        return self._thread.is_alive()

    def close(self) -> list[UUID]:
        """Submit no more; all that were submitted."""
        self._closing.set()
        self._thread.join()
        return self.ids

    def _work(self) -> None:
        while not self._closing.wait(0.1):
            if self._still_open() < OPEN_JOBS:
                self.ids.append(self._door.submit(self._params, f"job-{len(self.ids)}", SETTLE_S))

    def _still_open(self) -> int:
        try:
            return sum(self._cluster.job(job_id).state not in TERMINAL for job_id in self.ids[-4 * OPEN_JOBS :])
        except SQLAlchemyError:  # the database was just killed
            return OPEN_JOBS


def _fight(chaos: Chaos, office: Office, faults: int) -> list[UUID]:
    """Strike again and again while new jobs keep coming; a strike must not fall before the last one was felt."""
    chaos.refill()
    office.open()
    _await_progress(chaos.cluster, 0, START_S)
    for number in range(faults):
        name = chaos.strike()
        print(f"{number + 1}/{faults} {name}: {len(office.ids)} jobs", file=sys.stderr, flush=True)
        time.sleep(chaos.die.uniform(0.3, 1.5))
        _await_progress(chaos.cluster, _cues(chaos.cluster), PATIENCE_S)
        assert office.is_open(), "the api takes no jobs any more"
    chaos.refill()
    return office.close()


def _await_progress(cluster: Cluster, before: int, seconds: float) -> None:
    """Strikes must meet work under way, or they would all fall on workers that still start."""
    deadline = time.monotonic() + seconds
    while _cues(cluster) < before + OPEN_JOBS and time.monotonic() < deadline:
        time.sleep(0.2)


def _cues(cluster: Cluster) -> int:
    try:
        with cluster.database.read() as session:
            return session.scalars(select(func.count()).select_from(CueRow)).one()
    except SQLAlchemyError:
        return 0


def _settle(chaos: Chaos, ids: Sequence[UUID], film: Path, received: Path) -> Ledger:
    """Let everything come to its end undisturbed, then count."""
    chaos.refill()
    try:
        chaos.cluster.wait(ids, SETTLE_S)
    except AssertionError as late:
        print(late, file=sys.stderr)
    ledger = audit(chaos.cluster.database, chaos.cluster.objects, ids, expected_cues(film))
    with chaos.cluster.database.read() as session:
        ledger.duplicate_submits = session.scalars(select(func.count()).select_from(Job)).one() - len(ids)
    audit_recovery(ledger, chaos.cluster.database, ids, chaos.times)
    audit_webhooks(ledger, ids, received, SETTLE_S)
    return ledger
