"""Hub ids without a hub: what is in the cache is taken, what is not is refused in seconds with what to do."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ASK = "import sys; from worker.engines.hub import folder_of; print(folder_of(sys.argv[1], None))"
SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def silent_hub() -> Iterator[str]:
    """An address that takes connections and never answers, as a firewall's may."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def ask(model: str, hub: str, home: Path) -> subprocess.CompletedProcess[str]:
    """In a process of its own: the hub's client reads its settings when it is imported."""
    settings = {**os.environ, "HF_ENDPOINT": hub, "HF_HOME": str(home), "HF_HUB_OFFLINE": "0"}
    return subprocess.run(
        [sys.executable, "-c", ASK, model], env=settings, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.slow
def test_an_absent_model_is_refused_with_what_to_do(silent_hub: str, tmp_path: Path) -> None:
    refused = ask("nobody/absent", silent_hub, tmp_path)
    assert refused.returncode == 1
    last = refused.stderr.splitlines()[-1]
    assert last.startswith(f"OSError: nobody/absent is not in this machine's cache, and {silent_hub} cannot be reached")
    assert "give the folder of a downloaded model" in last


def test_a_cached_model_needs_no_hub(silent_hub: str, tmp_path: Path) -> None:
    cached = tmp_path / "hub" / "models--nobody--cached"
    snapshot = cached / "snapshots" / SHA
    snapshot.mkdir(parents=True)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text(SHA)
    assert ask("nobody/cached", silent_hub, tmp_path).stdout.strip() == str(snapshot)
