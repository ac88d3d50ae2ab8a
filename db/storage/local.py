"""Objects in a local folder: the embedded store of a single machine, with uploads appended through the API."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from db.storage import local_files
from db.storage.objects import (
    BadKey,
    BadRange,
    ObjectBody,
    ObjectInfo,
    ObjectMissing,
    ObjectStore,
    ObjectStoreFull,
    ObjectStoreUnavailable,
    OffsetConflict,
    StoreUpload,
    UploadMismatch,
    UploadMissing,
    UploadProgress,
)
from db.storage.rules import check_folder, check_key, clip_range, completed_before, part_size_bytes


class LocalObjects(ObjectStore):
    """`objects/` holds the objects under their keys, `uploads/` what is arriving, `temporary/` what is being written.

    All three lie on one file system, so a rename puts an object in place whole. Several processes may share a root.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._objects, self._uploads, self._temporary = (
            self.root / name for name in ("objects", "uploads", "temporary")
        )
        try:
            for folder in (self._objects, self._uploads, self._temporary):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ObjectStoreUnavailable(f"{root}: {error.strerror}") from error

    def check(self) -> None:
        with _storage("the store"), self._writing() as (file, _):
            file.write(b"can be written")
            local_files.sync(file)

    def put(self, key: str, data: bytes, media_type: str) -> None:
        self._put(key, lambda file: file.write(data))

    def put_file(self, key: str, path: Path, media_type: str) -> None:
        with path.open("rb") as source:
            self._put(key, lambda file: shutil.copyfileobj(source, file, 1 << 20))

    def put_if_absent(self, key: str, data: bytes, media_type: str) -> bool:
        target = self._path(key)
        with _storage(key), self._writing() as (file, temporary):
            file.write(data)
            local_files.sync(file)
            try:
                # A hard link, unlike a rename, fails if the name is taken: that decides a race.
                self._publish(lambda: target.hardlink_to(temporary), target)
            except FileExistsError:
                return False
        return True

    def head(self, key: str) -> ObjectInfo:
        with _looking(key):
            return _info(key, _file_stat(self._path(key)))

    def open_range(self, key: str, start: int = 0, end: int | None = None) -> ObjectBody:
        with _looking(key):
            file = self._path(key).open("rb")
            try:
                start, stop = clip_range(os.fstat(file.fileno()).st_size, start, end)
                file.seek(start)
            except (BadRange, OSError):
                file.close()
                raise
        return ObjectBody(stop - start, file.read, file.close)

    def delete(self, key: str) -> None:
        with suppress(ObjectMissing), _looking(key):
            self._path(key).unlink()

    def delete_prefix(self, prefix: str) -> int:
        """The folder leaves the store whole and is emptied afterwards, so nobody waits for a long removal."""
        folder, aside = self._path(check_folder(prefix)[:-1]), self._temporary / uuid.uuid4().hex
        with _storage(prefix), self._folders(fcntl.LOCK_EX):
            if not folder.is_dir():
                return 0
            folder.rename(aside)
        count = sum(1 for _ in local_files.files(aside))
        shutil.rmtree(aside, ignore_errors=True)  # what stays behind falls to the sweeper
        return count

    def list_prefix(self, prefix: str) -> Iterator[ObjectInfo]:
        folder = self._path(check_folder(prefix)[:-1]) if prefix else self._objects
        found = {path.relative_to(self._objects).as_posix(): path for path in local_files.files(folder)}
        for key in sorted(found):
            with suppress(FileNotFoundError):  # deleted while we listed
                yield _info(key, found[key].stat())

    def start_upload(self, key: str, size_bytes: int, media_type: str) -> StoreUpload:
        self._path(key)
        upload = StoreUpload(uuid.uuid4().hex, key, size_bytes, part_size_bytes(size_bytes))
        with _storage(key):
            self._upload_path(upload).open("xb").close()
        return upload

    def append(self, upload: StoreUpload, offset: int, data: bytes) -> int:
        """Add `data` at `offset`; a second writer at the same offset gets OffsetConflict, never mixed bytes."""
        with _storage(upload.key), self._open_upload(upload) as file:
            done = os.fstat(file.fileno()).st_size
            if offset != done:
                raise OffsetConflict(done)
            if done + len(data) > upload.size_bytes:
                raise UploadMismatch(f"{done + len(data)} bytes of {upload.size_bytes} declared")
            return local_files.append(file.fileno(), done, data)

    def arrived(self, upload: StoreUpload, start: int, most: int) -> bytes:
        """Bytes of an upload that is under way; see `GrowingUploads`."""
        with _storage(upload.key):
            try:
                with self._upload_path(upload).open("rb") as file:
                    file.seek(start)
                    return file.read(most)
            except FileNotFoundError:
                raise UploadMissing(upload.id) from None

    def upload_progress(self, upload: StoreUpload) -> UploadProgress:
        with _storage(upload.key):
            try:
                return UploadProgress(self._upload_path(upload).stat().st_size)
            except FileNotFoundError:
                raise UploadMissing(upload.id) from None

    def complete_upload(self, upload: StoreUpload) -> ObjectInfo:
        target = self._path(upload.key)
        try:
            with _storage(upload.key), self._open_upload(upload) as file:
                done = os.fstat(file.fileno()).st_size
                if done != upload.size_bytes:
                    raise UploadMismatch(f"{done} bytes of {upload.size_bytes} declared")
                local_files.sync(file)
                self._publish(lambda: self._upload_path(upload).replace(target), target)
        except UploadMissing:
            return completed_before(self, upload)
        return self.head(upload.key)

    def abort_upload(self, upload: StoreUpload) -> None:
        with _storage(upload.key):
            self._upload_path(upload).unlink(missing_ok=True)

    def abort_abandoned(self, older_than_s: float) -> int:
        """Also removes half-written temporary files a crash left behind; counts uploads only."""
        before = time.time() - older_than_s
        with _storage("uploads"):
            local_files.remove_older(self._temporary, before)
            return local_files.remove_older(self._uploads, before)

    def _put(self, key: str, write: Callable[[BinaryIO], object]) -> None:
        target = self._path(key)
        with _storage(key), self._writing() as (file, temporary):
            write(file)
            local_files.sync(file)
            self._publish(lambda: temporary.replace(target), target)

    def _publish(self, place: Callable[[], object], target: Path) -> None:
        """Give a finished file its name, so that it survives a power cut."""
        with self._folders(fcntl.LOCK_SH):
            local_files.make_folders(target.parent, self._objects)
            place()
            local_files.sync_folder(target.parent)

    @contextmanager
    def _folders(self, mode: int) -> Iterator[None]:
        """Whoever names files in folders shares them; whoever removes a folder has them alone."""
        descriptor = os.open(self._objects, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, mode)
            yield
        finally:
            os.close(descriptor)

    def _path(self, key: str) -> Path:
        path = self._objects.joinpath(*check_key(key).split("/"))
        # The key's grammar allows no way out; this stops a link somebody put inside the store.
        if not path.resolve().is_relative_to(self._objects):
            raise BadKey(f"leads out of the store: {key!r}")
        return path

    def _upload_path(self, upload: StoreUpload) -> Path:
        return self._uploads / check_key(upload.id)

    @contextmanager
    def _writing(self) -> Iterator[tuple[BinaryIO, Path]]:
        temporary = self._temporary / uuid.uuid4().hex
        try:
            with temporary.open("xb") as file:
                yield file, temporary
        finally:
            temporary.unlink(missing_ok=True)

    @contextmanager
    def _open_upload(self, upload: StoreUpload) -> Iterator[BinaryIO]:
        try:
            file = self._upload_path(upload).open("r+b")
        except FileNotFoundError:
            raise UploadMissing(upload.id) from None
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            # While we waited for the lock it may have become an object, which nobody may append to.
            if not self._upload_path(upload).exists():
                raise UploadMissing(upload.id)
            yield file


@contextmanager
def _storage(key: str) -> Iterator[None]:
    try:
        yield
    except (IsADirectoryError, NotADirectoryError) as error:
        raise BadKey(f"{key!r} would be an object and a folder") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise ObjectStoreFull(f"{key}: {error.strerror}") from error
        raise ObjectStoreUnavailable(f"{key}: {error.strerror}") from error


@contextmanager
def _looking(key: str) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise ObjectMissing(key) from error
    except OSError as error:
        raise ObjectStoreUnavailable(f"{key}: {error.strerror}") from error


def _file_stat(path: Path) -> os.stat_result:
    if path.is_dir():
        raise FileNotFoundError(path)
    return path.stat()


def _info(key: str, stat: os.stat_result) -> ObjectInfo:
    return ObjectInfo(key, stat.st_size, datetime.fromtimestamp(stat.st_mtime, UTC))
