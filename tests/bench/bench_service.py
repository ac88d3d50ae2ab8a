"""Benchmark of the service around the model: submits, claims, watchers, and the way from a submit to the first decode.

    python -m tests.bench.bench_service                 everything; one JSON object a line on stdout, nothing else
    python -m tests.bench.bench_service submit claims   parts of it

Submits are sent at fixed times whatever the answers do, and their latency counts from that time.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import insert

from db.access import tenants
from db.jobs import leases
from db.ops import migrate
from db.schema.base import new_id
from db.schema.tables import Job, State
from db.session import Database
from tests.bench import hanging
from tests.bench.api_process import ApiProcess, api_process
from tests.bench.service.live import first_decode, watchers
from tests.bench.service.report import percentiles, tell
from tests.postgres import PostgresServer, postgres_server
from tests.servers import redis_server

BODY = {"kind": "video.caption", "params": {"video": {"url": "https://example.com/a.mp4"}}}


RATES = (50, 200)


SUBMIT_S = 10.0


CLAIMS = 300


def submits(folder: Path, redis_url: str, postgres: PostgresServer) -> None:
    """Latency of submits at fixed rates, on each database."""
    for name, url in (("sqlite", ""), ("postgres", postgres.fresh())):
        with api_process(folder / name, url, redis_url) as api:
            asyncio.run(_submit_at(api, 20, 2.0))  # the first requests pay for imports and connections
            for rate in RATES:
                took, failed = asyncio.run(_submit_at(api, rate, SUBMIT_S))
                percentiles(f"submit_{name}_{rate}_per_s", took)
                tell(f"submit_{name}_{rate}_per_s_failed", failed, "requests")


async def _submit_at(api: ApiProcess, rate: int, seconds: float) -> tuple[list[float], int]:
    took: list[float] = []
    failed = 0
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    async with httpx.AsyncClient(base_url=api.url, headers=api.headers, limits=limits, timeout=60) as client:
        began = time.perf_counter()

        async def one(number: int) -> None:
            nonlocal failed
            due = began + number / rate
            await asyncio.sleep(due - time.perf_counter())
            answer = await client.post("/v1/jobs", json=BODY)
            failed += answer.status_code != 202
            took.append(time.perf_counter() - due)

        await asyncio.gather(*(one(number) for number in range(int(rate * seconds))))
    return took, failed


def claims(folder: Path, redis_url: str, postgres: PostgresServer) -> None:
    """Claims a second with few and with many jobs queued."""
    for name, url in (("sqlite", f"sqlite:///{folder / 'claims.sqlite3'}"), ("postgres", postgres.fresh())):
        database = Database(url)
        migrate.upgrade(database)
        few = _claims_per_s(database, 1_000)
        many = _claims_per_s(database, 100_000)
        tell(f"claims_{name}_1000_queued", few, "claims/s")
        tell(f"claims_{name}_100000_queued", many, "claims/s")
        tell(f"claims_{name}_slower", few / many, "ratio", vs="1000 queued")
        database.dispose()


def _claims_per_s(database: Database, queued: int) -> float:
    now = datetime.now(UTC)
    with database.write() as session:
        owners = [tenants.create(session, now, f"tenant {queued} {number}").id for number in range(5)]
    with database.write() as session:
        session.execute(insert(Job), [_row(owners[number % 5], now) for number in range(queued)])
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE jobs")
    began = time.perf_counter()
    for _ in range(CLAIMS):
        with database.write() as session:
            job = leases.claim(session, now, "gpu", "bench", 60)
            assert job is not None
            leases.cancel_owned(session, now, job.id, job.epoch, leases.Usage())
    return CLAIMS / (time.perf_counter() - began)


def _row(tenant_id: UUID, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "tenant_id": tenant_id,
        "kind": "video.caption",
        "queue": "gpu",
        "state": State.QUEUED,
        "params": BODY["params"],
        "created_at": now,
        "queued_at": now,
    }


def webhooks(folder: Path, redis_url: str, postgres: PostgresServer) -> None:
    """How long events take to receivers that answer, beside a hundred that never do."""
    took, lost = hanging.delays(folder / "webhooks", redis_url, postgres.fresh())
    percentiles("webhook_beside_100_hanging", took)
    tell("webhook_beside_100_hanging_max", max(took) * 1000, "ms")
    tell("webhook_beside_100_hanging_lost", lost, "events")


Part = Callable[[Path, str, PostgresServer], None]


PARTS: dict[str, Part] = {
    "submit": submits,
    "claims": claims,
    "watchers": watchers,
    "first": first_decode,
    "webhooks": webhooks,
}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all")
    chosen = parser.parse_args(arguments).parts or [*PARTS]
    with (
        tempfile.TemporaryDirectory(prefix="bm3-bench-") as name,
        redis_server(Path(name), append_only=False) as broker,
        postgres_server() as postgres,
    ):
        for part in chosen:
            PARTS[part](Path(name), broker.url, postgres)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
