"""The deployment files: they parse, and every command and file that they name exists here."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from api.metrics import PROCESS
from worker import metrics as _workers  # noqa: F401  (importing registers them)

ROOT = Path(__file__).parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker/compose.yaml").read_text())
# As a container has it: the interpreter is the one on PATH.
PROCFILE = {
    line.split(": ", 1)[1].replace("exec .venv/bin/python", "python")
    for line in (ROOT / "Procfile").read_text().splitlines()
}
OURS = {name: service for name, service in COMPOSE["services"].items() if "bm3-vl/" in service.get("image", "")}


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_service_of_ours_runs_a_module_that_exists(name: str) -> None:
    command = OURS[name]["command"]
    assert command[:2] == ["python", "-m"]
    assert (ROOT / command[2] / "__main__.py").exists()


@pytest.mark.parametrize("name", sorted(OURS))
def test_services_run_with_least_rights(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]


def test_an_image_is_built_from_one_target() -> None:
    """Two targets under one tag: which of them runs is decided by the order of the builds."""
    targets: dict[str, set[str]] = {}
    for service in OURS.values():
        targets.setdefault(service["image"].split(":")[0], set()).add(service["build"]["target"])
    assert targets == {"bm3-vl/base": {"base"}, "bm3-vl/gpu": {"gpu"}}


def test_the_gpu_image_has_what_its_model_options_need() -> None:
    """`?quantization=4bit` in BM3_WORKER_MODELS, whose packages stand in an extra of their own."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    stage = (ROOT / "docker/Dockerfile").read_text().split("AS gpu")[1]
    installed = set(re.findall(r"\[([a-z,]+)\]", stage)[0].split(","))
    assert installed == {"worker", "quantization"} <= set(extras)


def test_every_mounted_file_is_in_the_repository() -> None:
    mounts = [volume for service in COMPOSE["services"].values() for volume in service.get("volumes", [])]
    files = [mount.split(":")[0] for mount in mounts if mount.startswith("./")]
    assert files
    assert [name for name in files if not (ROOT / "docker" / name).exists()] == []


def test_secrets_have_no_default() -> None:
    text = (ROOT / "docker/compose.yaml").read_text()
    assert not re.search(r"\$\{[A-Z_]*(PASSWORD|SECRET)[A-Z_]*:-", text)


def test_the_procfile_names_modules_that_exist() -> None:
    for command in PROCFILE:
        assert (ROOT / command.split()[2] / "__main__.py").exists()


def test_every_process_of_the_procfile_is_a_service() -> None:
    commands = {" ".join(service["command"][:4]) for service in OURS.values()}
    missing = {command for command in PROCFILE if not any(ran.startswith(command) for ran in commands)}
    assert missing == {"python -m db redis"}  # there it is the valkey service


def test_the_dashboard_asks_for_metrics_that_exist() -> None:
    panels = json.loads((ROOT / "docker/grafana/dashboards/bm3.json").read_text())["panels"]
    asked = {name for panel in panels for target in panel["targets"] for name in re.findall(r"bm3_\w+", target["expr"])}
    of_database = {"bm3_jobs", "bm3_queue_oldest_age_seconds", "bm3_workers_alive", "bm3_webhook_deliveries_pending"}
    counted = {name for registry in (REGISTRY, PROCESS) for name in registry._names_to_collectors}
    assert len(asked) > len(of_database)
    assert asked - counted - of_database == set()
