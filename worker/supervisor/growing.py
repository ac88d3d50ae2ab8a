"""An upload that still grows, as a live source: its bytes as they arrive, to its end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from db.assets import assets
from db.failures import Failure
from db.schema.tables import Asset, AssetState, Upload
from db.session import Database
from db.storage.objects import GrowingUploads, ObjectError, ObjectMissing, ObjectStore, UploadMissing
from worker.errors import Permanent
from worker.ingest.live.relay import data, opened
from worker.live_feed import FrameKind, SourceDown, json_frame
from worker.supervisor.attempt import Attempt

LOOK_S = 0.3
PIECE_BYTES = 1 << 20


@dataclass(frozen=True)
class GrowingUpload:
    """The asset that a job names."""

    database: Database
    objects: ObjectStore
    attempt: Attempt
    asset_id: str

    def frames(self, stop: threading.Event) -> Iterator[bytes]:
        """All of it from its beginning, waiting for what has not arrived.

        Raises SourceDown, Permanent(FETCH_FAILED, UNSUPPORTED).
        """
        yield opened()
        done = 0
        try:
            while not stop.is_set():
                asset, upload = self._state()
                before = done
                for part in self._fresh(asset, upload, done):
                    yield from data(part)
                    done += len(part)
                    self.attempt.advanced()
                if done >= asset.size_bytes:
                    yield json_frame(FrameKind.OVER)
                    return
                if done == before:
                    stop.wait(LOOK_S)
        except ObjectError as error:
            raise SourceDown("the upload cannot be read now") from error

    def _state(self) -> tuple[Asset, Upload | None]:
        with self.database.read() as session:
            asset = assets.find(session, self.attempt.job.tenant_id, UUID(self.asset_id))
            if asset is None or asset.state is AssetState.REJECTED:
                raise Permanent(Failure.FETCH_FAILED, "the upload was rejected, or is gone")
            return asset, assets.upload_of(session, asset.id)

    def _fresh(self, asset: Asset, upload: Upload | None, done: int) -> Iterator[bytes]:
        """What has come since: from the upload, or from the object that it has become. Between the two there is nothing."""
        if upload is not None and isinstance(self.objects, GrowingUploads):
            with suppress(UploadMissing):
                yield self.objects.arrived(assets.in_store(asset, upload), done, PIECE_BYTES)
                return
        elif asset.state is AssetState.UPLOADING:
            raise Permanent(
                Failure.UNSUPPORTED,
                "this object store shows an upload when it is complete: submit the job without `live`",
            )
        with suppress(ObjectMissing), self.objects.open_range(asset.object_key, done) as body:
            yield from body
