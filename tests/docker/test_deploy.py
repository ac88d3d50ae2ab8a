"""`docker/deploy.sh` and the other scripts: checked by ShellCheck, and run with a `docker` that notes what it is told."""

from __future__ import annotations

import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.docker.test_files import ROOT, TOOLS

SCRIPTS = sorted([*(ROOT / "docker").rglob("*.sh"), *(ROOT / "scripts").rglob("*.sh"), *(ROOT / "tests").rglob("*.sh")])
FAKE = """#!/bin/sh
echo "$*" >> "$DOCKER_LOG"
case "$*" in
  info) echo "Runtimes: $DOCKER_RUNTIMES"; exit "${DOCKER_DOWN:-0}" ;;
  *" db admin-key") echo 'a line of the log'; echo bm3_the_key ;;
  *root.crt) echo CERTIFICATE ;;
  *"run --rm smoke") exit "${SMOKE:-0}" ;;
esac
"""


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_finds_nothing(script: Path) -> None:
    ran = subprocess.run(["shellcheck", str(script)], capture_output=True, text=True, env=TOOLS)
    assert ran.returncode == 0, ran.stdout


class Host:
    """A copy of `docker/` on a machine with a Docker that only notes its commands."""

    def __init__(self, folder: Path) -> None:
        self.docker = folder / "bm3/docker"
        shutil.copytree(ROOT / "docker", self.docker, ignore=shutil.ignore_patterns("secrets", ".env", "models"))
        self._bin, self._log = folder / "bin", folder / "log"
        self._bin.mkdir()
        (self._bin / "docker").write_text(FAKE)
        (self._bin / "docker").chmod(0o755)

    def deploy(self, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
        self._log.write_text("")
        env = {
            "PATH": f"{self._bin}:/usr/bin:/bin",
            "DOCKER_LOG": str(self._log),
            "DOCKER_RUNTIMES": "runc",
            **variables,
        }
        command = ["bash", str(self.docker / "deploy.sh"), *options]
        return subprocess.run(command, capture_output=True, text=True, env=env, timeout=60)

    @property
    def commands(self) -> list[str]:
        return [line.removeprefix("compose -f compose.yaml ") for line in self._log.read_text().splitlines()]

    def secret(self, name: str) -> str:
        return (self.docker / "secrets" / name).read_text().strip()

    @property
    def settings(self) -> dict[str, str]:
        lines = (self.docker / ".env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_it_builds_starts_waits_tries_and_tells(host: Host) -> None:
    ran = host.deploy()
    assert ran.returncode == 0, ran.stderr
    done = [line for line in host.commands if line.startswith(("build", "up", "exec", "--profile"))]
    assert done[0] == "build"
    assert done[1].startswith("up --detach --wait")
    assert done[-1] == "--profile smoke run --rm smoke"
    assert "https://localhost" in ran.stdout
    assert "bm3_the_key" in ran.stdout
    assert host.secret("admin_key") == "bm3_the_key"
    assert host.secret("ca.crt") == "CERTIFICATE"


def test_the_secrets_fit_each_other_and_only_their_owner_gets_to_them(host: Host) -> None:
    assert host.deploy().returncode == 0
    folder = host.docker / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert host.secret("postgres_password") in host.secret("bm3_database_url")
    assert host.secret("minio_password") in host.secret("aws_credentials")
    assert len({host.secret(name) for name in ("postgres_password", "minio_password", "grafana_password")}) == 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o444}


def test_a_second_run_keeps_secrets_and_settings(host: Host) -> None:
    host.deploy(
        "--site",
        "captions.example.org",
        "--tls",
        "me@example.org",
        "--models",
        "q=pytorch:/models/q?device=cuda&dtype=bfloat16",
    )
    before = {path.name: path.read_text() for path in (host.docker / "secrets").iterdir()}
    kept = host.settings
    (host.docker / ".env").write_text((host.docker / ".env").read_text() + "BM3_GPU_MEMORY=64g\n")
    ran = host.deploy()
    assert ran.returncode == 0, ran.stderr
    assert {path.name: path.read_text() for path in (host.docker / "secrets").iterdir()} == before
    assert host.settings == {**kept, "BM3_GPU_MEMORY": "64g"}
    assert kept["BM3_URL"] == "https://captions.example.org"
    assert not any("db admin-key" in line for line in host.commands)


def test_own_certificates_are_put_where_caddy_reads_them(host: Host, tmp_path: Path) -> None:
    for name in ("a.pem", "a.key"):
        (tmp_path / name).write_text(name)
    ran = host.deploy("--site", "a.example.org", "--https-port", "8443", "--tls", f"{tmp_path}/a.pem {tmp_path}/a.key")
    assert ran.returncode == 0, ran.stderr
    assert (host.docker / "certificates/tls.crt").read_text() == "a.pem"
    assert host.settings["BM3_TLS"] == "/certs/tls.crt /certs/tls.key"
    assert host.settings["BM3_URL"] == "https://a.example.org:8443"
    assert host.deploy().returncode == 0


def test_a_dry_run_says_what_it_would_do_and_does_nothing(host: Host) -> None:
    before = sorted(host.docker.rglob("*"))
    ran = host.deploy("--dry-run")
    assert ran.returncode == 0, ran.stderr
    assert "would run: docker compose -f compose.yaml up" in ran.stdout
    assert sorted(host.docker.rglob("*")) == before
    assert not any(line.startswith(("build", "up", "exec")) for line in host.commands)


@pytest.mark.parametrize(
    ("options", "variables", "said"),
    [
        (["--gpu"], {}, "nvidia-container-toolkit"),
        ([], {"DOCKER_DOWN": "1"}, "daemon does not answer"),
        (["--site", "https://x.org"], {}, "without https://"),
        (["--tls", "yes"], {}, "a mail address"),
        (["--wrong"], {}, "unknown option --wrong"),
    ],
)
def test_what_cannot_work_is_told_before_anything_is_done(
    host: Host, options: list[str], variables: dict[str, str], said: str
) -> None:
    ran = host.deploy(*options, **variables)
    assert ran.returncode != 0
    assert said in ran.stderr
    assert not (host.docker / "secrets").exists()


def test_a_deployment_that_does_not_work_is_not_called_ready(host: Host) -> None:
    ran = host.deploy(SMOKE="1")
    assert ran.returncode != 0
    assert "is ready" not in ran.stdout


def test_compose_takes_the_settings_it_writes(host: Host) -> None:
    assert host.deploy("--models", "q=pytorch:/models/q?device=cuda&dtype=bfloat16").returncode == 0
    command = ["docker-compose", "-f", "compose.yaml", "config", "--format", "json"]
    ran = subprocess.run(command, cwd=host.docker, capture_output=True, text=True, env=TOOLS)
    assert ran.returncode == 0, ran.stderr
    assert "device=cuda&dtype=bfloat16" in ran.stdout.replace("\\u0026", "&")


def test_passwords_of_an_earlier_installation_are_kept(host: Host) -> None:
    (host.docker / "secrets").mkdir()
    (host.docker / "secrets/postgres_password").write_text("of-before\n")
    assert host.deploy().returncode == 0
    assert host.secret("postgres_password") == "of-before"
    assert host.secret("bm3_database_url") == "postgresql://bm3:of-before@postgres/bm3"
