"""What a user installs stands alone: the wheel, built from the source archive, in an environment without our packages."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.needs import need
from tests.servers import Server, api_server

ROOT = Path(__file__).parent.parent
SOURCES = ("api", "client", "db", "worker", "pyproject.toml", "requirements.lock", "README.md", "LICENSE")
HOW = ("--python", "venv/bin/python", "--no-sources")  # else the client would be a link into the tree
NOT_CODE = shutil.ignore_patterns("__pycache__", "screenshots")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the wheel that is built from the source archive of this tree."""
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    need(uv is not None, "uv installs the package (pip install uv)")
    folder = tmp_path_factory.mktemp("install")
    tree = folder / "tree"
    tree.mkdir()
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=NOT_CODE)
        else:
            shutil.copy(source, tree / name)
    build = ["build", "--no-sources", "--out-dir", "dist"]
    for arguments in (
        [*build, "tree"],  # the source archive, and the wheel from that
        [*build, "--wheel", "tree/client"],
        ["venv", "--python", sys.executable, "venv"],
    ):
        _run(str(uv), folder, arguments)
    wheel = next((folder / "dist").glob("bm3_vl-*.whl"))
    install = ["pip", "install", "--constraints", "tree/requirements.lock", *HOW, "--find-links", "dist", str(wheel)]
    _run(str(uv), folder, install)
    shutil.rmtree(tree)
    return folder / "venv/bin/python"


def _run(uv: str, folder: Path, arguments: list[str]) -> None:
    ran = subprocess.run([uv, "--quiet", *arguments], cwd=folder, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr


@pytest.fixture
def api(python: Path, tmp_path: Path) -> Iterator[Server]:
    with api_server(tmp_path, python) as server:
        yield server


def test_the_api_starts_and_serves_the_dashboard(api: Server) -> None:
    assert httpx.get(f"{api.url}/login").status_code == 200
    assert httpx.get(f"{api.url}/openapi.json").status_code == 200


def test_the_light_worker_has_all_it_imports(python: Path, tmp_path: Path) -> None:
    modules = "worker.light, worker.dispatcher.loop, kombu.transport.redis, bm3vl.cli.main"
    imports = f"import {modules}, sys; sys.exit('torch' in sys.modules)"
    ran = subprocess.run([str(python), "-c", imports], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr


def test_a_model_worker_without_its_packages_says_what_to_install(python: Path, tmp_path: Path) -> None:
    ran = subprocess.run([str(python), "-m", "worker", "gpu"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 2
    assert "pip install 'bm3-vl[worker]'" in ran.stderr


def test_every_file_of_the_server_is_installed(python: Path) -> None:
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "api", "db", "worker"]
    files = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(files) > 300
    records = (".csv", ".png")  # of the training of the built-in model
    lacking = [name for name in files if not (site_packages(python) / name).exists() and not name.endswith(records)]
    assert [name for name in lacking if (ROOT / name).exists()] == []


def site_packages(python: Path) -> Path:
    return next((python.parent.parent / "lib").glob("python3*/site-packages"))


def test_the_built_in_model_is_installed_whole(python: Path) -> None:
    weights = Path("worker/bm3/weights/nano")
    records = {"metrics.csv", "metrics.png", "evaluation.png"}  # of its training
    here = {file.name for file in (ROOT / weights).iterdir()} - records
    assert {file.name for file in (site_packages(python) / weights).iterdir()} == here
