"""Help comes at once: no command line imports what only its work needs. Seconds are measured by `tests.bench.bench_startup`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from db.documents.kinds.datasheet import Level, Reader
from db.documents.kinds.datasheet_params import Units
from db.documents.kinds.datasheet_verdict import EXIT_CODES
from tests.bench.bench_startup import HELPS
from worker.datasheet.__main__ import LEVELS, READERS, UNITS

ROOT = Path(__file__).parent.parent
HEAVY = {
    *(
        "alembic",
        "av",
        "boto3",
        "celery",
        "cv2",
        "fastapi",
        "httpx",
        "kombu",
        "numpy",
        "onnxruntime",
        "PIL",
        "pydantic",
    ),
    *("redis", "scipy", "sqlalchemy", "tokenizers", "torch", "transformers"),
}


def imported(*command: str, good: frozenset[int] = frozenset({0}), **settings: str) -> set[str]:
    """The top-level packages that a command imports; it has to end well."""
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", *command],
        cwd=ROOT,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=120,
    )
    lines = [line for line in ran.stderr.splitlines() if line.startswith("import time:")]
    rest = [line for line in ran.stderr.splitlines() if not line.startswith("import time:")]
    assert ran.returncode in good, "\n".join(rest)
    assert ran.stdout
    return {line.rsplit("|", 1)[1].strip().split(".")[0] for line in lines}


@pytest.mark.parametrize("command", HELPS, ids=" ".join)
def test_help_imports_nothing_heavy(command: tuple[str, ...]) -> None:
    assert imported(*command, "--help") & HEAVY == set()


def test_the_doctor_imports_no_model_store_or_queue_library(tmp_path: Path, redis_url: str) -> None:
    settings = {"BM3_DATA_DIR": str(tmp_path), "BM3_REDIS_URL": redis_url}
    imported("-m", "db", "migrate", **settings)
    assert (
        imported("-m", "db", "doctor", **settings) & (HEAVY - {"alembic", "pydantic", "redis", "sqlalchemy"}) == set()
    )


def test_the_datasheet_command_offers_what_a_job_takes() -> None:
    assert (get_args(Units), get_args(Reader), get_args(Level)) == (UNITS, READERS, LEVELS)


def test_a_vector_drawing_is_read_without_what_scans_need(tmp_path: Path) -> None:
    """In the reading process too: it writes its imports to the same stderr."""
    part = tmp_path / "part.pdf"
    subprocess.run([sys.executable, "-m", "worker.datasheet.synthetic", "--out", str(part)], cwd=ROOT, check=True)
    loaded = imported("-m", "worker.datasheet", "extract", str(part), good=frozenset(EXIT_CODES.values()))
    assert "pypdfium2" in loaded
    assert loaded & {"onnxruntime", "rapidocr", "torch", "transformers", "celery", "sqlalchemy"} == set()


def test_only_the_reading_process_loads_the_reader() -> None:
    """What waits for its answer, a command or a worker, starts in half the time and holds less memory."""
    loaded = imported("-c", "import worker.datasheet.command; print(1)")
    assert loaded & {"cv2", "onnxruntime", "pypdfium2", "scipy", "torch"} == set()
