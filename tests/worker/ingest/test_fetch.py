"""Fetching what lies behind a URL from a real server: whole, bounded, guarded at every hop, nothing half-written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from db.failures import Failure
from tests.receiver import Receiver, receiver
from tests.servers import free_port
from worker.egress.guard import Guard
from worker.errors import JobError, Permanent, Transient
from worker.ingest.fetch import Fetched, FetchLimits, fetch

LOOPBACK = Guard.allowing(["127.0.0.0/8"])
ROOMY = FetchLimits(max_bytes=1_000_000, max_s=10)


@pytest.fixture(scope="module")
def server() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


@pytest.mark.parametrize("path", ["/bytes/200000", "/chunked/200000", "/bytes/1000000"])
def test_the_file_arrives_with_its_digest(server: Receiver, tmp_path: Path, path: str) -> None:
    fetched = _fetch(server, path, tmp_path)
    data = (tmp_path / "video").read_bytes()
    assert fetched.size_bytes == len(data) == int(path.rsplit("/", 1)[1])
    assert fetched.sha256 == hashlib.sha256(data).hexdigest()
    assert [file.name for file in tmp_path.iterdir()] == ["video"]


def test_the_servers_word_on_the_type_is_passed_on(server: Receiver, tmp_path: Path) -> None:
    assert _fetch(server, "/bytes/5", tmp_path).media_type == "video/mp4"
    assert _fetch(server, "/chunked/5", tmp_path).media_type == ""


def test_three_redirects_are_followed_and_a_fourth_is_not(server: Receiver, tmp_path: Path) -> None:
    fetched = _fetch(server, "/redirect/3", tmp_path)
    assert fetched.url == server.url("/bytes/5")
    (tmp_path / "video").unlink()
    _refused(Failure.FETCH_FAILED, server, "/redirect/4", tmp_path)


def test_the_limit_of_redirects_is_a_setting(server: Receiver, tmp_path: Path) -> None:
    _refused(Failure.FETCH_FAILED, server, "/redirect/1", tmp_path, replace(ROOMY, max_redirects=0))
    assert _fetch(server, "/redirect/4", tmp_path, replace(ROOMY, max_redirects=4)).size_bytes == 5


@pytest.mark.parametrize("to", ["http://10.0.0.1/", "http://169.254.169.254/latest/meta-data/", "http://[::1]:80/"])
def test_a_redirect_to_an_inner_address_is_blocked(server: Receiver, tmp_path: Path, to: str) -> None:
    _refused(Failure.BLOCKED_ADDRESS, server, f"/redirect/1?to={quote(to)}", tmp_path)


@pytest.mark.parametrize(
    "to", ["file:///etc/passwd", "ftp://example.org/", "http://u:p@127.0.0.1/", "http://", "http://[x"]
)
def test_a_redirect_out_of_http_is_refused(server: Receiver, tmp_path: Path, to: str) -> None:
    _refused(Failure.FETCH_FAILED, server, f"/redirect/1?to={quote(to)}", tmp_path)


def test_an_inner_address_is_blocked(server: Receiver, tmp_path: Path) -> None:
    before = len(server.received)
    with pytest.raises(Permanent) as refused:
        fetch(server.url("/bytes/5"), tmp_path / "video", ROOMY, Guard())
    assert refused.value.code is Failure.BLOCKED_ADDRESS
    assert len(server.received) == before


@pytest.mark.parametrize("path", ["/bytes/1000001", "/chunked/1000001", "/endless"])
def test_more_than_allowed_is_refused(server: Receiver, tmp_path: Path, path: str) -> None:
    _refused(Failure.TOO_LARGE, server, path, tmp_path)


@pytest.mark.parametrize("path", ["/drip", "/dripheaders", "/hang", "/late"])
def test_a_server_that_never_finishes_is_left_in_time(server: Receiver, tmp_path: Path, path: str) -> None:
    _refused(Failure.FETCH_FAILED, server, path, tmp_path, FetchLimits(1_000_000, 0.5))


@pytest.mark.parametrize("path", ["/status/404", "/status/403", "/status/204", "/status/206", "/status/304", "/gzip"])
def test_an_answer_that_is_no_file_is_final(server: Receiver, tmp_path: Path, path: str) -> None:
    _refused(Failure.FETCH_FAILED, server, path, tmp_path)


@pytest.mark.parametrize("path", ["/status/500", "/status/503", "/status/429", "/lie/10?says=5000", "/garbage"])
def test_a_fault_that_may_pass_is_tried_again(server: Receiver, tmp_path: Path, path: str) -> None:
    with pytest.raises(Transient):
        _fetch(server, path, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_closed_port_may_open_again(tmp_path: Path) -> None:
    with pytest.raises(Transient):
        fetch(f"http://127.0.0.1:{free_port()}/", tmp_path / "video", ROOMY, LOOPBACK)


def test_a_folder_that_is_not_there_is_a_storage_failure(server: Receiver, tmp_path: Path) -> None:
    with pytest.raises(Transient) as refused:
        _fetch(server, "/bytes/5", tmp_path / "nowhere")
    assert refused.value.code is Failure.STORAGE


def test_an_older_file_stays_until_the_new_one_is_whole(server: Receiver, tmp_path: Path) -> None:
    (tmp_path / "video").write_bytes(b"old")
    with pytest.raises(JobError):
        _fetch(server, "/lie/10?says=5000", tmp_path)
    assert (tmp_path / "video").read_bytes() == b"old"
    _fetch(server, "/bytes/5", tmp_path)
    assert (tmp_path / "video").read_bytes() == b"xxxxx"


def _fetch(server: Receiver, path: str, folder: Path, limits: FetchLimits = ROOMY) -> Fetched:
    return fetch(server.url(path), folder / "video", limits, LOOPBACK)


def _refused(code: Failure, server: Receiver, path: str, folder: Path, limits: FetchLimits = ROOMY) -> None:
    with pytest.raises(Permanent) as refused:
        _fetch(server, path, folder, limits)
    assert refused.value.code is code
    assert not list(folder.iterdir())
