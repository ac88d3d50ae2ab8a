"""ONNX Runtime's sessions for one exported folder: threads, providers, and what can go wrong with them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import onnxruntime

from db.failures import Failure
from worker.engines.spec import ModelSpec
from worker.errors import Permanent

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "directml": "DmlExecutionProvider",
}
ERRORS_ONLY = 3
WHOLE_ROWS = "ORT_GQA_DISABLE_FLASH_ATTENTION"
"""ONNX Runtime's own variable, read while a session is made."""
SPIN_US = 100
"""How long a thread waits for more work before it sleeps: the next operator of a step comes sooner, the next step may not."""


def provider_of(spec: ModelSpec) -> str:
    """The execution provider that a spec asks for. Raises Permanent(MODEL_UNAVAILABLE) when this machine has none of it."""
    asked = spec.options.get("provider", "cpu")
    if asked not in PROVIDERS:
        raise _unavailable(spec, f"model option provider={asked}: one of {', '.join(PROVIDERS)}")
    if PROVIDERS[asked] not in onnxruntime.get_available_providers():
        raise _unavailable(
            spec, f"this onnxruntime has no provider {asked}: install its onnxruntime-{asked}, or leave it out"
        )
    return asked


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads_of(spec: ModelSpec) -> int:
    """How many threads compute: what the spec says, or as many as this process may use cores."""
    threads = spec.option_int("threads", usable_cores())
    if not 1 <= threads <= 1024:
        raise _unavailable(spec, f"model option threads={threads}: from 1 to 1024")
    return threads


@contextmanager
def attention_over(kv: str) -> Iterator[None]:
    """Sessions made meanwhile attend over keys and values of a precision in the way that takes the least time.

    Int8 all at once, which takes four bytes for every score of a run; others tile by tile. What the environment says
    already stays.
    """
    if kv != "int8" or WHOLE_ROWS in os.environ:
        yield
        return
    os.environ[WHOLE_ROWS] = "1"
    try:
        yield
    finally:
        del os.environ[WHOLE_ROWS]


def open_graph(path: Path, spec: ModelSpec, provider: str, threads: int) -> Any:
    """A session. Raises Permanent(MODEL_UNAVAILABLE) for a graph that cannot be loaded."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = ERRORS_ONLY
    options.add_session_config_entry("session.intra_op.spin_duration_us", str(SPIN_US))
    names = list(dict.fromkeys((PROVIDERS[provider], PROVIDERS["cpu"])))
    try:
        return onnxruntime.InferenceSession(path, options, providers=names)
    except Exception as error:  # onnxruntime has a dozen classes without a common base
        raise _unavailable(spec, f"{path} cannot be loaded: {error}") from error


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, by numpy's class or by onnxruntime's words."""
    return isinstance(error, MemoryError) or "Failed to allocate memory" in str(error) or "bad_alloc" in str(error)


def _unavailable(spec: ModelSpec, what: str) -> Permanent:
    return Permanent(Failure.MODEL_UNAVAILABLE, f"{spec.name}: {what}")
