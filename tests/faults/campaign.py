"""A campaign of faults against a whole cluster under load, and its ledger at the end."""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from db.tables import TERMINAL, CueRow
from tests.faults.chaos import Chaos
from tests.faults.cluster import Cluster
from tests.faults.film import expected_cues, make_film
from tests.faults.ledger import Ledger, audit, audit_recovery, audit_webhooks
from tests.faults.servers import proxy_to
from tests.postgres import postgres_server
from tests.servers import receiver_process, redis_server

FILM_S = 60
OPEN_JOBS = 9  # what three workers do at once
SETTLE_S = 300.0
PATIENCE_S = 20.0
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
        film = make_film(folder / "film.mp4", FILM_S)
        with field_of_battle(folder, seed) as chaos:
            chaos.cluster.listen(f"{chaos.receiver.url}/ok")
            ids = _fight(chaos, chaos.cluster.add_video(film), faults)
            ledger = _settle(chaos, ids, film, folder / "received.jsonl")
            return {
                "faults": sum(chaos.done.values()),
                "seed": seed,
                **ledger.summary(),
                "kinds": dict(sorted(chaos.done.items())),
                "seconds": round(time.monotonic() - began, 1),
                "faultless": ledger.faultless(),
            }


def _fight(chaos: Chaos, asset: UUID, faults: int) -> list[UUID]:
    """Strike again and again while new jobs keep coming; a strike must not fall before the last one was felt."""
    ids: list[UUID] = []
    chaos.start()
    ids += chaos.cluster.submit(asset, OPEN_JOBS)
    chaos.cluster.wait_running(ids[:1])
    for number in range(faults):
        name = chaos.strike()
        print(f"{number + 1}/{faults} {name}: {len(ids)} jobs", file=sys.stderr, flush=True)
        time.sleep(chaos.die.uniform(0.3, 1.5))
        ids += _top_up(chaos.cluster, asset, ids)
        _await_progress(chaos.cluster, _cues(chaos.cluster))
    return ids


def _await_progress(cluster: Cluster, before: int) -> None:
    """Strikes must meet work under way, or they would all fall on workers that still start."""
    deadline = time.monotonic() + PATIENCE_S
    while _cues(cluster) < before + OPEN_JOBS and time.monotonic() < deadline:
        time.sleep(0.2)


def _cues(cluster: Cluster) -> int:
    try:
        with cluster.database.read() as session:
            return session.scalars(select(func.count()).select_from(CueRow)).one()
    except SQLAlchemyError:
        return 0


def _top_up(cluster: Cluster, asset: UUID, ids: Sequence[UUID]) -> list[UUID]:
    try:
        still_open = sum(cluster.job(job_id).state not in TERMINAL for job_id in ids[-4 * OPEN_JOBS :])
        return cluster.submit(asset, max(0, OPEN_JOBS - still_open))
    except SQLAlchemyError:  # the database was just killed; a submit that was not confirmed is nobody's job
        return []


def _settle(chaos: Chaos, ids: Sequence[UUID], film: Path, received: Path) -> Ledger:
    """Let everything come to its end undisturbed, then count."""
    chaos.refill()
    try:
        chaos.cluster.wait(ids, SETTLE_S)
    except AssertionError as late:
        print(late, file=sys.stderr)
    ledger = audit(chaos.cluster.database, chaos.cluster.objects, ids, expected_cues(film))
    audit_recovery(ledger, chaos.cluster.database, ids, chaos.times)
    audit_webhooks(ledger, ids, received, SETTLE_S)
    return ledger
