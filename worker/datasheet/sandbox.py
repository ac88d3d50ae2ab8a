"""Reads documents of strangers in a process of its own, which is ended when it takes too much time or memory.

The library that opens PDFs cannot be interrupted, and one thread at a time may use it: hence a process for each document.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext
from multiprocessing.process import parent_process
from multiprocessing.util import get_temp_dir
from pathlib import Path
from typing import Any

from db.documents.footprint.overlay import PagePicture, pages_read
from db.documents.kinds.datasheet import DatasheetResult
from db.failures import Failure
from worker.datasheet.extract import extract
from worker.datasheet.page import pages
from worker.datasheet.request import OnProgress, ReadingProgress, ReadingRequest
from worker.datasheet.result import overlay
from worker.errors import Permanent, Transient

POLL_S = 0.5
FOR_SCANS = "onnxruntime"
FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM)
"""An operator, or the kernel that is out of memory. The limits themselves end a process by SIGXCPU or a refused allocation."""


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """What reading one document may take: processor seconds, and address space in bytes."""

    cpu_s: int = 120
    memory_bytes: int = 3 << 30


@dataclass(frozen=True, slots=True)
class DocumentReading:
    """What the vector reader found, and the pages it or another reader needs, rendered and as text."""

    result: DatasheetResult
    pictures: dict[int, PagePicture]
    texts: dict[int, str]


def read(
    files: list[Path], request: ReadingRequest, progress: OnProgress, limits: SandboxLimits | None = None
) -> DocumentReading:
    """`extract` within limits, and pictures of the pages it read.

    Raises Permanent like `extract`, and TOO_LARGE past a limit; Transient(WORKER_LOST) when something else ended the
    process; what `progress` raises passes and ends the reading.
    """
    limits = limits or SandboxLimits()
    context = _context()
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(sender, files, request, limits), daemon=True)
    process.start()
    sender.close()
    try:
        for said in _heard(receiver):
            if isinstance(said, DocumentReading):
                return said
            if not isinstance(said, ReadingProgress):
                raise Permanent(*said)
            progress(said)
        process.join()
        raise _ended(process.exitcode or 0, limits)
    finally:
        process.kill()
        process.join()
        receiver.close()


_preloaded = [__name__, FOR_SCANS]
"""Loaded once for all reading processes: the service reads many documents, and some of them are scans."""


def expect_one_document() -> None:
    """A command that reads one document and ends: what only scans need is loaded when a scan turns up."""
    _preloaded[:] = [__name__]


@lru_cache(maxsize=1)
def _context() -> ForkServerContext:
    """Starts processes from one that has imported this module.

    Its socket lies in the folder for temporary files. The path of a socket may have 107 characters, a worker's scratch
    folder has more, so the path goes through a descriptor of it that stays open.
    """
    folder = tempfile.gettempdir()
    tempfile.tempdir = f"/proc/self/fd/{os.open(folder, os.O_RDONLY)}"
    try:
        get_temp_dir()
    finally:
        tempfile.tempdir = folder
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_preloaded)
    return context


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
    if exitcode >= 0:
        return RuntimeError(f"the reading process ended with code {exitcode}")
    ended_by = signal.Signals(-exitcode)
    if ended_by in FROM_OUTSIDE:
        return Transient(Failure.WORKER_LOST, f"the reading process was ended from outside ({ended_by.name})")
    if ended_by is signal.SIGXCPU:
        return Permanent(Failure.TOO_LARGE, f"the document takes more than {limits.cpu_s} s of processor time to read")
    return Permanent(
        Failure.TOO_LARGE,
        f"the document takes more than {limits.memory_bytes >> 20} MiB to read, or is damaged ({ended_by.name})",
    )


def _serve(pipe: Connection, files: list[Path], request: ReadingRequest, limits: SandboxLimits) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    try:
        pipe.send(_read(files, request, pipe.send))
    except Permanent as error:
        pipe.send((error.code, str(error), error.details))
    except MemoryError:
        pipe.send((Failure.TOO_LARGE, f"the document takes more than {limits.memory_bytes >> 20} MiB to read", {}))


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _read(files: list[Path], request: ReadingRequest, progress: OnProgress) -> DocumentReading:
    result = extract(list(files), request, progress)
    book = pages.open_book(list(files))
    try:
        wanted = {*pages_read(result), *pages_shown(result, request)}
        pictures = {n: overlay.picture(book, n) for n in sorted(wanted) if n <= book.pages}
        return DocumentReading(result, pictures, {n: pages.plain_text(book, n) for n in pictures})
    finally:
        book.close()


def pages_shown(result: DatasheetResult, request: ReadingRequest) -> list[int]:
    """The outline's page and the land pattern's, which another reader looks at too: those asked for, else those found."""
    asked = ((request.mechanical_page, result.mechanical_pages), (request.land_page, result.land_pages))
    return list(dict.fromkeys(n for page, found in asked for n in ([page] if page else found[:1]))) or [1]
