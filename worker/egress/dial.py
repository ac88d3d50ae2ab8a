"""One guarded HTTP exchange: dials a checked address, follows nothing, and ends when its time is up.

httpcore is used bare: no proxies or other settings from the environment, no redirects, no cookies, no decompression.
The name still goes into the Host header, the TLS handshake and the certificate check.
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpcore
import httpx

from db.failures import Failure
from worker.egress.guard import Guard
from worker.errors import Permanent

MAX_URL_CHARS = 4000
STEP_S = 30.0  # a single step of an exchange takes no longer
_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(rb"[A-Za-z0-9._-]+|[0-9a-fA-F:.]+")
# What a peer, a name server or the network may do to us; everything else is a bug of ours.
NETWORK_ERRORS = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)


@cache
def system_certificates() -> ssl.SSLContext:
    """Verification against certifi's roots; built once, it takes tens of milliseconds."""
    return httpcore.default_ssl_context()


class Deadline:
    """A point in time that every step of an exchange works towards, however slowly the peer drips.

    No single step (resolving, connecting, one read) may take more than `step_s`: a dead peer is not a slow one.
    """

    def __init__(self, timeout_s: float, step_s: float = STEP_S) -> None:
        self._end_s = time.monotonic() + timeout_s
        self._step_s = step_s

    def left_s(self) -> float:
        """Seconds left; 0 when over."""
        return max(self._end_s - time.monotonic(), 0.0)

    def shorten(self, timeout_s: float) -> None:
        """Let it end in `timeout_s` from now, unless it ends before."""
        self._end_s = min(self._end_s, time.monotonic() + timeout_s)

    def step_or(self, error: type[httpcore.TimeoutException]) -> float:
        """Seconds the next step may take, or that error when time is up."""
        if not (left := self.left_s()):
            raise error("out of time")
        return min(left, self._step_s)


@dataclass(frozen=True, slots=True)
class Way:
    """How to get out: whom the guard lets through, whose certificates count, how long everything may take."""

    guard: Guard
    deadline: Deadline
    certificates: ssl.SSLContext | None = None


def parse_url(text: str) -> httpx.URL:
    """A URL we would request: http or https, a host, no user or password. Else Permanent(FETCH_FAILED)."""
    try:
        url = httpx.URL(text) if len(text) <= MAX_URL_CHARS else None
    except httpx.InvalidURL:
        url = None
    if url is None or url.scheme not in _PORTS or not _HOST.fullmatch(url.raw_host) or url.port == 0:
        raise Permanent(Failure.FETCH_FAILED, "not an http or https URL with a host")
    if url.userinfo:
        raise Permanent(Failure.FETCH_FAILED, "a URL must not carry a user name or password")
    return url


@contextmanager
def exchange(
    method: str, url: httpx.URL, headers: Mapping[str, str], body: bytes | None, way: Way
) -> Iterator[httpcore.Response]:
    """Send one request and hand out the response with its body unread; at the end the connection is closed.

    Raises Permanent(BLOCKED_ADDRESS), or one of NETWORK_ERRORS.
    """
    target = httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port or _PORTS[url.scheme], target=url.raw_path
    )
    # Host is written here because httpcore leaves out the brackets of an IPv6 address.
    named = [("Host", url.netloc.decode("ascii")), *headers.items()]
    backend = _CheckedBackend(way)
    certificates = way.certificates or system_certificates()
    with (
        httpcore.ConnectionPool(ssl_context=certificates, max_connections=1, network_backend=backend) as pool,
        pool.stream(method, target, headers=named, content=body) as response,
    ):
        yield response


class _CheckedBackend(httpcore.NetworkBackend):
    """Turns a name into a checked address at the moment of dialling."""

    def __init__(self, way: Way) -> None:
        self._way = way
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        deadline = self._way.deadline
        addresses = self._way.guard.addresses(host, port, deadline.step_or(httpcore.ConnectTimeout))
        for number, address in enumerate(addresses):
            # A dead first address must leave time for the others.
            share_s = deadline.step_or(httpcore.ConnectTimeout) / (len(addresses) - number)
            try:
                stream = self._sockets.connect_tcp(address, port, share_s, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(addresses) - 1:
                    raise
            else:
                return _TimedStream(stream, deadline)
        raise httpcore.ConnectError(f"{host} has no address")


class _TimedStream(httpcore.NetworkStream):
    """A connection whose every operation ends by the deadline, whatever time httpcore would give it."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.step_or(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """In a loop of our own: httpcore's would grant each small piece the whole time."""
        link, rest = self._stream.get_extra_info("socket"), memoryview(buffer)
        while rest:
            link.settimeout(self._deadline.step_or(httpcore.WriteTimeout))
            try:
                rest = rest[link.send(rest) :]
            except TimeoutError as error:
                raise httpcore.WriteTimeout(str(error)) from error
            except OSError as error:
                raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left_s = self._deadline.step_or(httpcore.ConnectTimeout)
        return _TimedStream(self._stream.start_tls(ssl_context, server_hostname, left_s), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
