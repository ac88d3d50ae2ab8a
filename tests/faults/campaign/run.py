"""A campaign of faults against a whole cluster under load, and its ledger at the end."""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from math import inf
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from db.schema.tables import CueRow, Job, State
from tests.e2e.sheets import read_sheet, synthetic_sheet
from tests.faults.campaign import accounts
from tests.faults.campaign.chaos import Chaos
from tests.faults.campaign.customers import Office, customer
from tests.faults.campaign.faults import FAULTS
from tests.faults.cluster import Cluster, now
from tests.faults.ledger import Ledger, audit_recovery
from tests.faults.servers import proxy_to
from tests.postgres import postgres_server
from tests.servers import receiver_process, redis_server

DatabaseKind = Literal["sqlite", "postgres"]
OPEN_JOBS = 9  # what three workers do at once
SETTLE_S = 300.0
PATIENCE_S = 20.0
LOG_CHARS = 20_000
START_S = 300.0
MODELS = "fake=fake?delay_ms=120"
NAMES = ("first", "second")


@contextmanager
def field_of_battle(folder: Path, seed: int, kind: DatabaseKind) -> Iterator[Chaos]:
    """Servers and a cluster of their own, all in `folder`, with two customers."""
    (folder / "redis").mkdir()
    with (
        postgres_server() if kind == "postgres" else nullcontext() as postgres,
        redis_server(folder / "redis", append_only=False) as broker,
        proxy_to(broker.port, folder) as proxy,
        receiver_process(folder) as receiver,
    ):
        url = postgres.fresh() if postgres else f"sqlite:///{folder / 'bm3.sqlite3'}"
        cluster = Cluster(folder, url, proxy.url, MODELS)
        sheet = synthetic_sheet(folder)
        customers = [customer(cluster, name, number, receiver.url, sheet) for number, name in enumerate(NAMES)]
        try:
            yield Chaos(cluster, postgres, broker, proxy, receiver, random.Random(seed), customers)
        finally:
            cluster.stop()


@contextmanager
def told_why(cluster: Cluster, log: Path | None) -> Iterator[None]:
    """Where the campaign itself breaks off, what its processes said last goes to standard error; all of it to `log`."""
    try:
        yield
    except BaseException:
        print(cluster.log()[-LOG_CHARS:], file=sys.stderr)
        print([(one.role, one.pid) for one in cluster.processes if one.alive], file=sys.stderr)
        raise
    finally:
        if log is not None:
            log.write_text(cluster.log())


def campaign(
    faults: int, seed: int, kind: DatabaseKind, minutes: float = inf, log: Path | None = None
) -> dict[str, object]:
    """Run it, with fewer faults where time is up; the summary, with `faultless`: is all that must be zero?"""
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="bm3-faults-", ignore_cleanup_errors=True) as name,
        field_of_battle(Path(name), seed, kind) as chaos,
        told_why(chaos.cluster, log),
        chaos.managed(),
    ):
        first, second = chaos.customers
        share = OPEN_JOBS // 2
        offices = [
            Office(chaos.cluster, first, second, OPEN_JOBS - share),
            Office(chaos.cluster, second, first, share),
        ]
        _fight(chaos, offices, faults, began + 60 * minutes)
        ledger = _settle(chaos, Path(name))
        return {
            "database": kind,
            "faults": sum(chaos.done.values()),
            "seed": seed,
            **ledger.summary(),
            "kinds": dict(sorted(chaos.done.items())),
            "seconds": round(time.monotonic() - began, 1),
            "faultless": ledger.faultless(),
        }


def _fight(chaos: Chaos, offices: Sequence[Office], faults: int, until_s: float) -> None:
    """Strike again and again while new jobs keep coming; a strike must not fall before the last one was felt."""
    chaos.refill()
    for office in offices:
        office.open()
    try:
        _await_progress(chaos.cluster, 0, START_S)
        for number in range(faults):
            if time.monotonic() > until_s:
                break
            name = chaos.strike(FAULTS)
            chaos.tell(f"{now():%X} {number + 1}/{faults} {name}: {sum(len(who.ids) for who in chaos.customers)} jobs")
            time.sleep(chaos.die.uniform(0.3, 1.5))
            _await_progress(chaos.cluster, _cues(chaos.cluster), PATIENCE_S)
            chaos.tell_histories(_failed(chaos))
            assert all(office.is_open() for office in offices), "the api takes no jobs any more"
    finally:
        for office in offices:
            office.close()


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


def _failed(chaos: Chaos) -> Sequence[UUID]:
    ids = [job_id for who in chaos.customers for job_id in who.ids]
    try:
        with chaos.cluster.database.read() as session:
            return session.scalars(select(Job.id).where(Job.id.in_(ids), Job.state == State.FAILED)).all()
    except SQLAlchemyError:
        return []


def _settle(chaos: Chaos, folder: Path) -> Ledger:
    """Let everything come to its end undisturbed, then count."""
    cluster, customers = chaos.cluster, chaos.customers
    try:
        cluster.wait([job_id for who in customers for job_id in who.ids], SETTLE_S)
    except AssertionError as late:
        print(late, file=sys.stderr)
    for who, other in zip(customers, reversed(customers), strict=True):
        who.look()
        who.pry(other)
    forgotten = [job_id for who in customers for job_id in who.forgotten]
    told = [job_id for who in customers for job_id in who.ids]
    ledger = Ledger()
    accounts.audit_customers(ledger, cluster.database, cluster.objects, customers, _right_sheet(folder))
    accounts.audit_watchers(ledger, customers, SETTLE_S)
    accounts.audit_submits(ledger, cluster.database, [*told, *forgotten])
    accounts.audit_tenants(ledger, cluster.database, customers)
    accounts.audit_receivers(ledger, cluster.database, customers, folder / "received.jsonl", SETTLE_S)
    accounts.audit_purges(ledger, cluster.database, forgotten, SETTLE_S)
    accounts.audit_objects(ledger, cluster.database, cluster.objects, SETTLE_S)
    audit_recovery(ledger, cluster.database, told, chaos.times)
    chaos.tell_histories(ledger.suspects)
    return ledger


def _right_sheet(folder: Path) -> dict[str, Any]:
    """What an undisturbed reading of the datasheet finds, but for how long it took and where its files lie."""
    [sheet] = folder.glob("part-*.pdf")
    found: dict[str, Any] = json.loads(read_sheet(sheet).model_dump_json())
    return {name: value for name, value in found.items() if name not in ("seconds", "files", "provenance")}
