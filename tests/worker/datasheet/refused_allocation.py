"""Asks a library for memory that this process may not have: `python -m tests.worker.datasheet.refused_allocation WHAT` prints
the module and the name of what it raises, and whether that is known for what it is.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

from worker.datasheet.page.scan.ocr import recogniser
from worker.datasheet.sandboxed import ran_out_of_memory

MORE_BYTES = {"a picture": 2 << 20, "a model": 2 << 20, "a run of a model": 60 << 20}


def asking(what: str) -> Callable[[], object]:
    """What to do once no memory is left, with all that it needs before."""
    session = recogniser()._session
    if what == "a picture":
        small = np.zeros((10, 10), np.uint8)
        return lambda: cv2.resize(small, (30_000, 30_000))
    if what == "a model":
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        return lambda: onnxruntime.InferenceSession(session._model_path, options, providers=["CPUExecutionProvider"])
    crops = np.zeros((6, 3, 48, 8000), np.float32)
    return lambda: session.run(None, {session.get_inputs()[0].name: crops})


if __name__ == "__main__":
    ask = asking(sys.argv[1])
    taken = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + MORE_BYTES[sys.argv[1]],) * 2)
    try:
        ask()
    except Exception as error:  # noqa: BLE001 - whatever it raises is told
        kind = type(error)
        print(kind.__module__.partition(".")[0], kind.__name__, ran_out_of_memory(error))
