"""The test servers are real: they hold data, survive a crash on the same port and leave no process behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psycopg
import pytest
import redis

from tests.needs import need
from tests.postgres import PostgresServer, postgres_binaries, postgres_server
from tests.receiver import read_log
from tests.servers import S3Place, receiver_process, redis_server


def test_redis_is_empty_never_evicts_and_is_loopback_only(redis_url: str) -> None:
    client = redis.Redis.from_url(redis_url)
    assert client.dbsize() == 0
    assert client.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
    assert client.config_get("bind")["bind"] == "127.0.0.1"
    client.close()


def test_a_killed_redis_comes_back_with_its_data(tmp_path: Path) -> None:
    with redis_server(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        client.rpush("queue", "nudge")
        client.config_set("appendfsync", "always")
        client.rpush("queue", "nudge")
        server.kill()
        assert not server.answers()
        server.start()
        assert client.llen("queue") == 2


def test_each_test_gets_its_own_database(postgres_process: PostgresServer, postgres_url: str) -> None:
    other = postgres_process.fresh()
    with psycopg.connect(_plain(postgres_url)) as link:
        link.execute("CREATE TABLE mine (n int)")
    with psycopg.connect(_plain(other)) as link:
        row = link.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'mine'").fetchone()
    assert row == (0,)
    postgres_process.drop(other)


@pytest.mark.parametrize("kind", ["debian", "wheel"])
def test_committed_rows_survive_a_killed_postgres(kind: str) -> None:
    found = [path for path in postgres_binaries() if path.is_relative_to("/usr") == (kind == "debian")]
    need(found, f"PostgreSQL ({kind})")
    with postgres_server(found[0]) as server:
        url = _plain(server.fresh())
        with psycopg.connect(url) as link:
            link.execute("CREATE TABLE kept (n int)")
            link.execute("INSERT INTO kept VALUES (7)")
        server.kill()
        server.start()
        with psycopg.connect(url) as link:
            assert link.execute("SELECT n FROM kept").fetchall() == [(7,)]
    assert not server.folder.exists()


def test_a_receiver_process_notes_what_it_got_over_a_crash(tmp_path: Path) -> None:
    with receiver_process(tmp_path) as server:
        httpx.post(f"{server.url}/ok", content=b"one\0", headers={"webhook-id": "evt_1"})
        server.kill()
        server.start()
        assert httpx.post(f"{server.url}/status/500", content=b"two").status_code == 500
    first, second = read_log(tmp_path / "received.jsonl")
    assert (first.path, first.body, first.headers["webhook-id"]) == ("/ok", b"one\0", "evt_1")
    assert (second.path, second.body) == ("/status/500", b"two")


def test_the_bucket_is_there(s3: S3Place) -> None:
    assert s3.endpoint_url.startswith("http://127.0.0.1:")
    assert s3.bucket


def test_a_killed_test_run_leaves_no_server_behind(tmp_path: Path) -> None:
    script = (
        "import pathlib, sys, time\n"
        "from tests.servers import redis_server\n"
        "with redis_server(pathlib.Path(sys.argv[1])) as server:\n"
        "    print(server.process.pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent
    )
    assert run.stdout is not None
    server_pid = int(run.stdout.readline())
    run.send_signal(signal.SIGKILL)
    run.wait()
    run.stdout.close()
    assert _gone_within(server_pid, 60), "the server outlived its test run"


def _gone_within(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not Path(f"/proc/{pid}").exists() or _is_zombie(pid):
            return True
        time.sleep(0.02)
    return False


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def _plain(url: str) -> str:
    return url.replace("+psycopg", "")
