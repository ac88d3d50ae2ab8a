"""The engine with the oldest transformers that may be installed, beside the newest that every other test runs with."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.needs import need

ROOT = Path(__file__).parents[3]
LADDER = (
    "tests/worker/streaming/test_batch.py",  # every family: streams of one step as alone
    "tests/worker/streaming/test_no_host_sync.py",
    "tests/worker/streaming/state/test_delta_rule.py",  # the hybrids' linear layers
    "tests/worker/engines/test_inspection.py",
)


def oldest() -> str:
    """The lowest version of transformers that the project allows."""
    needs = (Requirement(text) for text in importlib.metadata.requires("bm3-vl") or ())
    ranges = {
        spec.version for one in needs if one.name == "transformers" for spec in one.specifier if spec.operator == ">="
    }
    [lowest] = ranges
    return lowest


@pytest.mark.slow
def test_every_family_runs_with_the_oldest_transformers(tmp_path: Path) -> None:
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    need(uv is not None, "uv installs the package (pip install uv)")
    wanted = f"transformers=={oldest()}.0"
    subprocess.run(
        [str(uv), "pip", "install", "--quiet", "--target", str(tmp_path / "old"), "--no-deps", wanted], check=True
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "old"), "OMP_NUM_THREADS": "1"}
    version = [sys.executable, "-c", "import transformers; print(transformers.__version__)"]
    seen = subprocess.run(version, env=environment, capture_output=True, text=True, check=True).stdout.strip()
    assert seen == f"{oldest()}.0"
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *LADDER],
        cwd=ROOT, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-3000:]
    assert re.search(r"\d+ passed|\[100%\]", ran.stdout)
