"""The compose file of three nodes on one host: it parses beside the service's own, and its commands are ours."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docker.test_files import COMPOSE, ROOT, TOOLS
from worker.__main__ import parser
from worker.engines.spec import ModelSpec

ADDED: dict[str, Any] = yaml.safe_load((ROOT / "docker/compose.distributed.yaml").read_text())
NODES = {name: service for name, service in ADDED["services"].items() if name.startswith("node")}


def test_compose_takes_both_files() -> None:
    command = ["docker-compose", "--env-file", "docker/example.env", "-f", "docker/compose.yaml"]
    command += ["-f", "docker/compose.distributed.yaml", "--profile", "no-gpu", "config", "--quiet"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=TOOLS)
    assert ran.returncode == 0, ran.stderr
    assert "warn" not in ran.stderr.lower(), ran.stderr


@pytest.mark.parametrize("name", sorted(NODES))
def test_a_node_joins_the_worker_with_its_own_chunk_and_least_rights(name: str) -> None:
    service = NODES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["mem_limit"]
    assert service["command"][:3] == ["python", "-m", "worker"]
    asked = parser().parse_args(service["command"][3:])
    assert asked.join.rpartition(":")[0] in ADDED["services"]
    assert asked.secret_file == Path("/run/secrets/node_secret")
    [volume] = service["volumes"]
    assert volume.endswith(f"/{name}:{asked.chunk}:ro")


def test_the_nodes_run_the_image_of_the_worker() -> None:
    worker = COMPOSE["services"]["gpu-less"]
    for node in NODES.values():
        assert node["image"] == worker["image"]
        assert node["build"] == worker["build"]


def test_the_worker_is_the_starter_of_the_folder_it_mounts() -> None:
    worker = ADDED["services"]["gpu-less"]
    spec = ModelSpec.parse(worker["environment"]["BM3_WORKER_MODELS"])
    assert (spec.engine, spec.path) == ("pipeline", "/split/nodes.json")
    assert worker["volumes"][0].endswith(":/split:ro")
    assert set(worker["networks"]) == {"default", "nodes"}
    assert ADDED["networks"]["nodes"]["internal"] is True
