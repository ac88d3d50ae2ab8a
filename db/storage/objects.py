"""What an object store must do: one protocol that LocalObjects and S3Objects keep, checked by one conformance suite.

    ObjectError
    +-- BadKey                  the key or prefix is not one this project makes
    +-- BadRange                the range lies outside the object
    +-- ObjectMissing           no such object
    +-- UploadMissing           no such upload: never started, aborted, or given up as abandoned
    +-- UploadMismatch          what arrived is not what was declared; the upload stays and can be mended
    +-- OffsetConflict          an append does not start where the upload ends; `offset_bytes` says where that is
    +-- ObjectStoreRefused      our key may not do this: the operator has to act, trying again is of no use
    +-- ObjectStoreUnavailable  the store broke, not the request: `code` is Failure.STORAGE, a later try may succeed
        +-- ObjectStoreFull     there is no room

An object appears whole or not at all, under a key that is never a folder of another key.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

from db.failures import Failure

CHUNK_BYTES = 1 << 20


class ObjectError(Exception):
    """Base of everything an object store raises."""


class BadKey(ObjectError, ValueError):
    """The key or prefix is malformed."""


class BadRange(ObjectError, ValueError):
    """The range starts beyond the object's end, or is empty."""


class ObjectMissing(ObjectError):
    """There is no object under this key."""


class UploadMissing(ObjectError):
    """There is no such upload."""


class UploadMismatch(ObjectError):
    """Sizes differ from what was declared."""


class OffsetConflict(ObjectError):
    """The append must start at `offset_bytes`."""

    def __init__(self, offset_bytes: int) -> None:
        super().__init__(f"the upload continues at byte {offset_bytes}")
        self.offset_bytes = offset_bytes


class ObjectStoreUnavailable(ObjectError):
    """The store did not do what it should; trying again later may help."""

    code: ClassVar[Failure] = Failure.STORAGE


class ObjectStoreFull(ObjectStoreUnavailable):
    """There is no room for more bytes; nothing of them was kept."""


class ObjectStoreRefused(ObjectError):
    """The store does not let us: a key without the right, or none it knows."""


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What a store knows of an object; its media type stands in the database, where it cannot be forged."""

    key: str
    size_bytes: int
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class StoreUpload:
    """A resumable upload in progress; the caller keeps these values and hands them back."""

    id: str
    key: str
    size_bytes: int
    part_size_bytes: int

    @property
    def parts(self) -> int:
        """How many parts it has; the last may be short."""
        return -(-self.size_bytes // self.part_size_bytes)

    def part_bytes(self, number: int) -> int:
        """The size part `number` (from 1) must have."""
        return min(self.part_size_bytes, self.size_bytes - (number - 1) * self.part_size_bytes)


@dataclass(frozen=True, slots=True)
class UploadProgress:
    """What of an upload has arrived: all bytes up to an offset (local), or whole parts in any order (S3)."""

    bytes_done: int
    parts_done: tuple[int, ...] = ()


class ObjectBody:
    """Bytes of an object as they come: iterate, and close (or use `with`) if you stop early."""

    def __init__(self, size_bytes: int, read: Callable[[int], bytes], close: Callable[[], None]) -> None:
        self.size_bytes = size_bytes
        self._read = read
        self.close = close

    def __iter__(self) -> Iterator[bytes]:
        left = self.size_bytes
        try:
            while left:
                chunk = self._read(min(CHUNK_BYTES, left))
                if not chunk:
                    raise ObjectStoreUnavailable(f"the object broke off {left} bytes before its end")
                left -= len(chunk)
                yield chunk
        finally:
            self.close()

    def __enter__(self) -> ObjectBody:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ObjectStore(Protocol):
    """Whole objects under keys, plus resumable uploads. Everything here may raise ObjectStoreUnavailable."""

    def check(self) -> None:
        """Raise unless the store can be used now (readiness)."""

    def put(self, key: str, data: bytes, media_type: str) -> None:
        """Store `data`, replacing what was there."""

    def put_file(self, key: str, path: Path, media_type: str) -> None:
        """Store a file, replacing what was there."""

    def put_if_absent(self, key: str, data: bytes, media_type: str) -> bool:
        """Store `data` unless the key is taken; whether it was stored. Of several racing callers one wins."""

    def head(self, key: str) -> ObjectInfo:
        """Size and time of an object, or ObjectMissing."""

    def open_range(self, key: str, start: int = 0, end: int | None = None) -> ObjectBody:
        """Bytes `start` up to, not including, `end` (clipped to the size). ObjectMissing and BadRange come at once."""

    def delete(self, key: str) -> None:
        """Remove an object; fine if it is not there."""

    def delete_prefix(self, prefix: str) -> int:
        """Remove everything under a folder (`jobs/1/`); how many there were."""

    def list_prefix(self, prefix: str) -> Iterator[ObjectInfo]:
        """Everything under a folder, or all for the empty prefix, ordered by key."""

    def start_upload(self, key: str, size_bytes: int, media_type: str) -> StoreUpload:
        """Begin a resumable upload of exactly `size_bytes` (1 at least)."""

    def upload_progress(self, upload: StoreUpload) -> UploadProgress:
        """What has arrived, for whoever wants to continue."""

    def complete_upload(self, upload: StoreUpload) -> ObjectInfo:
        """Check sizes and make the object appear; again is fine. UploadMismatch leaves the upload to be mended."""

    def abort_upload(self, upload: StoreUpload) -> None:
        """Drop what has arrived; fine if it is gone already."""

    def abort_abandoned(self, older_than_s: float) -> int:
        """Drop uploads begun longer ago than that (for the sweeper); how many."""

    def keep_lifecycle_rule(self, days: int) -> None:
        """Have the store itself drop uploads abandoned for `days`, where it can do that."""
        return

    def exists(self, key: str) -> bool:
        """Whether there is an object."""
        try:
            self.head(key)
        except ObjectMissing:
            return False
        return True

    def read(self, key: str) -> bytes:
        """A small object as a whole."""
        return b"".join(self.open_range(key))

    def download(self, key: str, path: Path) -> None:
        """Copy an object to a local file, which appears whole or not at all."""
        partial = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
        try:
            with self.open_range(key) as body, partial.open("xb") as file:
                file.writelines(body)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except OSError as error:
            raise ObjectStoreUnavailable(f"cannot write {path.name}: {error.strerror}") from error
        finally:
            partial.unlink(missing_ok=True)


@runtime_checkable
class OffsetUploads(Protocol):
    """A store whose uploads arrive through our API, appended at an offset."""

    def append(self, upload: StoreUpload, offset: int, data: bytes) -> int:
        """Add `data` at `offset`, which must be where the upload ends; the new end. OffsetConflict, UploadMismatch."""


@runtime_checkable
class GrowingUploads(Protocol):
    """A store whose uploads can be read while they arrive."""

    def arrived(self, upload: StoreUpload, start: int, most: int) -> bytes:
        """At most so many of the bytes that have arrived, from `start` on; none where there are no more yet. UploadMissing."""


@runtime_checkable
class PresignedUploads(Protocol):
    """A store whose uploads go straight to it by signed URLs."""

    def part_urls(self, upload: StoreUpload, numbers: Sequence[int], expires_s: int = 3600) -> dict[int, str]:
        """A PUT URL for each part number (from 1), 50 a call at most."""
