"""The base image's own installation, carried out without Docker: what it leaves runs alone, and holds no PyTorch."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docker.test_files import DOCKERFILE, ROOT, TOOLS, _stage

NOT_CODE = shutil.ignore_patterns("__pycache__", "*.egg-info", "screenshots")


def _copied(stage: str) -> list[str]:
    """What a stage copies from the context, to the place where it works."""
    return [
        name for line in re.findall(r"^COPY (?!--)(.+)$", _stage(stage), re.MULTILINE) for name in line.split()[:-1]
    ]


def _command(stage: str) -> str:
    found = re.search(r"^RUN --mount\S+ \\\n(.+?)(?<!\\)$", _stage(stage), re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1].replace("\\\n", " ")


@pytest.mark.slow
def test_what_the_base_image_installs_needs_nothing_of_the_build(tmp_path: Path) -> None:
    source, app = tmp_path / "src", tmp_path / "app"
    source.mkdir()
    for name in _copied("build"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name, **({"ignore": NOT_CODE} if copy is shutil.copytree else {}))
    kept = {key: value for key, value in os.environ.items() if not key.startswith("BM3_")}
    env = {**kept, "PATH": TOOLS["PATH"], "UV_LINK_MODE": "copy", "UV_PYTHON": str(app / "bin/python")}
    for command in (f"uv venv --quiet --python {sys.executable} {app}", _command("build-base") + " --quiet"):
        subprocess.run(["bash", "-c", command], cwd=source, env=env, check=True, timeout=250)
    shutil.rmtree(source)
    look = "import api, db, worker, bm3vl, importlib.util as u; print(bm3vl.__file__, u.find_spec('torch'))"
    bare = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    said = subprocess.check_output([str(app / "bin/python"), "-c", look], cwd=tmp_path, env=bare, text=True)
    assert said.startswith(str(app))
    assert said.rstrip().endswith("None")
    told = subprocess.run(
        [str(app / "bin/python"), "-m", "worker.healthy"], cwd=tmp_path, env=bare, capture_output=True
    )
    assert told.returncode == 1  # it runs; there is nobody to ask
    assert b"Traceback" not in told.stderr


def test_every_image_takes_the_client_as_a_copy() -> None:
    """`tool.uv.sources` would make it a link into the folder of the build, which no image has."""
    commands = re.findall(r"uv pip install [^\n]+", DOCKERFILE)
    assert len(commands) == len(re.findall(r"^FROM build AS build-", DOCKERFILE, re.MULTILINE)) > 0
    assert [one for one in commands if "--no-sources" not in one] == []
