"""Looks at everything the service leans on and says in plain words what is wrong and what to do about it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import redis
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from db.commands import command
from db.jobs import counts, fleet, served
from db.ops import clock, migrate
from db.ops.findings import Finding, Level
from db.redis_client import redis_client
from db.schema.tables import Leader, Outbox
from db.schema.tables_webhooks import WebhookEndpoint
from db.session import Database, database_now
from db.settings import Settings
from db.storage.objects import ObjectError, ObjectStore
from db.storage.open import open_store

SKEW_WARN_S = 2.0
DISK_WARN_BYTES = 5 << 30
WAIT_WARN = timedelta(minutes=10)


@dataclass(frozen=True)
class Patient:
    """What is examined."""

    settings: Settings
    database: Database
    redis: redis.Redis
    objects: Callable[[], ObjectStore]


def patient(settings: Settings) -> Patient:
    """What the settings point to."""
    return Patient(
        settings, Database(settings.database()), redis_client(settings.redis_url), lambda: open_store(settings)
    )


def examine(one: Patient) -> list[Finding]:
    """Every finding. A part that is away is reported once, and what depends on it is left out."""
    found = [*_objects(one), *_redis(one), *_disk(one)]
    try:
        found += [*_database(one), *_migrations(one)]
        if not any(finding.level is Level.FAIL and finding.subject == "migrations" for finding in found):
            found += [*_leap(one), *_fleet(one), *_backlog(one)]
    except SQLAlchemyError as error:
        found.append(_fail("database", f"cannot be used: {_brief(error)}", "check BM3_DATABASE_URL and that it runs"))
    return found


def _database(one: Patient) -> Iterator[Finding]:
    with one.database.read() as session:
        skew_s = abs((database_now(session) - datetime.now(UTC)).total_seconds())
        if one.database.is_sqlite:
            mode = session.execute(text("PRAGMA journal_mode")).scalar_one()
            yield _judge(
                "database", mode == "wal", f"SQLite, journal mode {mode}", "delete journal_mode settings; WAL is needed"
            )
        else:
            yield _ok("database", f"PostgreSQL {session.execute(text('SHOW server_version')).scalar_one()}")
    fine = skew_s < SKEW_WARN_S
    yield _judge("clock", fine, f"{skew_s:.1f} s apart from the database's", "run NTP on both machines", Level.WARN)


def _leap(one: Patient) -> Iterator[Finding]:
    """Said after the migrations: an old database knows nothing of it."""
    with one.database.read() as session:
        since = clock.leapt_since(session)
    if since is not None:
        advice = "set the clock right, or wait: nothing is expired or purged for a day after a leap"
        yield Finding(Level.WARN, "clock", f"it leapt to {since:%Y-%m-%d %H:%M} UTC", advice)


def _migrations(one: Patient) -> Iterator[Finding]:
    current = migrate.is_current(one.database)
    said = "migrated by a newer version than this" if migrate.is_newer(one.database) else "up to date"
    yield _judge("migrations", current, said if current else "the database is behind", f"run: {command('db migrate')}")


def _redis(one: Patient) -> Iterator[Finding]:
    try:
        one.redis.ping()
        policy = _redis_setting(one.redis, "maxmemory-policy")
    except (redis.RedisError, OSError) as error:
        advice = "check BM3_REDIS_URL; until then jobs start only by polling and live views are slow"
        yield _fail("redis", f"does not answer: {_brief(error)}", advice)
        return
    yield _ok("redis", "answers")
    if policy not in (None, "noeviction"):
        advice = "set maxmemory-policy to noeviction: under memory pressure Redis now throws wake-up messages away"
        yield Finding(Level.WARN, "redis", f"maxmemory-policy is {policy}", advice)


def _objects(one: Patient) -> Iterator[Finding]:
    where = one.settings.s3_bucket if one.settings.object_store == "s3" else str(one.settings.data_dir / "store")
    try:
        one.objects().check()
    except ObjectError as error:
        yield _fail(
            "objects",
            f"{where} cannot be used: {_brief(error)}",
            "check BM3_OBJECT_STORE, the bucket and its credentials",
        )
        return
    yield _ok("objects", f"{one.settings.object_store}: {where}")


def _disk(one: Patient) -> Iterator[Finding]:
    folder = one.settings.data_dir
    if not folder.exists():
        yield Finding(Level.WARN, "disk", f"{folder} is not there yet", "it is made at the first start")
        return
    free = shutil.disk_usage(folder).free
    yield _judge("disk", free > DISK_WARN_BYTES, f"{free >> 30} GiB free", "make room: uploads need it", Level.WARN)
    if not os.access(folder, os.W_OK):
        yield _fail("disk", f"{folder} cannot be written", "give it to the user the service runs as")


def _fleet(one: Patient) -> Iterator[Finding]:
    now = datetime.now(UTC)
    with one.database.read() as session:
        alive = counts.alive_workers(session, now)
        leader = session.scalars(select(Leader).where(Leader.role == "dispatcher")).one_or_none()
        broken = served.broken(session, now)
        split = served.split(session, now)
        versions = {
            str(row.data.get("packages", {}).get("bm3-vl"))
            for row in fleet.workers(session)
            if row.heartbeat_at > now - counts.HEARTBEAT_LIFE
        }
    for model in broken:
        advice = (
            "mend the folder it names: the worker takes no job for this model, and tries it again within ten minutes; "
            "a changed BM3_WORKER_MODELS needs a restart"
        )
        yield _fail("models", f"{model.worker} cannot load {model.name}: {model.problem}", advice)
    yield from _nodes(split)
    for role in ("gpu", "cpu", "light"):
        yield _judge(
            role,
            alive.get(role, 0) > 0,
            f"{alive.get(role, 0)} alive",
            f"start: {command(f'worker {role}')}",
            Level.WARN,
        )
    leading = leader is not None and leader.until > now
    yield _judge(
        "dispatcher",
        leading,
        "leads" if leading else "no dispatcher leads",
        f"start: {command('worker dispatcher')}",
        Level.WARN,
    )
    if len(versions) > 1:
        yield Finding(
            Level.WARN, "versions", f"workers of {len(versions)} versions: {sorted(versions)}", "finish the upgrade"
        )


def _nodes(split: list[served.SplitModel]) -> Iterator[Finding]:
    """Each node of a model that is split over several machines."""
    for model in split:
        for node in model.nodes:
            subject = f"node {node.rank} of {model.name}"
            words = f"{node.role}, layers {node.layers[0]} to {node.layers[1] - 1}, {node.bytes / (1 << 30):.2f} GiB"
            if node.joined:
                trip = "" if node.round_trip_ms is None else f", {node.round_trip_ms:g} ms away"
                yield _ok(subject, f"{words}{trip}")
            else:
                advice = f"start it there: {command('worker node')} --chunk ... --join ...; it tries until it is taken"
                yield _fail(subject, f"{words}: away from {model.worker}", advice)


def _backlog(one: Patient) -> Iterator[Finding]:
    now = datetime.now(UTC)
    with one.database.read() as session:
        oldest = counts.oldest_queued(session)
        unsent = session.scalars(select(func.min(Outbox.created_at))).one()
        disabled = session.scalars(
            select(func.count()).select_from(WebhookEndpoint).where(WebhookEndpoint.disabled_reason.is_not(None))
        ).one()
    for queue, since in oldest.items():
        advice = "more workers for this queue, or see why they take nothing"
        yield _judge(
            f"queue {queue}", now - since < WAIT_WARN, f"oldest job waits {_minutes(now - since)}", advice, Level.WARN
        )
    if unsent is not None:
        fresh = now - unsent < timedelta(minutes=1)
        yield _judge(
            "outbox", fresh, f"oldest entry {_minutes(now - unsent)} old", "does a dispatcher run?", Level.WARN
        )
    if disabled:
        yield Finding(Level.WARN, "webhooks", f"{disabled} endpoints are disabled", "see their delivery logs")


def _redis_setting(client: redis.Redis, name: str) -> str | None:
    try:
        found = cast(dict[str, Any], client.config_get(name))
    except redis.ResponseError:  # managed services forbid CONFIG
        return None
    return found.get(name)


def _judge(subject: str, fine: bool, words: str, advice: str, otherwise: Level = Level.FAIL) -> Finding:
    return _ok(subject, words) if fine else Finding(otherwise, subject, words, advice)


def _ok(subject: str, words: str) -> Finding:
    return Finding(Level.OK, subject, words)


def _fail(subject: str, words: str, advice: str) -> Finding:
    return Finding(Level.FAIL, subject, words, advice)


def _brief(error: Exception) -> str:
    return (
        str(getattr(error, "orig", None) or error).strip().splitlines()[0][:200] if str(error) else type(error).__name__
    )


def _minutes(age: timedelta) -> str:
    return f"{age.total_seconds() / 60:.1f} min"
