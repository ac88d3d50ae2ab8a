"""Keys, tenants and answers already given, as the database keeps them."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from db.access import audit, keys, tenants
from db.access.keys import Scope
from db.jobs import idempotency
from db.jobs.idempotency import Given, OtherBody
from db.schema.tables_access import ApiKey
from db.session import Database

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


class PowerCut(Exception):
    """The process ends here."""


def test_only_the_hash_of_a_key_is_kept(database: Database) -> None:
    with database.write() as session:
        minted = keys.create(session, NOW, tenants.default(session, NOW).id, "ci", [Scope.JOBS_READ])
    secret = minted.token.split("_")[2]
    assert len(secret) == 64
    with sqlite3.connect(database.url.removeprefix("sqlite:///")) as link:
        link.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    link.close()
    kept = Path(database.url.removeprefix("sqlite:///")).read_bytes()
    assert secret.encode() not in kept
    assert minted.row.id.hex.encode() in kept, "the file holds what was written"
    with database.read() as session:
        found = keys.find(session, NOW, minted.token)
    assert found is not None
    assert found[0].id == minted.row.id


def test_a_key_ends_when_it_says(database: Database) -> None:
    with database.write() as session:
        minted = keys.create(session, NOW, tenants.default(session, NOW).id, "ci", [Scope.JOBS_READ], NOW + DAY)
    with database.read() as session:
        assert keys.find(session, NOW + DAY - timedelta(seconds=1), minted.token) is not None
        assert keys.find(session, NOW + DAY, minted.token) is None


def test_use_is_noted_to_the_minute(database: Database) -> None:
    with database.write() as session:
        key_id = keys.create(session, NOW, tenants.default(session, NOW).id, "ci", [Scope.JOBS_READ]).row.id
    seen = []
    for seconds in (0, 30, 61):
        with database.write() as session:
            keys.touch(session, NOW + timedelta(seconds=seconds), key_id)
        with database.read() as session:
            seen.append(session.get_one(ApiKey, key_id).last_used_at)
    assert seen == [NOW, NOW, NOW + timedelta(seconds=61)]


@pytest.mark.slow
def test_the_first_admin_key_is_made_once(database: Database) -> None:
    made = []
    for _ in range(2):
        with database.write() as session:
            made.append(tenants.first_admin_key(session, NOW))
    assert made[0] is not None
    assert made[1] is None


def test_an_answer_is_kept_for_a_day_and_only_with_its_work(database: Database) -> None:
    with database.write() as session:
        tenant_id = tenants.default(session, NOW).id

    def cut_off() -> None:
        with database.write() as session:
            assert idempotency.reserve(session, NOW, tenant_id, "k", "a") is None
            raise PowerCut

    with pytest.raises(PowerCut):
        cut_off()
    with database.write() as session:
        assert idempotency.reserve(session, NOW, tenant_id, "k", "a") is None
        idempotency.answer(session, tenant_id, "k", Given(202, {"id": 1}))
    with database.write() as session:
        assert idempotency.reserve(session, NOW, tenant_id, "k", "a") == Given(202, {"id": 1})
        with pytest.raises(OtherBody):
            idempotency.reserve(session, NOW, tenant_id, "k", "b")
    with database.write() as session:
        assert idempotency.reserve(session, NOW + DAY * 2, tenant_id, "k", "b") is None


def test_old_answers_are_forgotten(database: Database) -> None:
    with database.write() as session:
        tenant_id = tenants.default(session, NOW).id
        idempotency.reserve(session, NOW, tenant_id, "old", "a")
        idempotency.reserve(session, NOW + DAY, tenant_id, "new", "a")
    with database.write() as session:
        assert idempotency.purge(session, NOW + DAY + timedelta(hours=1)) == 1


def test_the_audit_log_tells_who_did_what(database: Database) -> None:
    with database.write() as session:
        tenant_id = tenants.default(session, NOW).id
        for action in ("key.create", "key.revoke"):
            audit.note(session, NOW, tenant_id, actor="ann", action=action, subject="k1")
    with database.read() as session:
        assert [line.action for line in audit.page(session, tenant_id, 10)] == ["key.revoke", "key.create"]
