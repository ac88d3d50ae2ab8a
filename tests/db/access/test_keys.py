"""API keys: what a token looks like, when it lives, and what it allows."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from db.access import keys, tenants
from db.access.keys import Minted, Scope
from db.schema.tables_access import ApiKey
from db.session import Database

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def minted(database: Database) -> Minted:
    with database.write() as session:
        return keys.create(session, NOW, tenants.default(session, NOW).id, "ci", [Scope.KEYS, Scope.JOBS_READ])


def lives(database: Database, token: str, at: datetime = NOW) -> bool:
    with database.read() as session:
        return keys.find(session, at, token) is not None


def test_a_token_names_itself_and_carries_a_checksum(minted: Minted) -> None:
    head, public, secret, checksum = minted.token.split("_")
    assert (head, len(public), len(secret)) == ("bm3", 16, 64)
    assert checksum == f"{zlib.crc32(minted.token.rpartition('_')[0].encode()):08x}"
    assert minted.row.prefix == f"bm3_{public}"
    assert minted.row.scopes == ["jobs:read", "keys:*"], "in order"


def test_no_other_token_is_the_key(database: Database, minted: Minted) -> None:
    assert lives(database, minted.token)
    body = minted.token.rpartition("_")[0]
    other = f"{body[:-1]}{'0' if body[-1] != '0' else '1'}"
    forged = f"{other}_{zlib.crc32(other.encode()):08x}"
    unknown = f"bm3_{'0' * 16}_{'0' * 64}"
    wrong = [
        "",
        minted.token[:-1],
        f"{minted.token}0",
        minted.token.upper(),
        f"x{minted.token}",
        forged,
        f"{unknown}_{zlib.crc32(unknown.encode()):08x}",
        minted.token + "x" * 200,
        minted.token.replace("bm3", "bm4"),
        f"{minted.token}é",
    ]
    assert [token for token in wrong if lives(database, token)] == []


def test_a_revoked_key_ends_at_once_and_keeps_its_first_end(database: Database, minted: Minted) -> None:
    for at in (NOW, NOW + DAY):
        with database.write() as session:
            keys.revoke(session, at, session.get_one(ApiKey, minted.row.id))
    assert not lives(database, minted.token)
    with database.read() as session:
        assert session.get_one(ApiKey, minted.row.id).revoked_at == NOW


def test_a_key_that_ends_later_can_be_ended_now(database: Database, minted: Minted) -> None:
    with database.write() as session:
        keys.rotate(session, NOW, session.get_one(ApiKey, minted.row.id), DAY)
    assert lives(database, minted.token)
    with database.write() as session:
        keys.revoke(session, NOW, session.get_one(ApiKey, minted.row.id))
    assert not lives(database, minted.token)


def test_a_rotated_key_is_a_new_one_like_it(database: Database, minted: Minted) -> None:
    with database.write() as session:
        fresh = keys.rotate(session, NOW, session.get_one(ApiKey, minted.row.id), DAY)
    assert fresh.token != minted.token
    assert (fresh.row.name, fresh.row.scopes, fresh.row.expires_at) == ("ci", ["jobs:read", "keys:*"], None)
    assert lives(database, fresh.token)
    assert lives(database, minted.token, NOW + DAY - timedelta(seconds=1))
    assert not lives(database, minted.token, NOW + DAY)


@pytest.mark.parametrize(
    ("scopes", "allowed"),
    [
        (["jobs:read"], {Scope.JOBS_READ}),
        (["jobs:write", "keys:*"], {Scope.JOBS_WRITE, Scope.KEYS}),
        (["admin"], set(Scope)),
        ([], set()),
    ],
)
def test_a_key_allows_what_its_scopes_say(scopes: list[str], allowed: set[Scope]) -> None:
    assert {scope for scope in Scope if keys.allows(scopes, scope)} == allowed


def test_keys_are_found_in_their_tenant_newest_first(database: Database, minted: Minted) -> None:
    with database.write() as session:
        home, other = minted.row.tenant_id, tenants.create(session, NOW, "other").id
        second = keys.create(session, NOW, home, "second", []).row.id
        assert [one.id for one in keys.of_tenant(session, home)] == [second, minted.row.id]
        assert keys.of_tenant(session, other) == []
        assert keys.get(session, other, minted.row.id) is None
        assert keys.get(session, home, UUID(int=0)) is None
        found = keys.get(session, home, minted.row.id)
        assert found is not None
        assert found.id == minted.row.id
