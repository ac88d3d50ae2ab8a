"""The process that reading processes are forked from: it has loaded the reader, which takes longer than reading a page."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from functools import lru_cache
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from multiprocessing.util import get_temp_dir

READER = "worker.datasheet.sandboxed"
FOR_SCANS = "onnxruntime"
_preloaded = [READER, FOR_SCANS]
"""Loaded once for all reading processes: the service reads many documents, and some of them are scans."""


def begin_for_one_document() -> None:
    """For a command that reads one document and ends: loads the reader while the command itself is being loaded.

    What only scans need is loaded when a scan turns up.
    """
    _preloaded[:] = [READER]
    context()
    forkserver.ensure_running()


@lru_cache(maxsize=1)
def context() -> ForkServerContext:
    """Starts processes from one that has imported the reader.

    Its socket lies in the folder for temporary files. The path of a socket may have 107 characters, a worker's scratch
    folder has more, so the path goes through a descriptor of it that stays open.
    """
    folder = tempfile.gettempdir()
    tempfile.tempdir = f"/proc/self/fd/{os.open(folder, os.O_RDONLY)}"
    try:
        get_temp_dir()
    finally:
        tempfile.tempdir = folder
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(_preloaded)
    return found
