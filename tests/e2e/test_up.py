"""`make up` as the README says it: in a fresh clone, without an active virtual environment, until Ctrl-C."""

from __future__ import annotations

import io
import os
import re
import signal
import socket
import subprocess
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image

from bm3vl import Client
from tests.api.dashboard.visitor import sign_in
from tests.checkout import bare, checkout, hear_ctrl_c
from tests.e2e.service import COMMANDS
from tests.e2e.sheets import synthetic_sheet
from tests.servers import free_port

START_S = 120.0
STOP_S = 60.0


class Terminal:
    """`make up` in a process group of its own, as a shell starts it; what it writes stands in `log`."""

    def __init__(self, tree: Path, environment: dict[str, str], log: Path) -> None:
        self._log = log
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                ["make", "up"],
                cwd=tree,
                env=environment,
                stdout=file,
                stderr=file,
                start_new_session=True,
                preexec_fn=hear_ctrl_c,
            )

    def written(self) -> str:
        return self._log.read_text(errors="replace")

    def wait_for(self, pattern: str) -> str:
        """The first group of the pattern, once it has been written."""
        deadline = time.monotonic() + START_S
        while (found := re.search(pattern, self.written())) is None:
            assert self.process.poll() is None, self.written()
            assert time.monotonic() < deadline, self.written()
            time.sleep(0.1)
        return found[1]

    def interrupt(self) -> int:
        """Ctrl-C: the terminal sends SIGINT to the whole group."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(STOP_S)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    settings = {
        "BM3_DATA_DIR": str(tmp_path / "data"),
        "BM3_REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
        "BM3_API_PORT": str(free_port()),
    }
    started = Terminal(checkout(tmp_path), bare(tmp_path, **settings), tmp_path / "log")
    yield started
    if started.process.poll() is None:
        started.interrupt()


def test_make_up_needs_nothing_but_make_and_runs_jobs_of_every_kind(
    terminal: Terminal, tmp_path: Path, video: Path
) -> None:
    url = terminal.wait_for(r"BM3-VL is ready: (http://\S+)")
    password = Path(terminal.wait_for(r"user admin, first password in (\S+)")).read_text().strip()
    key = Path(terminal.wait_for(r"API key: in (\S+)")).read_text().strip()
    with httpx.Client(base_url=url) as browser:
        assert sign_in(browser, "admin", password).status_code == 303
    with Client(url, key) as client:
        _until(lambda: bool(client.get("/v1/models")))
        for kind, params in _jobs(client, video, synthetic_sheet(tmp_path)).items():
            done = client.wait(client.submit(kind, params))
            assert done.result, kind
    _assert_welcome(terminal.written(), password, key)
    _assert_good_end(terminal, httpx.URL(url).port or 80)


def _assert_welcome(written: str, *secrets: str) -> None:
    assert "-m db migrate" not in written, "a user is told to do what is done"
    assert not [secret for secret in secrets if secret in written], "what is written is often kept"


def _assert_good_end(terminal: Terminal, port: int) -> None:
    """After Ctrl-C nothing is left, nobody had to be killed, and nothing looks like an error."""
    pids = {int(terminal.wait_for(rf" {name}\.1 started \(pid=(\d+)\)")) for name in COMMANDS}
    assert terminal.interrupt() in (0, -signal.SIGINT)
    written = terminal.written()
    ends = dict(re.findall(r"system +\| (\w+)\.1 stopped \(rc=(-?\d+)\)", written))
    # The HTTP server ends in good order and then passes the signal on to itself, as is the custom.
    assert ends == dict.fromkeys(COMMANDS, "0") | {"api": str(-signal.SIGTERM)}
    assert "Traceback" not in written
    assert "***" not in written, "make calls it an error"
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def _jobs(client: Client, video: Path, sheet: Path) -> dict[str, dict[str, object]]:
    """Parameters of a job of each kind."""
    picture = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(picture, "png")
    question = [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{b64encode(picture.getvalue()).decode()}"}},
        {"type": "text", "text": "What is this?"},
    ]
    return {
        "video.caption": {"video": {"asset_id": client.upload(video).id}, "end_ms": 6000},
        "datasheet.extract": {"document": {"asset_id": client.upload(sheet).id}},
        "chat.complete": {"messages": [{"role": "user", "content": question}]},
    }


def _until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_S
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.2)
