"""What a reading process does with one document; no other process loads the reader."""

from __future__ import annotations

import os
import resource
import threading
from multiprocessing.connection import Connection, wait
from multiprocessing.process import parent_process
from pathlib import Path

from db.documents.footprint.overlay import pages_read
from db.failures import Failure
from worker.datasheet.extract import extract
from worker.datasheet.page import pages
from worker.datasheet.request import DocumentReading, OnProgress, ReadingRequest, SandboxLimits, pages_shown
from worker.datasheet.result import overlay, thumbnails
from worker.errors import Permanent

REFUSED_ALLOCATION = ("insufficient memory", "bad_alloc", "failed to allocate memory")
"""Words of cv2.error (OpenCV 5.0) and of onnxruntime's Fail and RuntimeException (1.27), in small letters."""


def serve(pipe: Connection, files: list[Path], request: ReadingRequest, limits: SandboxLimits) -> None:
    """Reads within the limits and sends progress, then a DocumentReading or (code, reason, details), and after the first
    the small pictures of its pages."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    try:
        pipe.send(_read(files, request, pipe.send))
        pipe.send(thumbnails.pictures(files))
    except Permanent as error:
        pipe.send((error.code, str(error), error.details))
    except Exception as error:
        if not ran_out_of_memory(error):
            raise
        pipe.send((Failure.TOO_LARGE, f"the document takes more than {limits.memory_bytes >> 20} MiB to read", {}))


def ran_out_of_memory(error: Exception) -> bool:
    """Whether an allocation was refused: OpenCV and ONNX Runtime have errors of their own for that, which only say so."""
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in REFUSED_ALLOCATION)


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
