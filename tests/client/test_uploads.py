"""Uploads on bad ways: a server that goes away, a client that is ended, a proxy that takes small bodies only."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest

from bm3vl import Client
from bm3vl.errors import Refused, Rejected, UploadBroken
from bm3vl.pieces import LEAST_PIECE_BYTES, sha256
from tests.api.running_app import MP4
from tests.servers import Server, api_server, free_port, running

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[2]
SIZE = 24 << 20


class Broken(Exception):
    """The client is ended here."""


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """A file that no other test has sent."""
    path = tmp_path / "film.mts"
    path.write_bytes(MP4 + os.urandom(16) + bytes(SIZE - len(MP4) - 16))
    return path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server process; tests that end it start it again."""
    with api_server(tmp_path_factory.mktemp("api")) as running_server:
        yield running_server


def key(server: Server) -> str:
    return (server.folder / "admin-key").read_text().strip()


def client(server: Server, url: str = "") -> Client:
    return Client(url or server.url, key(server), timeout_s=10, retries=1)


def bm3vl(server: Server, *arguments: str, url: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "BM3_SERVER": url or server.url, "BM3_API_KEY": key(server)}
    environment["BM3_CONFIG"] = str(server.folder / "login.json")
    command = [sys.executable, "-c", "from bm3vl.cli.main import main; main()", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)


@contextmanager
def proxy_to(server: Server, limit_bytes: int, manner: str = "read") -> Iterator[Server]:
    """A proxy process before the server."""
    folder = server.folder / f"proxy-{manner}-{limit_bytes}"
    folder.mkdir()
    port = free_port()
    upstream = f"127.0.0.1:{server.port}"
    arguments = [str(port), upstream, str(limit_bytes), manner]
    path = f"PYTHONPATH={ROOT}"
    command = ["/usr/bin/env", path, sys.executable, "-m", "tests.client.proxy", *arguments]
    with running(Server(f"http://127.0.0.1:{port}", port, command, folder)) as proxy:
        yield proxy


def sent_through(proxy: Server) -> list[tuple[int, int]]:
    """(bytes, status) of the pieces that a proxy has seen."""
    lines = [line.split() for line in (proxy.folder / "server.log").read_text().splitlines()]
    return [(int(length), int(status)) for method, _, length, status in lines if method == "PATCH"]


def begin_and_break_off(server: Server, video: Path, at_bytes: int) -> None:
    """An upload whose client is ended once so much has arrived."""

    def stop(arrived: int, _: int) -> None:
        if arrived >= at_bytes:
            raise Broken

    with client(server) as calls, pytest.raises(Broken):
        calls.upload(video, stop)


def test_an_upload_goes_on_by_itself_when_the_server_comes_back(server: Server, video: Path) -> None:
    away = Event()

    def tell(arrived: int, _: int) -> None:
        if arrived >= 8 << 20 and not away.is_set():
            server.kill()
            away.set()

    with client(server) as calls, ThreadPoolExecutor(1) as aside:
        upload = aside.submit(calls.upload, video, tell)
        assert away.wait(60)
        server.start()
        asset = upload.result(120)
    assert (asset.state, asset.sha256) == ("ready", sha256(video))


def test_a_client_that_gives_up_says_how_to_go_on_and_then_sends_the_rest_only(server: Server, video: Path) -> None:
    begin_and_break_off(server, video, 16 << 20)
    with proxy_to(server, SIZE) as proxy:
        server.kill()
        gone = bm3vl(server, "upload", str(video), "--patience", "1", url=proxy.url)
        assert gone.returncode != 0
        server.start()
        went_on = bm3vl(server, "submit", "video", str(video), url=proxy.url)
        assert went_on.returncode == 0, went_on.stderr
        assert sum(length for length, status in sent_through(proxy) if status == 204) == SIZE - (16 << 20)
        again = bm3vl(server, "upload", str(video), url=proxy.url)
    with client(server) as calls:
        job = calls.job(went_on.stdout.strip())
        assert job.params["video"]["asset_id"] == again.stdout.strip()


def test_the_error_names_file_asset_and_what_to_do(server: Server, video: Path) -> None:
    with client(server) as calls:

        def tell(arrived: int, _: int) -> None:
            if arrived >= 8 << 20:
                server.kill()

        with pytest.raises(UploadBroken) as caught:
            calls.upload(video, tell, patience_s=0.5)
    server.start()
    with client(server) as calls:
        assert calls.get(f"/v1/uploads/{caught.value.asset_id}")["offset_bytes"] == 8 << 20
        assert f"bm3vl upload {video}" in str(caught.value)
        assert caught.value.asset_id in str(caught.value)
        other = video.with_name("other.mp4")
        other.write_bytes(MP4)
        with pytest.raises(Rejected, match="is not the file that asset"):
            calls.upload(other, asset_id=caught.value.asset_id)
        assert calls.upload(video, asset_id=caught.value.asset_id).state == "ready"


@pytest.mark.parametrize("manner", ["read", "close"])
def test_pieces_become_as_small_as_a_proxy_wants_them(server: Server, video: Path, manner: str) -> None:
    limit = 1 << 20
    with proxy_to(server, limit, manner) as proxy, client(server, proxy.url) as calls:
        assert calls.upload(video).state == "ready"
        pieces = sent_through(proxy)
    taken = [length for length, status in pieces if status == 204]
    assert sum(taken) == SIZE
    assert max(taken) <= limit
    assert len(pieces) - len(taken) < 12, "a size that was refused is hardly tried again"


def test_a_proxy_that_takes_nothing_is_named(server: Server, video: Path) -> None:
    with (
        proxy_to(server, LEAST_PIECE_BYTES - 1) as proxy,
        client(server, proxy.url) as calls,
        pytest.raises(Refused, match="client_max_body_size"),
    ):
        calls.upload(video)
