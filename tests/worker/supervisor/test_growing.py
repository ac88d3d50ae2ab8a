"""An upload that is captioned while it arrives: every byte once and in order, to its end, or why not."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from db.assets import assets
from db.failures import Failure
from db.schema.base import new_id
from db.schema.tables import Asset, Job
from db.schema.tables_access import Tenant
from db.session import Database
from db.storage.local import LocalObjects
from db.storage.objects import ObjectStore, ObjectStoreUnavailable, StoreUpload
from worker.errors import Permanent
from worker.live_feed import HEAD, FrameKind, SourceDown
from worker.supervisor.attempt import Attempt
from worker.supervisor.growing import LOOK_S, GrowingUpload

NOW = datetime.now(UTC)
FILM = bytes(range(256)) * 9000  # two of the pieces that are read at once, and a bit


class ReadsThrough(LocalObjects):
    """A store whose uploads cannot be read before they are complete, as S3's."""

    arrived = None  # type: ignore[assignment]

    def __getattribute__(self, name: str) -> Any:
        if name == "arrived":
            raise AttributeError(name)
        return super().__getattribute__(name)


class Sending:
    """A client that uploads piece by piece."""

    def __init__(self, database: Database, objects: LocalObjects) -> None:
        self.database, self.objects, self.sent = database, objects, 0
        with database.write() as session:
            tenant = Tenant(name="a", created_at=NOW)
            session.add(tenant)
            session.flush()
            new = assets.NewAsset(new_id(), tenant.id, "film.ts", "video/mp2t", len(FILM))
            self.upload: StoreUpload = objects.start_upload(new.object_key, len(FILM), "video/mp2t")
            assets.begin(session, NOW, new, self.upload, "offset")
        self.tenant_id, self.asset_id = tenant.id, new.id
        self.attempt = Attempt(Job(id=new_id(), tenant_id=tenant.id, epoch=1), 1, Path("none"), progressed_at=-1.0)
        self.stop = threading.Event()

    def send(self, until: int) -> None:
        self.objects.append(self.upload, self.sent, FILM[self.sent : until])
        self.sent = until

    def finish(self) -> None:
        self.send(len(FILM))
        self.objects.complete_upload(self.upload)
        with self.database.write() as session:
            assets.ready(session, NOW, self.asset_id, assets.Verified(len(FILM), "0" * 64, "video/mp2t"))

    def change(self, **values: object) -> None:
        with self.database.write() as session:
            session.execute(update(Asset).values(**values))

    def frames(self, objects: ObjectStore | None = None, asset_id: UUID | None = None) -> Iterator[bytes]:
        asked = str(asset_id or self.asset_id)
        return GrowingUpload(self.database, objects or self.objects, self.attempt, asked).frames(self.stop)


@pytest.fixture
def sending(database: Database, tmp_path: Path) -> Sending:
    return Sending(database, LocalObjects(tmp_path / "store"))


def read(frame: bytes) -> tuple[FrameKind, bytes]:
    kind, size = HEAD.unpack(frame[: HEAD.size])
    assert size == len(frame) - HEAD.size
    return FrameKind(kind), frame[HEAD.size :]


def test_what_has_arrived_comes_at_once_and_the_rest_as_it_arrives(sending: Sending) -> None:
    sending.send(1000)
    frames = sending.frames()
    assert read(next(frames)) == (FrameKind.OPEN, json.dumps({"port": None}).encode())
    assert read(next(frames)) == (FrameKind.DATA, FILM[:1000])
    sending.send(5000)
    assert read(next(frames)) == (FrameKind.DATA, FILM[1000:5000])
    assert sending.attempt.progressed_at > 0
    sending.finish()
    kinds, bodies = zip(*map(read, frames), strict=True)
    assert b"".join(bodies[:-1]) == FILM[5000:]
    assert {*kinds[:-1]} == {FrameKind.DATA}
    assert kinds[-1] is FrameKind.OVER


def test_an_upload_that_rests_is_looked_at_now_and_then(sending: Sending, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []
    state = GrowingUpload._state

    def noted(upload: GrowingUpload) -> Any:
        looks.append(time.monotonic())
        return state(upload)

    monkeypatch.setattr(GrowingUpload, "_state", noted)
    sending.send(1000)
    frames = sending.frames()
    assert [read(next(frames))[0] for _ in range(2)] == [FrameKind.OPEN, FrameKind.DATA]
    threading.Timer(4 * LOOK_S, sending.stop.set).start()
    assert not [*frames]
    pauses = [later - earlier for earlier, later in pairwise(looks)]
    assert len([pause for pause in pauses if pause < LOOK_S / 2]) <= 2, "after what came, and at the stop"
    assert len(looks) > 2


def test_a_large_upload_comes_in_pieces_of_a_mebibyte(sending: Sending) -> None:
    sending.send(len(FILM))
    read_all = [body for kind, body in map(read, sending.frames()) if kind is FrameKind.DATA]
    assert [len(body) for body in read_all] == [1 << 20, 1 << 20, len(FILM) - (2 << 20)]
    assert b"".join(read_all) == FILM


def test_an_upload_that_is_complete_already_is_read_from_its_object(sending: Sending) -> None:
    sending.finish()
    objects = ReadsThrough(sending.objects.root)
    told = [read(frame) for frame in sending.frames(objects)]
    assert b"".join(body for kind, body in told if kind is FrameKind.DATA) == FILM
    assert told[-1][0] is FrameKind.OVER


def test_between_the_upload_and_its_object_there_is_nothing_and_no_error(sending: Sending) -> None:
    sending.send(len(FILM))
    sending.change(state="verifying")
    sending.objects.abort_upload(sending.upload)  # its bytes are being checked under another name
    frames = sending.frames()
    next(frames)
    threading.Timer(0.1, sending.stop.set).start()
    assert [*frames] == []


def test_nobody_listens_any_more(sending: Sending) -> None:
    sending.send(1000)
    sending.stop.set()
    assert len([*sending.frames()]) == 1


def test_a_store_that_shows_no_growing_upload_says_what_to_do(sending: Sending) -> None:
    frames = sending.frames(ReadsThrough(sending.objects.root))
    next(frames)
    with pytest.raises(Permanent, match="without `live`") as caught:
        next(frames)
    assert caught.value.code is Failure.UNSUPPORTED


@pytest.mark.parametrize("how", ["rejected", "other tenant", "missing"])
def test_an_upload_that_was_rejected_or_is_gone_has_no_frames(sending: Sending, how: str) -> None:
    sending.send(1000)
    if how == "rejected":
        sending.change(state="rejected")
    if how == "other tenant":
        sending.attempt.job.tenant_id = new_id()
    frames = sending.frames(asset_id=new_id() if how == "missing" else None)
    next(frames)
    with pytest.raises(Permanent) as caught:
        next(frames)
    assert caught.value.code is Failure.FETCH_FAILED


def test_a_store_that_is_away_is_a_source_that_is_down(sending: Sending) -> None:
    class Away(LocalObjects):
        def arrived(self, upload: StoreUpload, start: int, most: int) -> bytes:
            raise ObjectStoreUnavailable("no")

    frames = sending.frames(Away(sending.objects.root))
    next(frames)
    with pytest.raises(SourceDown):
        next(frames)
