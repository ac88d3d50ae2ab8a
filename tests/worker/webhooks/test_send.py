"""Delivery attempts against a real receiver: what it does decides the outcome, never how long we are held."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from db.webhooks.signing_keys import new_secret
from tests.certificates import tls_pair
from tests.receiver import Receiver, receiver
from tests.servers import free_port
from tests.waiting import GUARD_S
from worker.egress.guard import Guard
from worker.webhooks.schedule import DeliveryOutcome
from worker.webhooks.send import RESPONSE_HEAD_BYTES, SendResult, send
from worker.webhooks.sign import headers

LOOPBACK = Guard.allowing(["127.0.0.0/8"])
BODY = json.dumps({"type": "webhook.test", "data": {}}).encode()


@pytest.fixture(scope="module")
def server() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


def test_a_signed_delivery_verifies_at_the_receiver(server: Receiver) -> None:
    secret = new_secret()
    attempt = send(server.url("/ok"), headers("evt_1", int(time.time()), BODY, [secret]), BODY, LOOPBACK)
    assert (attempt.outcome, attempt.status, attempt.response_head) == (DeliveryOutcome.DELIVERED, 200, "thanks")
    received = server.received[-1]
    assert (received.method, received.path, received.body) == ("POST", "/ok", BODY)
    assert Webhook(secret).verify(received.body, received.headers) == json.loads(BODY)
    assert received.headers["content-type"] == "application/json"
    assert received.headers["content-length"] == str(len(BODY))
    assert 0 < attempt.duration_s < 5


@pytest.mark.parametrize(
    ("path", "outcome"),
    [
        ("/status/204", DeliveryOutcome.DELIVERED),
        ("/status/299", DeliveryOutcome.DELIVERED),
        ("/status/400", DeliveryOutcome.REJECTED),
        ("/status/404", DeliveryOutcome.REJECTED),
        ("/status/410", DeliveryOutcome.GONE),
        ("/status/429", DeliveryOutcome.BUSY),
        ("/status/500", DeliveryOutcome.REJECTED),
        ("/status/503", DeliveryOutcome.BUSY),
        ("/redirect/1", DeliveryOutcome.REDIRECTED),
        ("/status/304", DeliveryOutcome.REDIRECTED),
    ],
)
def test_the_status_decides(server: Receiver, path: str, outcome: DeliveryOutcome) -> None:
    attempt = _send(server, path)
    assert attempt.outcome is outcome
    assert attempt.error is None


def test_a_redirect_is_not_followed(server: Receiver) -> None:
    before = len(server.received)
    _send(server, "/redirect/1")
    assert len(server.received) == before + 1


def test_retry_after_is_heard(server: Receiver) -> None:
    assert _send(server, "/status/503?retry-after=7").retry_after_s == 7
    assert _send(server, "/status/503").retry_after_s is None
    assert _send(server, "/status/503?retry-after=whenever").retry_after_s is None


def test_the_head_of_the_answer_is_kept_in_storable_form(server: Receiver) -> None:
    assert "\0" not in _send(server, "/status/500").response_head
    assert len(_send(server, "/bytes/100000").response_head) == RESPONSE_HEAD_BYTES
    assert len(_send(server, "/endless").response_head) == RESPONSE_HEAD_BYTES


@pytest.mark.parametrize("path", ["/hang", "/dripheaders"])
def test_a_receiver_that_stalls_is_left_in_time(server: Receiver, path: str) -> None:
    attempt = _send(server, path, timeout_s=0.4)
    assert (attempt.outcome, attempt.status) == (DeliveryOutcome.TIMED_OUT, None)
    assert attempt.error
    assert attempt.duration_s < GUARD_S


@pytest.mark.parametrize("path", ["/late", "/drip", "/lie/10?says=5000"])
def test_a_body_that_never_ends_takes_nothing_back(server: Receiver, path: str) -> None:
    attempt = _send(server, path, timeout_s=0.5)
    assert (attempt.outcome, attempt.status) == (DeliveryOutcome.DELIVERED, 200)
    assert attempt.duration_s < GUARD_S


def test_a_receiver_that_reads_slowly_is_left_in_time() -> None:
    listener, stop = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def sip() -> None:
        link, _ = listener.accept()
        with link:
            while not stop.wait(0.05):
                link.recv(1000)

    thread = threading.Thread(target=sip)
    thread.start()
    try:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        attempt = send(url, {}, b"x" * (50 << 20), LOOPBACK, timeout_s=0.5)
    finally:
        stop.set()
        thread.join()
        listener.close()
    assert attempt.outcome is DeliveryOutcome.TIMED_OUT
    assert attempt.duration_s < GUARD_S


def test_garbage_and_closed_ports_are_unreachable(server: Receiver) -> None:
    assert _send(server, "/garbage").outcome is DeliveryOutcome.UNREACHABLE
    attempt = send(f"http://127.0.0.1:{free_port()}/", {}, BODY, LOOPBACK)
    assert attempt.outcome is DeliveryOutcome.UNREACHABLE
    assert attempt.error


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "[::ffff:127.0.0.1]"])
def test_without_leave_nothing_here_is_dialled(server: Receiver, host: str) -> None:
    before = len(server.received)
    attempt = send(server.url("/ok", host), {}, BODY, Guard())
    assert (attempt.outcome, attempt.status) == (DeliveryOutcome.BLOCKED, None)
    assert len(server.received) == before


def test_the_checked_address_is_dialled_whatever_the_name_says_next(server: Receiver) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])

    def rebinding(host: str, port: int, timeout_s: float) -> Sequence[str]:
        return next(answers)

    guard = Guard(LOOPBACK.allow, rebinding)
    url = server.url("/ok", "rebind.example")
    assert send(url, {}, BODY, guard).outcome is DeliveryOutcome.DELIVERED
    assert server.received[-1].headers["host"] == f"rebind.example:{server.server_port}"
    assert send(url, {}, BODY, guard).outcome is DeliveryOutcome.BLOCKED


def test_a_dead_first_address_does_not_hide_the_second(server: Receiver) -> None:
    guard = Guard(LOOPBACK.allow, lambda *_: ["127.9.9.9", "127.0.0.1"])
    assert send(server.url("/ok", "two.example"), {}, BODY, guard).outcome is DeliveryOutcome.DELIVERED


def test_proxies_in_the_environment_are_not_asked(server: Receiver) -> None:
    wanted = {name: f"http://127.0.0.1:{free_port()}" for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY")}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        assert _send(server, "/ok").outcome is DeliveryOutcome.DELIVERED
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            os.environ.update({name: value} if value is not None else {})


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://example.org/",
        "file:///etc/passwd",
        "http://",
        "http:///x",
        "http://u:p@example.org/",
        "http://[::1",
        "x" * 9000,
    ],
)
def test_other_urls_are_refused(url: str) -> None:
    attempt = send(url, {}, BODY, Guard())
    assert (attempt.outcome, attempt.status) == (DeliveryOutcome.BLOCKED, None)


def test_tls_checks_the_name_and_not_the_address(tmp_path: Path) -> None:
    server_side, client_side = tls_pair("hooks.example", tmp_path)
    guard = Guard(LOOPBACK.allow, lambda *_: ["127.0.0.1"])
    with receiver(server_side) as server:
        attempt = send(server.url("/ok", "hooks.example"), {}, BODY, guard, certificates=client_side)
        assert (attempt.outcome, attempt.error) == (DeliveryOutcome.DELIVERED, None)
        for other in (
            send(server.url("/ok", "other.example"), {}, BODY, guard, certificates=client_side),
            send(server.url("/ok", "hooks.example"), {}, BODY, guard),
        ):
            assert other.outcome is DeliveryOutcome.UNREACHABLE
            assert "CERTIFICATE_VERIFY_FAILED" in (other.error or "")


def _send(server: Receiver, path: str, timeout_s: float = 5.0) -> SendResult:
    return send(server.url(path), {}, BODY, LOOPBACK, timeout_s)
