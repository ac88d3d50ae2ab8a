"""Inputs brought into a job's folder, with real files and a real store."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from sqlalchemy import update

from db.assets import assets
from db.documents.kinds.base import MediaInput
from db.failures import Failure
from db.ops import migrate
from db.schema.base import new_id
from db.schema.tables import Asset, Job
from db.schema.tables_access import Tenant
from db.session import Database
from db.settings import Settings
from db.storage.local import LocalObjects
from db.storage.objects import BadRange, ObjectBody, ObjectMissing, ObjectStoreRefused, ObjectStoreUnavailable
from tests.receiver import receiver
from worker.egress.guard import Guard
from worker.errors import Permanent, Transient
from worker.ingest.fetch import FetchLimits
from worker.protocol import input_key
from worker.supervisor.attempt import Attempt, StopReason
from worker.supervisor.growing import GrowingUpload
from worker.supervisor.inputs import Sources, gather, live_source, media_in, named, with_inline, without_inline
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


@pytest.mark.parametrize(("size", "fits"), [(400, True), (401, False)])
def test_the_limit_is_that_of_all_inputs_together_to_the_byte(
    sources: Sources, attempt: Attempt, size: int, *, fits: bool
) -> None:
    """Inline, stored or both: 1000 bytes."""
    for first, second in (
        (inline(b"x" * 600), inline(b"y" * size)),
        (inline(b"x" * 600), add_asset(sources, attempt, b"z" * size)),
        (add_asset(sources, attempt, b"x" * 600), inline(b"y" * size)),
    ):
        params = Params(first=first, more=[first, second])  # the same input again is not fetched again
        if fits:
            assert len(gather(sources, attempt, params)) == 2
            continue
        with pytest.raises(Permanent, match="more than 400 bytes of input") as caught:
            gather(sources, attempt, params)
        assert caught.value.code is Failure.TOO_LARGE


@pytest.mark.parametrize("state", ["uploading", "verifying", "rejected"])
def test_only_a_verified_asset_is_read(sources: Sources, attempt: Attempt, state: str) -> None:
    media = add_asset(sources, attempt, b"asset")
    with sources.database.write() as session:
        session.execute(update(Asset).values(state=state))
    with pytest.raises(Permanent, match=f"the input asset is {state}") as caught:
        gather(sources, attempt, Params(first=media))
    assert caught.value.code is Failure.FETCH_FAILED


@pytest.mark.parametrize(
    ("error", "raised", "code", "words"),
    [
        (ObjectMissing("x"), Permanent, Failure.FETCH_FAILED, "not in the store any more"),
        (ObjectStoreRefused("no right"), Permanent, Failure.STORAGE_REFUSED, "does not let the service read: no right"),
        (ObjectStoreUnavailable("busy"), Transient, Failure.STORAGE, "busy"),
        (BadRange("empty"), Permanent, Failure.FETCH_FAILED, "the input cannot be read: empty"),
        (OSError(28, "No space left on device"), Transient, Failure.STORAGE, "cannot write the input: No space left"),
    ],
)
def test_why_a_store_gives_no_input_decides_what_the_client_hears(
    sources: Sources, attempt: Attempt, error: Exception, raised: type[Permanent], code: Failure, words: str
) -> None:
    class Failing(LocalObjects):
        def open_range(self, key: str, start: int = 0, end: int | None = None) -> ObjectBody:
            raise error

    media = add_asset(sources, attempt, b"asset")
    failing = replace(sources, objects=Failing(sources.objects.root))  # type: ignore[attr-defined]
    with pytest.raises(raised, match=words) as caught:
        gather(failing, attempt, Params(first=media))
    assert caught.value.code is code


def test_a_disk_without_room_is_tried_elsewhere(sources: Sources, attempt: Attempt) -> None:
    """A gibibyte stays free for what the job itself writes."""

    class Large(LocalObjects):
        def open_range(self, key: str, start: int = 0, end: int | None = None) -> ObjectBody:
            free = shutil.disk_usage(attempt.folder).free
            return ObjectBody(free - (1 << 29), lambda _: b"", lambda: None)

    media = add_asset(sources, attempt, b"asset")
    large = Large(sources.objects.root)  # type: ignore[attr-defined]
    full = replace(sources, objects=large, limits=replace(sources.limits, max_bytes=1 << 60))
    with pytest.raises(Transient, match="no room for the input") as caught:
        gather(full, attempt, Params(first=media))
    assert caught.value.code is Failure.STORAGE


def test_copying_is_progress(sources: Sources, attempt: Attempt) -> None:
    attempt.progressed_at = -1.0
    gather(sources, attempt, Params(first=add_asset(sources, attempt, b"asset")))
    assert attempt.progressed_at > 0


def test_inputs_are_found_wherever_the_parameters_hold_them(sources: Sources) -> None:
    class Deep(BaseModel):
        by_name: dict[str, list[MediaInput]]
        pair: tuple[MediaInput, int]
        words: str = "base64"

    media = [MediaInput(url=f"https://example.com/{name}") for name in "abc"]
    assert [*media_in(Deep(by_name={"x": media[:2]}, pair=(media[2], 3)))] == media


def test_only_inline_inputs_are_shortened_and_only_theirs_come_back() -> None:
    """What looks like one but has other fields is the user's own."""
    own = {"base64": "QUJD", "note": "mine"}
    document = {"messages": [{"part": inline(b"abc").model_dump(mode="json"), "own": own}], "n": 3}

    class Holding(BaseModel):
        messages: list[dict[str, Any]]
        n: int

    short = without_inline(Holding.model_validate(document))
    assert short["messages"][0]["own"] == own
    assert short["messages"][0]["part"]["asset_id"].startswith("inline-")
    assert with_inline(short, document) == document
    stored = {"asset_id": "01a1fe10-489f-75c7-b119-cb34bcad4c52"}
    assert with_inline({"a": [stored, {"b": stored}]}, document) == {"a": [stored, {"b": stored}]}


def test_a_live_source_is_an_address_or_an_upload_that_grows(sources: Sources, attempt: Attempt) -> None:
    upload = Params(first=MediaInput(asset_id=str(new_id())))
    assert isinstance(live_source(sources, attempt, upload), GrowingUpload)
    assert not isinstance(live_source(sources, attempt, camera("rtsp://127.0.0.1:9/a")), GrowingUpload)
    with pytest.raises(Permanent):
        live_source(sources, attempt, camera(""))


def camera(url: str) -> Params:
    return Params(first=MediaInput.model_construct(url=url, asset_id=None, base64=None, s3=None))


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
