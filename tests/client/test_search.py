"""Search through the client and on the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bm3vl import Client
from bm3vl.errors import Invalid
from tests.client.conftest import LiveServer

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def gate(live_server: LiveServer) -> str:
    """A job that has said three things."""
    job_id = live_server.submitted(labels={"camera": "gate"})
    claimed, epoch = live_server.worker.start()
    live_server.worker.speak(claimed, epoch, "A red car stops.", "A [b]car[/b], red as wine.", "Nothing moves.")
    return job_id


def command(live_server: LiveServer, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    own = {
        "BM3_SERVER": live_server.server.url,
        "BM3_API_KEY": live_server.key,
        "BM3_CONFIG": str(folder / "login.json"),
    }
    line = [sys.executable, "-c", "from bm3vl.cli.main import main; main()", "search", *words]
    return subprocess.run(line, env={**os.environ, **own}, capture_output=True, text=True, timeout=60, check=False)


def test_hits_are_documents_page_by_page(live_server: LiveServer, gate: str) -> None:
    with Client(live_server.server.url, live_server.key) as client:
        hits = [*client.search("red car*", label="camera:gate")]
        assert [(str(hit.job_id), hit.start_ms) for hit in hits] == [(gate, 0), (gate, 1000)]
        assert "".join(part.text for part in hits[0].snippet) == hits[0].text == "A red car stops."
        assert len([*client.search("red", most=1)]) == 1
        with pytest.raises(Invalid, match="at least one word"):
            [*client.search("-red")]


def test_the_command_prints_a_line_a_hit(live_server: LiveServer, gate: str, tmp_path: Path) -> None:
    assert command(
        live_server, tmp_path, "car", "red", "--label", "camera=gate", "--job", gate[-8:]
    ).stdout.splitlines() == [
        f"{gate} 0:00:00 A red car stops.",
        f"{gate} 0:00:01 A [b]car[/b], red as wine.",
    ]
    assert command(live_server, tmp_path, "red car").stdout.splitlines() == [f"{gate} 0:00:00 A red car stops."]
    assert command(live_server, tmp_path, "car", "--without", "wine").stdout.count(gate) == 1
    assert command(live_server, tmp_path, "car", "--before", "2020-01-01").stdout == ""
    refused = command(live_server, tmp_path, "...")
    assert refused.returncode == 7
    assert "at least one word" in refused.stderr
