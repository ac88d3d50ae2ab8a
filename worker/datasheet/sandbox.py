"""Reads documents of strangers in a process of its own, which is ended when it takes too much time or memory.

The library that opens PDFs cannot be interrupted, and one thread at a time may use it: hence a process for each document.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from db.documents.footprint.overlay import PagePicture
from db.failures import Failure
from worker.datasheet import reading_server
from worker.datasheet.request import DocumentReading, OnProgress, ReadingProgress, ReadingRequest, SandboxLimits
from worker.errors import Permanent, Transient

POLL_S = 0.5
PATIENCE_S = 6.0
FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM)
"""An operator, or the kernel that is out of memory. The limits themselves end a process by SIGXCPU or a refused allocation."""

LOADER_GAVE_UP = 127
"""glibc's loader ends a process with it that has no memory left for a library's thread-local data."""


def read(
    files: list[Path], request: ReadingRequest, progress: OnProgress, limits: SandboxLimits | None = None
) -> DocumentReading:
    """`extract` within limits, and pictures of the pages it read.

    Raises Permanent like `extract`, and TOO_LARGE past a limit; Transient(WORKER_LOST) when something else ended the
    process; what `progress` raises passes and ends the reading.
    """
    limits = limits or SandboxLimits()
    context = reading_server.context()
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(sender, files, request, limits), daemon=True)
    process.start()
    sender.close()
    try:
        for said in _heard(receiver):
            if isinstance(said, DocumentReading):
                return replace(said, thumbnails=_thumbnails(receiver))
            if not isinstance(said, ReadingProgress):
                raise Permanent(*said)
            progress(said)
        process.join()
        raise _ended(process.exitcode or 0, limits)
    finally:
        process.kill()
        process.join()
        receiver.close()


def _thumbnails(pipe: Connection) -> tuple[PagePicture, ...]:
    """The small pictures of the pages; none where they take too long or too much: the reading stands without them."""
    try:
        return pipe.recv() if pipe.poll(PATIENCE_S) else ()
    except (EOFError, OSError):
        return ()


_Said = ReadingProgress | DocumentReading | tuple[Failure, str, dict[str, Any]]


def _heard(pipe: Connection) -> Iterator[_Said]:
    """What the reading process says, the last progress again and again while it is silent; ends with the process."""
    last: _Said = ReadingProgress("search")
    while True:
        if pipe.poll(POLL_S):
            try:
                last = pipe.recv()
            except EOFError:
                return
        yield last


def _ended(exitcode: int, limits: SandboxLimits) -> Exception:
    """Why a process ended without an answer: the kernel or the library stopped it."""
    too_large = f"the document takes more than {limits.memory_bytes >> 20} MiB to read, or is damaged"
    if exitcode == LOADER_GAVE_UP:
        return Permanent(Failure.TOO_LARGE, too_large)
    if exitcode >= 0:
        return RuntimeError(f"the reading process ended with code {exitcode}")
    ended_by = signal.Signals(-exitcode)
    if ended_by in FROM_OUTSIDE:
        return Transient(Failure.WORKER_LOST, f"the reading process was ended from outside ({ended_by.name})")
    if ended_by is signal.SIGXCPU:
        return Permanent(Failure.TOO_LARGE, f"the document takes more than {limits.cpu_s} s of processor time to read")
    return Permanent(Failure.TOO_LARGE, f"{too_large} ({ended_by.name})")


def _serve(pipe: Connection, files: list[Path], request: ReadingRequest, limits: SandboxLimits) -> None:
    from worker.datasheet import sandboxed  # here: the process that waits for an answer needs no reader

    sandboxed.serve(pipe, files, request, limits)
