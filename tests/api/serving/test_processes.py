"""Several api processes on one port: one count, one end, and a key revoked in one is soon refused by all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from api.key_cache import LIFE_S
from api.serving.processes import number_of
from api.settings import ApiSettings
from db.access import keys
from db.settings import Settings
from tests.api.running_app import NO_REDIS
from tests.bench.api_process import ApiProcess, api_process, children
from tests.servers import free_port
from tests.waiting import GUARD_S

pytestmark = pytest.mark.processes


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiProcess]:
    monkeypatch.setenv("BM3_API_WORKERS", "2")
    with api_process(tmp_path, "", NO_REDIS) as api:
        yield api


def get(api: ApiProcess, path: str) -> httpx.Response:
    """A request on a connection of its own, which any of the processes may take."""
    return httpx.get(f"{api.url}{path}", headers=api.headers, timeout=GUARD_S)


def until(what: str, seconds: float, reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def test_requests_are_counted_over_all_processes(two: ApiProcess) -> None:
    assert [get(two, "/v1/jobs").status_code for _ in range(30)] == [200] * 30
    page = get(two, "/metrics").text
    assert 'bm3_http_requests_total{method="GET",route="/v1/jobs",status="200"} 30.0' in page
    assert "bm3_jobs" in page


def test_a_key_revoked_elsewhere_is_refused_within_seconds(two: ApiProcess) -> None:
    assert {get(two, "/v1/jobs").status_code for _ in range(10)} == {200}
    with two.database.write() as session:
        [key] = keys.of_tenant(session, two.tenant_id)
        keys.revoke(session, key.created_at, key)
    until("still taken", LIFE_S + 5, lambda: {get(two, "/v1/jobs").status_code for _ in range(10)} == {401})


def test_they_end_with_the_one_that_started_them(two: ApiProcess) -> None:
    assert len(children(two.pid)) >= 2
    os.kill(two.pid, signal.SIGKILL)
    until("orphans hold the port", GUARD_S, lambda: not _takes_connections(two.url))


def test_none_is_left_when_the_first_dies_while_the_others_start(tmp_path: Path) -> None:
    settings = {"BM3_DATA_DIR": str(tmp_path), "BM3_API_PORT": str(free_port()), "BM3_REDIS_URL": NO_REDIS}
    first = subprocess.Popen([sys.executable, "-m", "api", "--workers", "2"], env={**os.environ, **settings})
    until("no process was started", 60, lambda: len(children(first.pid)) >= 2)
    started = children(first.pid)
    first.kill()
    first.wait()
    until("orphans", 60, lambda: not any(Path(f"/proc/{pid}").exists() for pid in started))


@pytest.mark.parametrize(
    ("url", "asked", "expected"),
    [("", 0, 1), ("", 3, 3), ("postgresql://h/d", 0, min(len(os.sched_getaffinity(0)), 4)), ("postgresql://h/d", 1, 1)],
)
def test_how_many_processes_there_are(url: str, asked: int, expected: int) -> None:
    assert number_of(Settings(database_url=url), ApiSettings(workers=asked)) == expected


def _takes_connections(url: str) -> bool:
    try:
        httpx.get(f"{url}/healthz", timeout=2)
    except httpx.TransportError:
        return False
    return True
