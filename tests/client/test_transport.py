"""The SDK's calls: patient where a repeat is safe, clear where the server says no."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bm3vl._sync.transport import Transport
from bm3vl.errors import ApiError, ConnectionFailed, Invalid, NotFound, RateLimited, Unauthorized
from tests.receiver import Receiver, receiver
from tests.servers import free_port


@pytest.fixture
def server() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


@contextmanager
def transport(server: Receiver, slept: list[float], retries: int = 5) -> Iterator[Transport]:
    made = Transport(server.url(""), "bm3_secret", retries=retries, sleep=slept.append)
    try:
        yield made
    finally:
        made.close()


def test_a_failing_server_is_asked_again(server: Receiver) -> None:
    slept: list[float] = []
    with pytest.raises(ApiError), transport(server, slept, retries=2) as calls:
        calls.call("GET", "/status/503")
    assert len(server.received) == 3
    assert len(slept) == 2


def test_retry_after_is_honoured(server: Receiver) -> None:
    slept: list[float] = []
    with pytest.raises(RateLimited) as caught, transport(server, slept, retries=1) as calls:
        calls.call("GET", "/status/429?retry-after=7")
    assert slept == [7.0]
    assert caught.value.retry_after_s == 7.0


def test_a_post_is_not_repeated_unless_it_is_safe(server: Receiver) -> None:
    with pytest.raises(ApiError), transport(server, []) as calls:
        calls.call("POST", "/status/503")
    assert len(server.received) == 1
    with pytest.raises(ApiError), transport(server, [], retries=1) as calls:
        calls.call("POST", "/status/503", repeatable=True)
    assert len(server.received) == 3


@pytest.mark.parametrize(
    ("status", "error"), [(401, Unauthorized), (403, Unauthorized), (404, NotFound), (422, Invalid), (500, ApiError)]
)
def test_each_refusal_has_its_error(server: Receiver, status: int, error: type[ApiError]) -> None:
    with pytest.raises(error) as caught, transport(server, []) as calls:
        calls.call("GET", f"/status/{status}")
    assert caught.value.status == status


def test_nobody_there_is_a_connection_error_that_names_the_address() -> None:
    nowhere = Transport(f"http://127.0.0.1:{free_port()}", "key", retries=1, sleep=lambda _: None)
    with pytest.raises(ConnectionFailed, match=r"127\.0\.0\.1"):
        nowhere.call("GET", "/v1/jobs")
    nowhere.close()


def test_the_key_goes_along_and_is_in_no_error(server: Receiver) -> None:
    with pytest.raises(ApiError) as caught, transport(server, [], retries=0) as calls:
        calls.call("GET", "/status/500")
    assert server.received[0].headers["authorization"] == "Bearer bm3_secret"
    assert "bm3_secret" not in str(caught.value)
