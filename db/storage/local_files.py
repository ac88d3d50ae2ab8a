"""Files and folders that survive a power cut: written whole, synced, removed only when old."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO


def append(descriptor: int, done: int, data: bytes) -> int:
    """Write all of `data` behind the first `done` bytes, or none of it; the new end."""
    at, left = done, memoryview(data)
    try:
        while left:
            written = os.pwrite(descriptor, left, at)
            at, left = at + written, left[written:]
    except OSError:
        os.ftruncate(descriptor, done)
        raise
    return at


def sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def make_folders(folder: Path, stop: Path) -> None:
    if folder == stop or folder.is_dir():
        return
    make_folders(folder.parent, stop)
    try:
        folder.mkdir()
    except FileExistsError:
        if not folder.is_dir():
            raise NotADirectoryError(folder) from None
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def files(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        for name in names:
            yield Path(parent, name)


def remove_older(folder: Path, before: float) -> int:
    removed = 0
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # another sweeper was faster
            if path.stat().st_mtime < before:
                remove(path)
                removed += 1
    return removed


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink()
