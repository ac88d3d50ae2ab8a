"""Repeating a request is safe: what makes two the same, what the second gets, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from db.access import tenants
from db.jobs import idempotency
from db.jobs.idempotency import Given, InProgress, OtherBody, fingerprint
from db.session import Database

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAY, SECOND = timedelta(hours=24), timedelta(seconds=1)
ANSWER = Given(201, {"id": "1"})


def test_every_part_of_a_request_counts() -> None:
    same = ("POST", "/v1/jobs", b"{}")
    others = [("PUT", "/v1/jobs", b"{}"), ("POST", "/v1/jobs/1/retry", b"{}"), ("POST", "/v1/jobs", b"{ }")]
    assert fingerprint(*same) == fingerprint(*same)
    assert len({fingerprint(*one) for one in (same, *others)}) == 4


@pytest.fixture
def database(each_database: Database) -> Database:
    """The same on either database."""
    return each_database


def reserve(
    database: Database, key: str = "k", body: str = "a", at: datetime = NOW, given: Given | None = None
) -> object:
    """What a request gets; with `given` it does its work and answers so."""
    with database.write() as session:
        tenant_id = tenants.default(session, NOW).id
        found = idempotency.reserve(session, at, tenant_id, key, body)
        if found is None and given is not None:
            idempotency.answer(session, tenant_id, key, given)
        return found


def test_the_second_request_gets_the_first_ones_answer(database: Database) -> None:
    assert reserve(database, given=ANSWER) is None
    assert reserve(database) == ANSWER
    assert reserve(database, at=NOW + DAY) == ANSWER
    assert reserve(database, key="other", given=Given(200, {})) is None
    assert reserve(database) == ANSWER, "the answer of another key is its own"


def test_another_request_with_the_same_key_is_refused(database: Database) -> None:
    reserve(database, given=ANSWER)
    with pytest.raises(OtherBody):
        reserve(database, body="b")


def test_while_the_first_is_at_work_the_second_is_told_so(database: Database) -> None:
    assert reserve(database) is None
    with pytest.raises(InProgress):
        reserve(database)


def test_after_a_day_a_key_is_free_again(database: Database) -> None:
    reserve(database, given=ANSWER)
    assert reserve(database, body="b", at=NOW + DAY + SECOND, given=Given(202, {})) is None
    assert reserve(database, body="b", at=NOW + DAY + SECOND) == Given(202, {})


def test_answers_older_than_a_day_are_forgotten(database: Database) -> None:
    for hours, key in ((0, "old"), (1, "newer")):
        reserve(database, key, at=NOW + timedelta(hours=hours), given=ANSWER)
    for at, gone in ((NOW + DAY, 0), (NOW + DAY + SECOND, 1), (NOW + DAY + SECOND, 0)):
        with database.write() as session:
            assert idempotency.purge(session, at) == gone
    assert reserve(database, "newer", at=NOW + DAY) == ANSWER


def test_what_failed_leaves_the_key_free(database: Database) -> None:
    def fail() -> None:
        with database.write() as session:
            assert idempotency.reserve(session, NOW, tenants.default(session, NOW).id, "k", "a") is None
            raise ValueError("the work failed")

    with pytest.raises(ValueError, match="the work failed"):
        fail()
    assert reserve(database, given=ANSWER) is None
