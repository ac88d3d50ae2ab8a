"""Webhook receivers that never answer beside those that do: how long the others' events take."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from db.access import tenants
from db.documents.event_types import EventType
from db.schema.base import new_id
from db.schema.tables import Outbox
from db.settings import Settings
from db.webhooks import endpoints
from db.webhooks.endpoints import NewEndpoint
from tests.faults.cluster import Cluster
from tests.receiver import read_log
from tests.servers import receiver_process
from worker.settings import WorkerSettings

HANGING, TENANTS = 100, 10
SECONDS, EVERY_S, HANGING_EVERY = 45.0, 0.5, 10  # three times as long as an attempt may take
PATIENCE_S = 60.0


def delays(folder: Path, redis_url: str, database_url: str) -> tuple[list[float], int]:
    """Seconds from an event's commit to its arrival at two receivers that answer: one of a tenant of its own, one of a
    tenant with ten that do not. And how many did not arrive at all."""
    folder.mkdir()
    with receiver_process(folder) as hooks:
        cluster = Cluster(folder, database_url, redis_url, settings=_clocks())
        try:
            answering, hanging = _listeners(cluster, hooks.url)
            for role in ("dispatcher", "light"):
                cluster.start(role)
            _await_start(cluster, answering, folder / "received.jsonl")
            sent = _send(cluster, answering, hanging)
            return _arrived(folder / "received.jsonl", sent)
        finally:
            cluster.stop()


def _clocks() -> dict[str, str]:
    """Those of the processes as they come, not the cluster's short ones."""
    return {
        "BM3_DISPATCH_EVERY_S": str(Settings.model_fields["dispatch_every_s"].default),
        "BM3_WORKER_POLL_S": str(WorkerSettings.model_fields["poll_s"].default),
        "BM3_WORKER_CONSUMER_STALL_S": str(WorkerSettings.model_fields["consumer_stall_s"].default),
    }


def _await_start(cluster: Cluster, answering: Sequence[UUID], log: Path) -> None:
    """Until both processes have started: an event has arrived."""
    with cluster.database.write() as session:
        session.add(_event(answering[0]))
    end = time.monotonic() + PATIENCE_S
    while not (log.exists() and read_log(log)):
        assert time.monotonic() < end, cluster.log()
        time.sleep(0.1)


def _listeners(cluster: Cluster, url: str) -> tuple[list[UUID], list[UUID]]:
    """Tenants with a receiver that answers, and tenants whose receivers hang; the first of these has both."""
    now = datetime.now(UTC)
    with cluster.database.write() as session:
        crowd = [tenants.create(session, now, f"hanging {number}").id for number in range(TENANTS)]
        alone = tenants.create(session, now, "answering").id
        for number in range(HANGING):
            endpoints.create(session, now, NewEndpoint(crowd[number % TENANTS], f"{url}/hang"))
        for tenant_id in (alone, crowd[0]):
            endpoints.create(session, now, NewEndpoint(tenant_id, f"{url}/ok"))
    return [alone, crowd[0]], crowd[1:]


def _send(cluster: Cluster, answering: Sequence[UUID], hanging: Sequence[UUID]) -> dict[str, float]:
    """Events again and again, fewer for receivers that hang; when each for those that answer was committed."""
    sent: dict[str, float] = {}
    end = time.monotonic() + SECONDS
    for number in itertools.count():
        if time.monotonic() > end:
            return sent
        wanted = (*answering, *(hanging if number % HANGING_EVERY == 0 else ()))
        with cluster.database.write() as session:
            rows = [_event(tenant_id) for tenant_id in wanted]
            session.add_all(rows)
        at = time.time()
        sent |= {row.data["asset_id"]: at for row in rows[: len(answering)]}
        time.sleep(EVERY_S)
    return sent


def _event(tenant_id: UUID) -> Outbox:
    subject = new_id()
    data = {"asset_id": str(subject), "state": "ready", "filename": "a.mp4", "size_bytes": 1}
    now = datetime.now(UTC)
    return Outbox(tenant_id=tenant_id, type=EventType.ASSET_VERIFIED, subject_id=subject, data=data, created_at=now)


def _arrived(log: Path, sent: dict[str, float]) -> tuple[list[float], int]:
    end = time.monotonic() + PATIENCE_S
    while True:
        heard = {json.loads(one.body)["data"]["asset_id"]: one.at_s for one in read_log(log) if one.path == "/ok"}
        if sent.keys() <= heard.keys() or time.monotonic() > end:
            return [heard[key] - at for key, at in sent.items() if key in heard], len(sent.keys() - heard.keys())
        time.sleep(0.5)
