"""Live jobs by the client, both ways of it, and by the command, whose Ctrl-C ends the job in good order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from bm3vl.errors import ApiError, NotFound
from tests.client.conftest import CAPTIONED, LiveServer, connected

CAMERA = "rtsp://ann:s3cret@camera.example.com/one"
COMMAND = [sys.executable, "-c", "from bm3vl.cli.main import main; main()", "live"]

pytestmark = [pytest.mark.timeout(300), pytest.mark.processes]


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


def test_a_running_one_is_asked_and_succeeds(client: Any, live_server: LiveServer) -> None:
    job = client.live(CAMERA)
    epoch = claimed(live_server, job.id)
    asked = client.stop(job)
    assert (asked.state, asked.stop_requested_at is not None) == ("running", True)
    live_server.worker.finish(job.id, epoch, CAPTIONED)
    ended = client.job(job.id)
    assert (ended.state, ended.result["cues"]) == ("succeeded", CAPTIONED["cues"])
    assert client.stop(job) == ended, "a finished one stays as it is"


def test_what_is_not_live_is_refused(client: Any, live_server: LiveServer) -> None:
    other = live_server.submitted()
    with pytest.raises(ApiError) as refused:
        client.stop(other)
    assert (refused.value.status, refused.value.problem["code"]) == (409, "not_live")
    assert client.cancel(other).state == "canceled"


def test_nobody_else_stops_it(client: Any, way: str, live_server: LiveServer) -> None:
    job = client.live(CAMERA)
    stranger = live_server.worker.tenant_client(f"stranger of {way}")
    with connected(way, live_server.server.url, stranger.token) as theirs, pytest.raises(NotFound):
        theirs.stop(job.id)
    assert client.job(job.id).stop_requested_at is None
    client.stop(job)


@contextmanager
def live_command(server: LiveServer, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """`bm3vl live`, as a person runs it."""
    env = {**os.environ, "BM3_SERVER": server.server.url, "BM3_API_KEY": server.key, "PYTHONUNBUFFERED": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    # A shell has its background jobs ignore Ctrl-C, and what they start inherits that.
    heard = {"preexec_fn": partial(signal.signal, signal.SIGINT, signal.SIG_DFL)}
    with subprocess.Popen([*COMMAND, *arguments], env=env, text=True, **pipes, **heard) as command:  # type: ignore[call-overload]
        try:
            yield command
        finally:
            command.kill()


def _press_until(command: subprocess.Popen[str], is_heard: Callable[[], bool]) -> None:
    """Ctrl-C; once more after a while, as a person would: an interpreter may lose an interrupt in a finalizer."""
    for _ in range(2):
        command.send_signal(signal.SIGINT)
        deadline = time.monotonic() + 45
        while time.monotonic() < deadline:
            if is_heard():
                return
            time.sleep(0.05)
    pytest.fail("it does not ask the job to stop")


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
        _press_until(command, lambda: _job(live_server, job_id)["stop_requested_at"] is not None)
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
    ended = bm3vl(live_server, "stop", job_id)
    assert (ended.returncode, ended.stdout) == (0, f"{job_id} canceled\n"), ended.stderr


def test_what_is_no_live_source_is_refused_before_anything_is_sent(live_server: LiveServer) -> None:
    with live_command(live_server, "talk.mp4") as command:
        _, errors = command.communicate(timeout=90)
    assert command.returncode == 2
    assert "rtsp://" in errors


def test_stop_by_command_ends_a_running_job(live_server: LiveServer) -> None:
    submitted = live_server.submitted(params={"video": {"url": CAMERA}})
    epoch = claimed(live_server, UUID(submitted))
    asked = bm3vl(live_server, "stop", submitted)
    assert (asked.returncode, asked.stdout) == (0, f"{submitted} running\n"), asked.stderr
    assert _job(live_server, submitted)["stop_requested_at"] is not None
    live_server.worker.finish(UUID(submitted), epoch, CAPTIONED)
    assert bm3vl(live_server, "stop", submitted).stdout == f"{submitted} succeeded\n"


def test_stop_by_command_of_what_is_not_live_says_what_to_do(live_server: LiveServer) -> None:
    other = live_server.submitted()
    refused = bm3vl(live_server, "stop", other)
    assert refused.returncode != 0
    assert "cancel" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert bm3vl(live_server, "cancel", other).returncode == 0


def bm3vl(server: LiveServer, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, to its end."""
    env = {**os.environ, "BM3_SERVER": server.server.url, "BM3_API_KEY": server.key}
    return subprocess.run([*COMMAND[:-1], *arguments], env=env, capture_output=True, text=True, timeout=90, check=False)


def _job(server: LiveServer, job_id: str) -> dict[str, Any]:
    answer: dict[str, Any] = server.tenant.get(f"/v1/jobs/{job_id}").json()
    return answer
