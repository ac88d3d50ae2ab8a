"""A worker's line in the list of workers: whose it is, what stands in it, and what an operator asks of it."""

from __future__ import annotations

import os
import platform
import socket
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

import pytest

from db.schema.base import new_id
from db.schema.tables import Worker
from db.session import Database
from worker.gpus import Gpu
from worker.process import registration
from worker.process.registration import describe, new_worker_id, report, sign_off, versions
from worker.protocol import ModelReport

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def row(name: str, **more: object) -> Worker:
    return Worker(
        id=name, started_at=NOW, heartbeat_at=NOW, **{"role": "gpu", "queues": ["gpu"], "slots": 2, "data": {}, **more}
    )


def seen(database: Database) -> dict[str, Worker]:
    with database.read() as session:
        return {worker.id: worker for worker in session.query(Worker)}


def test_a_name_says_where_and_what_and_is_used_once() -> None:
    names = {new_worker_id("gpu") for _ in range(20)}
    assert len(names) == 20
    host, role, number, own = next(iter(names)).rsplit("-", 3)
    assert (host, role, int(number)) == (socket.gethostname()[:60], "gpu", os.getpid())
    assert len(own) == 4


def test_a_heartbeat_makes_the_line_and_renews_it(database: Database) -> None:
    for at in (NOW, NOW + timedelta(seconds=10)):
        with database.write() as session:
            assert report(session, at, row("one", data={"jobs": [at.isoformat()]})) is False
    (found,) = seen(database).values()
    assert found.heartbeat_at == NOW + timedelta(seconds=10)
    assert found.data == {"jobs": [(NOW + timedelta(seconds=10)).isoformat()]}


def test_a_worker_that_is_to_finish_up_hears_of_it_and_does_not_forget_it(database: Database) -> None:
    with database.write() as session:
        report(session, NOW, row("one"))
        report(session, NOW, row("two"))
    with database.write() as session:
        session.get_one(Worker, "one").draining = True
    for _ in range(2):
        with database.write() as session:
            assert report(session, NOW, row("one", draining=False)) is True
            assert report(session, NOW, row("two", draining=False)) is False
    assert {name: worker.draining for name, worker in seen(database).items()} == {"one": True, "two": False}


def test_who_signs_off_is_gone_and_nobody_else(database: Database) -> None:
    with database.write() as session:
        report(session, NOW, row("one"))
        report(session, NOW, row("two"))
    with database.write() as session:
        sign_off(session, "one")
    assert [*seen(database)] == ["two"]


def test_the_line_names_models_their_problems_and_the_jobs_under_way() -> None:
    job = new_id()
    models = (
        ModelReport(name="good", info={"family": "bm3_vl"}, problem=None),
        ModelReport(name="bad", info={}, problem="the folder is missing"),
    )
    told = describe(models, [job])
    assert told["models"] == [
        {"name": "good", "family": "bm3_vl"},
        {"name": "bad", "problem": "the folder is missing"},
    ]
    assert told["jobs"] == [str(job)]
    assert told["python"] == platform.python_version()
    assert told["packages"]["celery"] == version("celery")


def test_each_card_is_told_in_mebibytes(monkeypatch: pytest.MonkeyPatch) -> None:
    card = Gpu("H200", total=141 << 30, used=3 << 20, load=None, capability=(9, 0))
    monkeypatch.setattr(registration, "watch", lambda: (card,))
    told = [{"name": "H200", "memory_used_mib": 3, "memory_total_mib": 141 << 10, "load": None}]
    assert describe((), [])["gpu"] == told


def test_a_package_that_is_not_installed_has_no_version() -> None:
    assert registration._version("bm3-vl-that-is-nowhere") is None


def test_versions_are_those_of_what_a_job_runs_on() -> None:
    assert set(versions()["packages"]) == {"bm3-vl", "torch", "transformers", "av", "celery"}
    assert all(found is None or found[0].isdigit() for found in versions()["packages"].values())
