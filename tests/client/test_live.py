"""Live jobs by the client, both ways of it, and by the command, whose Ctrl-C ends the job in good order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest

from tests.client.conftest import CAPTIONED, LiveServer
from tests.waiting import until

CAMERA = "rtsp://ann:s3cret@camera.example.com/one"
COMMAND = [sys.executable, "-c", "from bm3vl.cli.main import main; main()", "live"]

pytestmark = pytest.mark.timeout(300)


def claimed(server: LiveServer, job_id: UUID) -> int:
    """The epoch of a job that has begun; those that other tests left behind go first."""
    while True:
        begun, epoch = server.worker.start()
        if begun == job_id:
            return epoch


def test_a_live_job_is_submitted_and_stopped(client: Any, live_server: LiveServer) -> None:
    job = client.live(CAMERA, live={"max_duration_ms": 60_000, "record": True}, prompt="Who comes?")
    params = client.job(job.id).params
    assert (params["prompt"], params["live"]["max_duration_ms"], params["live"]["record"]) == (
        "Who comes?",
        60_000,
        True,
    )
    assert "s3cret" not in str(params)
    assert client.stop(job.id).state == "canceled", "it never began"
    assert client.stop(str(job.id)).state == "canceled", "and a finished one stays as it is"


@contextmanager
def live_command(server: LiveServer, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """`bm3vl live`, as a person runs it."""
    env = {**os.environ, "BM3_SERVER": server.server.url, "BM3_API_KEY": server.key, "PYTHONUNBUFFERED": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([*COMMAND, *arguments], env=env, text=True, **pipes) as command:  # type: ignore[call-overload]
        try:
            yield command
        finally:
            command.kill()


def test_ctrl_c_stops_the_job_and_waits_for_its_result(live_server: LiveServer, tmp_path: Any) -> None:
    with live_command(live_server, CAMERA, "--minutes", "5", "--chunk", "1") as command:
        assert command.stdout is not None
        job_id = command.stdout.readline().strip()
        epoch = claimed(live_server, UUID(job_id))
        live_server.worker.speak(UUID(job_id), epoch, "A ball rolls by.")
        line = command.stdout.readline()
        while "A ball rolls by." not in line:
            assert line, "it ended before the caption was shown"
            line = command.stdout.readline()
        command.send_signal(signal.SIGINT)
        until(lambda: _job(live_server, job_id)["stop_requested_at"] is not None, "it asks", seconds=90)
        time.sleep(0.5)
        assert command.poll() is None, "it waits for the result"
        live_server.worker.finish(UUID(job_id), epoch, CAPTIONED)
        _, errors = command.communicate(timeout=90)
    assert command.returncode == 0, errors
    assert "stopping" in errors
    assert "Traceback" not in errors
    job = _job(live_server, job_id)
    assert (job["state"], job["params"]["live"]["max_duration_ms"]) == ("succeeded", 300_000)


def test_detached_it_only_submits_and_stop_ends_it(live_server: LiveServer) -> None:
    with live_command(live_server, CAMERA, "--detach", "--record") as command:
        out, errors = command.communicate(timeout=90)
    assert command.returncode == 0, errors
    job_id = out.strip()
    assert _job(live_server, job_id)["params"]["live"]["record"] is True
    env = {**os.environ, "BM3_SERVER": live_server.server.url, "BM3_API_KEY": live_server.key}
    ended = subprocess.run([*COMMAND[:-1], "stop", job_id], env=env, capture_output=True, text=True, timeout=90)
    assert (ended.returncode, ended.stdout) == (0, f"{job_id} canceled\n"), ended.stderr


def test_what_is_no_live_source_is_refused_before_anything_is_sent(live_server: LiveServer) -> None:
    with live_command(live_server, "talk.mp4") as command:
        _, errors = command.communicate(timeout=90)
    assert command.returncode == 2
    assert "rtsp://" in errors


def _job(server: LiveServer, job_id: str) -> dict[str, Any]:
    answer: dict[str, Any] = server.tenant.get(f"/v1/jobs/{job_id}").json()
    return answer
