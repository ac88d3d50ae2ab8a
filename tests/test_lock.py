"""requirements.lock: versions and nothing else, one file for every Python we name, within the ranges of pyproject.toml."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LOCK = (ROOT / "requirements.lock").read_text()
PROJECT, CLIENT = (
    tomllib.loads((ROOT / name).read_text())["project"] for name in ("pyproject.toml", "client/pyproject.toml")
)
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def environment(python: str) -> dict[str, str]:
    """The markers of a Python on Linux."""
    found = {key: str(value) for key, value in default_environment().items()}
    return {**found, "python_version": python, "python_full_version": f"{python}.9", "extra": ""}


def locked(python: str) -> dict[str, str]:
    """Name -> version for a Python; no name stands twice."""
    versions: dict[str, str] = {}
    for line in LOCK.splitlines():
        if line.startswith("#"):
            continue
        one = Requirement(line)
        if one.marker is None or one.marker.evaluate(environment(python)):
            assert one.name not in versions, line
            versions[one.name] = str(one.specifier).removeprefix("==")
    return versions


def asked() -> list[Requirement]:
    """Every package that the two pyproject.toml name, in whatever extra; our own names stand for what these need."""
    texts = [text for project in (PROJECT, CLIENT) for text in named(project)]
    ours = {PROJECT["name"], CLIENT["name"]}
    return [one for one in map(Requirement, texts) if canonicalize_name(one.name) not in ours]


def named(project: dict[str, Any]) -> list[str]:
    """What one project asks for, its extras among it."""
    return [*project["dependencies"], *(text for extra in project["optional-dependencies"].values() for text in extra)]


def test_the_server_asks_for_the_client_beside_it() -> None:
    assert f"{CLIENT['name']}=={CLIENT['version']}" in PROJECT["dependencies"]


def test_it_holds_names_and_versions_alone() -> None:
    """No address, no path, no hash: the file says nothing about where packages come from."""
    plain = re.compile(r"[a-z0-9-]+==[\w.]+( ; [\w\s.'<>=!()]+)?")
    assert [line for line in LOCK.splitlines() if not line.startswith("#") and not plain.fullmatch(line)] == []
    assert [line for line in LOCK.splitlines() if line.startswith("#") and re.search(r"[/:@](?!$)", line)] == []


@pytest.mark.parametrize("python", PYTHONS)
def test_it_has_every_package_in_its_range(python: str) -> None:
    versions = locked(python)
    needed = [one for one in asked() if one.marker is None or one.marker.evaluate(environment(python))]
    assert [str(one) for one in needed if canonicalize_name(one.name) not in versions] == []
    outside = [one for one in needed if not one.specifier.contains(versions[canonicalize_name(one.name)])]
    assert [str(one) for one in outside] == [], "run: make lock"


def test_every_package_that_is_named_has_a_lower_end() -> None:
    """`make test-oldest` tries these."""
    assert [str(one) for one in asked() if not any(part.operator in (">=", "==") for part in one.specifier)] == []


@pytest.mark.parametrize("file", ["Makefile", "docker/Dockerfile", "tests/test_install.py"])
def test_whatever_installs_packages_obeys_it(file: str) -> None:
    """Only the two targets that try other versions are free."""
    commands = re.compile(r'"pip", "install"|^(\t.*|RUN )\bpip install')
    lines = [line for line in (ROOT / file).read_text().splitlines() if commands.search(line)]
    assert lines
    assert [line for line in lines if "requirements.lock" not in line and "--resolution" not in line] == []


def test_make_lists_the_targets() -> None:
    help_text = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {"lock", "test-newest", "test-oldest"} <= {line.split()[0] for line in help_text.splitlines()}
