"""`bm3vl` against a real server process, as a script would use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import api_server, free_port

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A server's address and its administrator's key."""
    folder = tmp_path_factory.mktemp("api")
    with api_server(folder) as server:
        yield server.url, (folder / "admin-key").read_text().strip()


@pytest.fixture
def bm3vl(api: tuple[str, str], tmp_path: Path):
    """Run the command; its exit code, output and errors."""

    def run(*arguments: str, key: str | None = None, server: str | None = None) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "BM3_SERVER": server or api[0], "BM3_API_KEY": key or api[1]}
        environment["BM3_CONFIG"] = str(tmp_path / "login.json")
        command = [sys.executable, "-c", "from bm3vl.cli.main import main; main()", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)

    return run


def test_a_job_is_submitted_listed_and_canceled(bm3vl) -> None:
    submitted = bm3vl("submit", "video", "http://example.com/talk.mp4", "--label", "team=a")
    job_id = submitted.stdout.strip()
    assert submitted.returncode == 0
    listed = json.loads(bm3vl("list", "--json").stdout)
    assert [job["id"] for job in listed if job["labels"] == {"team": "a"}] == [job_id]
    assert bm3vl("cancel", job_id).stdout == f"{job_id} canceled\n"
    watched = bm3vl("watch", job_id)
    assert watched.returncode == 1
    assert "canceled" in watched.stderr


def test_ids_are_whole_where_there_is_no_terminal(bm3vl) -> None:
    job_id = bm3vl("submit", "video", "http://example.com/other.mp4").stdout.strip()
    assert job_id in bm3vl("list").stdout


def test_a_file_that_is_not_what_it_claims_is_refused(bm3vl, tmp_path: Path) -> None:
    fake = tmp_path / "talk.mp4"
    fake.write_text("hello")
    refused = bm3vl("submit", "video", str(fake))
    assert refused.returncode == 7
    assert "invalid_media" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "key", "code"),
    [
        (["get", "01a1fdf0-4b14-7794-8d48-1b8ad368cec6"], None, 4),
        (["list"], "bm3_wrong", 3),
        (["submit", "video", "no-such-file.mp4"], None, 2),
        (["submit", "video", "http://example.com/a.mp4", "--fps", "-1"], None, 7),
        (["nonsense"], None, 2),
    ],
)
def test_each_kind_of_failure_has_its_exit_code(bm3vl, arguments: list[str], key: str | None, code: int) -> None:
    failed = bm3vl(*arguments, key=key)
    assert failed.returncode == code
    assert failed.stderr
    assert "Traceback" not in failed.stderr


def test_no_server_is_said_with_its_address(bm3vl) -> None:
    failed = bm3vl("--timeout", "1", "list", server=f"http://127.0.0.1:{free_port()}")
    assert failed.returncode == 5
    assert "127.0.0.1" in failed.stderr


def test_webhooks_and_keys_are_managed(bm3vl) -> None:
    endpoint, secret = bm3vl("webhooks", "add", "https://example.com/hook", "--event", "job.succeeded").stdout.split()
    assert secret.startswith("whsec_")
    assert endpoint in bm3vl("webhooks", "list").stdout
    assert bm3vl("webhooks", "rotate", endpoint).stdout.strip() not in {"", secret}
    delivery = bm3vl("webhooks", "test", endpoint).stdout.strip()
    assert delivery in bm3vl("webhooks", "deliveries", endpoint).stdout
    assert bm3vl("webhooks", "remove", endpoint).returncode == 0
    token = bm3vl("keys", "create", "ci", "--scope", "jobs:read").stdout.strip()
    assert bm3vl("list", key=token).returncode == 0
    assert bm3vl("submit", "video", "http://example.com/a.mp4", key=token).returncode == 3


def test_tenants_are_made_and_limited(bm3vl) -> None:
    tenant = bm3vl("tenants", "create", "north", "--limit", "max_queued=5").stdout.strip()
    assert bm3vl("tenants", "change", tenant, "--limit", "max_running=2").returncode == 0
    [line] = [line for line in bm3vl("tenants", "list").stdout.splitlines() if tenant in line]
    assert line.split() == [tenant, "north", "5", "2"]
    assert bm3vl("tenants", "change", tenant, "--limit", "max_queued=unlimited").returncode == 0
    [line] = [line for line in bm3vl("tenants", "list").stdout.splitlines() if tenant in line]
    assert line.split() == [tenant, "north", "2"]
    token = bm3vl("tenants", "key", tenant, "first", "--scope", "jobs:read").stdout.strip()
    assert bm3vl("list", key=token).returncode == 0
    assert bm3vl("tenants", "list", key=token).returncode == 3
    assert bm3vl("tenants", "create", "north").returncode == 7
    for wrong in ("max_queued", "max_queued=-1", "size=3"):
        assert bm3vl("tenants", "create", "south", "--limit", wrong).returncode == 2


def test_the_doctor_says_what_is_wrong(bm3vl) -> None:
    """There is no broker, and no worker."""
    seen = bm3vl("doctor")
    assert seen.returncode == 1
    lines = {line.split(":")[0]: line for line in seen.stdout.splitlines()}
    assert "ok  database" in lines
    assert "ok  key" in lines
    assert "BAD redis" in lines
    assert "python -m worker gpu" in lines["BAD models"]
    wrong = bm3vl("doctor", key="bm3_wrong")
    assert wrong.returncode == 1
    assert "BAD key" in wrong.stdout
    assert "bm3vl login" in wrong.stdout
    nowhere = bm3vl("--timeout", "1", "doctor", server=f"http://127.0.0.1:{free_port()}")
    assert nowhere.returncode == 1
    assert "BAD server" in nowhere.stdout


def test_login_keeps_the_key_for_its_owner_only(bm3vl, api: tuple[str, str], tmp_path: Path) -> None:
    assert bm3vl("login", api[0], "--key", api[1]).returncode == 0
    kept = tmp_path / "login.json"
    assert json.loads(kept.read_text()) == {"server": api[0], "key": api[1]}
    assert kept.stat().st_mode & 0o077 == 0
