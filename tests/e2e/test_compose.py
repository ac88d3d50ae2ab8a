"""The deployment of `docker/compose.yaml` without Docker: its commands and variables, against real servers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
import yaml

from bm3vl import Client
from tests.e2e.service import ROOT
from tests.postgres import postgres_server
from tests.servers import Server, free_port, moto_server, redis_server, running

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker/compose.yaml").read_text())["services"]
GIVEN = {"POSTGRES_PASSWORD": "secret", "MINIO_USER": "testing", "MINIO_PASSWORD": "testing"}
VARIABLE = re.compile(r"\$\{(\w+)(?::[-?]([^}]*))?\}")
START_S = 120.0


class Stack:
    """Our services with the addresses of the servers that stand in for the other containers."""

    def __init__(self, folder: Path, hosts: dict[str, str]) -> None:
        self._folder, self._hosts = folder, hosts
        self.api_port, self.metrics = free_port(), {}

    def environment(self, name: str) -> dict[str, str]:
        """The service's variables, as Docker would fill them in."""
        given = COMPOSE[name]["environment"]
        variables = {key: self._filled(str(value)) for key, value in given.items()}
        self.metrics[name] = free_port()
        ports = {"BM3_API_PORT": str(self.api_port), "BM3_WORKER_METRICS_PORT": str(self.metrics[name])}
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("BM3_", "AWS_"))}
        data = {"BM3_DATA_DIR": str(self._folder / name), "PYTHONPATH": str(ROOT)}
        return {**kept, **variables, **{key: port for key, port in ports.items() if key in variables}, **data}

    def command(self, name: str) -> list[str]:
        return [sys.executable, *COMPOSE[name]["command"][1:]]

    def server(self, name: str) -> Server:
        folder = self._folder / f"{name}-log"
        folder.mkdir(parents=True)
        variables = [f"{key}={value}" for key, value in self.environment(name).items()]
        port = self.api_port if name == "api" else self.metrics[name]
        return Server(f"http://127.0.0.1:{port}", port, ["/usr/bin/env", "-i", *variables, *self.command(name)], folder)

    def _filled(self, text: str) -> str:
        for host, address in self._hosts.items():
            text = text.replace(host, address)
        return VARIABLE.sub(lambda match: GIVEN.get(match[1], match[2] or ""), text)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Every service of ours, up, with PostgreSQL, Redis and S3."""
    folder = tmp_path_factory.mktemp("compose")
    for name in ("redis", "s3"):
        (folder / name).mkdir()
    with postgres_server() as postgres, redis_server(folder / "redis") as redis, moto_server(folder / "s3") as store:
        database = postgres.fresh().split("@")[1]
        hosts = {
            "bm3:${POSTGRES_PASSWORD:?set it in docker/.env}@postgres/bm3": f"bm3@{database}",
            "redis:6379": f"127.0.0.1:{redis.port}",
            "minio:9000": f"127.0.0.1:{store.port}",
            "${BM3_HOST:-localhost}:${MINIO_PORT:-9000}": f"127.0.0.1:{store.port}",
        }
        started = Stack(folder, hosts)
        _make_bucket(started.environment("migrate"))
        migrate = started.environment("migrate")
        subprocess.run(started.command("migrate"), env=migrate, cwd=folder, check=True, timeout=60)
        with (
            running(started.server("api")),
            running(started.server("dispatcher")),
            running(started.server("light")),
            running(started.server("gpu")),
            running(started.server("cpu")),
        ):
            yield started


def _make_bucket(environment: dict[str, str]) -> None:
    keys = environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]
    endpoint = environment["BM3_S3_ENDPOINT_URL"]
    s3 = boto3.client(
        "s3", "us-east-1", endpoint_url=endpoint, aws_access_key_id=keys[0], aws_secret_access_key=keys[1]
    )
    s3.create_bucket(Bucket=environment["BM3_S3_BUCKET"])


@pytest.fixture
def client(stack: Stack) -> Iterator[Client]:
    make_key = [sys.executable, "-m", "db", "admin-key"]
    key = subprocess.check_output(make_key, env=stack.environment("migrate"), text=True, timeout=60).split()[-1]
    with Client(f"http://127.0.0.1:{stack.api_port}", key) as connected:
        deadline = time.monotonic() + START_S
        while not connected.get("/v1/models"):
            assert time.monotonic() < deadline, "no worker reported a model"
            time.sleep(0.3)
        yield connected


def test_a_video_and_a_datasheet_go_through(client: Client, video: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "part.pdf"
    command = [sys.executable, "-m", "worker.datasheet.synthetic", "--seed", "7", "--out", str(sheet)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=60)
    uploads = [client.upload(path).id for path in (video, sheet)]
    captions = client.submit("video.caption", {"video": {"asset_id": uploads[0]}, "end_ms": 6000})
    footprint = client.submit("datasheet.extract", {"document": {"asset_id": uploads[1]}})
    assert (client.wait(captions).result or {})["provenance"]["family"] == "bm3_vl"
    assert (client.wait(footprint).result or {})["land_pattern"]["pads"]
    assert client.read(captions, "captions.vtt").startswith(b"WEBVTT")


def test_prometheus_finds_every_process(stack: Stack, client: Client) -> None:
    assert "bm3_workers_alive" in httpx.get(f"http://127.0.0.1:{stack.api_port}/metrics").text
    jobs = yaml.safe_load((ROOT / "docker/prometheus.yml").read_text())["scrape_configs"]
    names = [name for job in jobs for source in job.get("dns_sd_configs", []) for name in source["names"]]
    assert set(names) == {"dispatcher", "light", "gpu", "cpu"}
    for name in names:
        with urllib.request.urlopen(f"http://127.0.0.1:{stack.metrics[name]}/metrics") as answer:
            assert b"bm3_" in answer.read()


def test_the_health_check_asks_the_port_that_is_listened_on() -> None:
    port = COMPOSE["api"]["environment"]["BM3_API_PORT"]
    assert f":{port}/healthz" in " ".join(COMPOSE["api"]["healthcheck"]["test"])
    assert f"http://api:{port};" in (ROOT / "docker/nginx.conf").read_text()
    assert f"api:{port}" in (ROOT / "docker/prometheus.yml").read_text()
