"""Inputs brought into a job's folder, with real files and a real store."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from db.assets import assets
from db.documents.kinds.base import MediaInput
from db.failures import Failure
from db.ops import migrate
from db.schema.base import new_id
from db.schema.tables import Job
from db.schema.tables_access import Tenant
from db.session import Database
from db.settings import Settings
from db.storage.local import LocalObjects
from tests.receiver import receiver
from worker.egress.guard import Guard
from worker.errors import Permanent, Transient
from worker.ingest.fetch import FetchLimits
from worker.protocol import input_key
from worker.supervisor.attempt import Attempt, StopReason
from worker.supervisor.inputs import Sources, gather, media_in, named, with_inline, without_inline
from worker.supervisor.runner import shrunk

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Params(BaseModel):
    first: MediaInput
    more: list[MediaInput] = []
    max_frame_pixels: int = 65_536


@pytest.fixture
def sources(tmp_path: Path) -> Iterator[Sources]:
    database = Database(f"sqlite:///{tmp_path / 'inputs.sqlite3'}")
    migrate.upgrade(database)
    guard = Guard.allowing(["127.0.0.0/8"])
    yield Sources(database, LocalObjects(tmp_path / "store"), Settings(), guard, FetchLimits(max_bytes=1000, max_s=5))
    database.dispose()


@pytest.fixture
def attempt(sources: Sources, tmp_path: Path) -> Attempt:
    with sources.database.write() as session:
        tenant = Tenant(name="a", created_at=NOW)
        session.add(tenant)
        session.flush()
    folder = tmp_path / "job"
    folder.mkdir()
    return Attempt(Job(id=new_id(), tenant_id=tenant.id, epoch=1), 1, folder)


def add_asset(sources: Sources, attempt: Attempt, data: bytes) -> MediaInput:
    new = assets.NewAsset(new_id(), attempt.job.tenant_id, "v.mp4", "video/mp4", len(data))
    sources.objects.put(new.object_key, data, "video/mp4")
    with sources.database.write() as session:
        assets.add_ready(session, NOW, new, assets.Verified(len(data), "0" * 64, "video/mp4"))
    return MediaInput(asset_id=str(new.id))


def inline(data: bytes) -> MediaInput:
    return MediaInput(base64=base64.b64encode(data).decode())


def test_every_kind_of_input_arrives(sources: Sources, attempt: Attempt) -> None:
    with receiver() as server:
        stored, web, own = add_asset(sources, attempt, b"asset"), MediaInput(url=server.url("/bytes/7")), inline(b"own")
        params = Params(first=stored, more=[web, own, own])
        found = gather(sources, attempt, params)
    assert Path(found[input_key(stored)]).read_bytes() == b"asset"
    assert Path(found[input_key(web)]).stat().st_size == 7
    assert Path(found[input_key(named(own))]).read_bytes() == b"own"
    assert len(found) == 3


def test_another_tenants_asset_is_not_there(sources: Sources, attempt: Attempt) -> None:
    media = add_asset(sources, attempt, b"asset")
    attempt.job.tenant_id = new_id()
    with pytest.raises(Permanent) as caught:
        gather(sources, attempt, Params(first=media))
    assert caught.value.code is Failure.FETCH_FAILED


def test_too_much_in_all_is_refused(sources: Sources, attempt: Attempt) -> None:
    params = Params(first=inline(b"x" * 600), more=[inline(b"y" * 600)])
    with pytest.raises(Permanent) as caught:
        gather(sources, attempt, params)
    assert caught.value.code is Failure.TOO_LARGE


def test_a_vanished_object_is_permanent_and_a_broken_url_says_why(sources: Sources, attempt: Attempt) -> None:
    media = add_asset(sources, attempt, b"asset")
    sources.objects.delete_prefix("assets/")
    with pytest.raises(Permanent):
        gather(sources, attempt, Params(first=media))
    with receiver() as server, pytest.raises(Transient):
        gather(sources, attempt, Params(first=MediaInput(url=server.url("/status/503"))))


def test_a_stopped_attempt_stops_copying(sources: Sources, attempt: Attempt) -> None:
    media = add_asset(sources, attempt, b"asset")
    attempt.stop(StopReason.CANCELED)
    assert Path(gather(sources, attempt, Params(first=media))[input_key(media)]).stat().st_size == 0


def test_inline_bytes_that_are_no_base64_are_the_clients_fault(sources: Sources, attempt: Attempt) -> None:
    with pytest.raises(Permanent) as caught:
        gather(sources, attempt, Params(first=MediaInput(base64="no base64!")))
    assert caught.value.code is Failure.BAD_PARAMS


def test_buckets_have_to_be_registered(sources: Sources, attempt: Attempt) -> None:
    media = MediaInput.model_validate({"s3": {"bucket": "somebody", "key": "x"}})
    with pytest.raises(Permanent):
        gather(sources, attempt, Params(first=media))


@settings(deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=50), max_size=4))
def test_inline_bytes_leave_the_parameters_and_come_back(blobs: list[bytes]) -> None:
    media = [inline(blob) for blob in blobs]
    params = Params(first=MediaInput(url="https://example.com/a"), more=media)
    short = without_inline(params)
    assert "base64" not in {name for one in short["more"] for name, value in one.items() if value}
    again = Params.model_validate(short)
    assert [input_key(one) for one in media_in(again)] == [input_key(named(one)) for one in media_in(params)]
    assert Params.model_validate(with_inline(short, params.model_dump(mode="json"))) == params


@pytest.mark.parametrize(("setbacks", "budget"), [(0, 65_536), (1, 32_768), (3, 8192), (20, 784)])
def test_the_frame_budget_halves_but_never_vanishes(setbacks: int, budget: int) -> None:
    params = Params(first=MediaInput(url="https://example.com/a"))
    again = shrunk(params, setbacks)
    assert isinstance(again, Params)
    assert again.max_frame_pixels == budget
