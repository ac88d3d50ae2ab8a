"""A live source over HTTP: one endless body, or a playlist of segments (HLS). Every request goes through the egress guard."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpcore
import httpx

from db.failures import Failure
from worker.egress.dial import NETWORK_ERRORS, Deadline, Way, exchange, parse_url
from worker.egress.guard import Guard
from worker.errors import Permanent
from worker.ingest.live.hls import HlsReader
from worker.ingest.live.relay import data, opened
from worker.live_feed import FrameKind, SourceDown, frame, json_frame

ENDLESS_S = 10 * 365 * 86_400.0
QUIET_S = 15.0  # a step of an exchange; the child gives up on a silent source before
SEGMENT_S = 60.0
SEGMENT_BYTES = 256 << 20
PLAYLIST_BYTES = 4 << 20
REDIRECTS = frozenset({301, 302, 303, 307, 308})
GONE = frozenset({400, 401, 403, 404, 405, 410, 451})  # of the first request; later they may be a server that restarts
HEADERS = {"User-Agent": "bm3-ingest/1", "Accept": "*/*", "Accept-Encoding": "identity"}
PLAYLIST_TYPES = ("mpegurl", "m3u")


@dataclass(frozen=True)
class Got:
    """A whole answer: its bytes and the address that they came from in the end."""

    body: bytes
    url: httpx.URL


class HttpSource:
    """What lies behind an http or https address. Credentials in it are sent to its own host alone."""

    def __init__(self, url: httpx.URL, guard: Guard, redirects: int) -> None:
        name, password = url.username, url.password
        self._url = parse_url(str(url.copy_with(username=None, password=None)))
        secret = base64.b64encode(f"{name}:{password}".encode()).decode("ascii")
        self._login = {"Authorization": f"Basic {secret}"} if url.userinfo else {}
        self._guard, self._redirects = guard, redirects
        self._reached = False
        self._hls: HlsReader | None = None

    def frames(self, stop: threading.Event) -> Iterator[bytes]:
        """One connection, or the next stretch of a playlist. Raises SourceDown, Permanent."""
        if self._hls is not None:
            yield from self._segments(self._hls, stop)
            return
        try:
            with self._answer(self._url, ENDLESS_S, {}) as (response, url):
                body = response.iter_stream()
                first = next(body, b"")
                if _is_playlist(response, first):
                    self._hls = HlsReader(str(url), self._get, _whole(first, body, PLAYLIST_BYTES))
                else:
                    yield opened()
                    yield from data(first)
                    for part in body:
                        yield from data(part)
        except NETWORK_ERRORS as error:
            raise SourceDown("the connection broke off") from error
        if self._hls is not None:
            yield from self._segments(self._hls, stop)
        elif _is_finite(response):
            yield json_frame(FrameKind.OVER)
        else:
            raise SourceDown("the server ended the stream")

    def _segments(self, playlist: HlsReader, stop: threading.Event) -> Iterator[bytes]:
        yield opened()
        for part in playlist.stretch(stop):
            yield from data(part)
        if not stop.is_set():
            yield frame(FrameKind.OVER if playlist.is_over else FrameKind.NEXT)

    def _get(self, address: str, start: int | None, size: int | None) -> Got:
        """A playlist, a segment or a key as a whole. Raises SourceDown, Permanent(BLOCKED_ADDRESS, FETCH_FAILED)."""
        ranged = {} if size is None else {"Range": f"bytes={start or 0}-{(start or 0) + size - 1}"}
        try:
            with self._answer(parse_url(address), SEGMENT_S, ranged) as (response, url):
                return Got(_whole(b"", response.iter_stream(), SEGMENT_BYTES), url)
        except NETWORK_ERRORS as error:
            raise SourceDown("a segment did not arrive") from error

    @contextmanager
    def _answer(
        self, url: httpx.URL, seconds: float, more: dict[str, str]
    ) -> Iterator[tuple[httpcore.Response, httpx.URL]]:
        """The answer to a request, redirects followed, each hop checked."""
        way = Way(self._guard, Deadline(seconds, QUIET_S))
        for _ in range(self._redirects + 1):
            login = self._login if (url.scheme, url.host, url.port) == _origin(self._url) else {}
            with exchange("GET", url, {**HEADERS, **login, **more}, None, way) as response:
                if response.status not in REDIRECTS:
                    self._check(response)
                    yield response, url
                    return
                url = _next_hop(url, response)
        raise Permanent(Failure.FETCH_FAILED, f"more than {self._redirects} redirects")

    def _check(self, response: httpcore.Response) -> None:
        if response.status in (200, 206):
            self._reached = True
        elif response.status in GONE and not self._reached:
            raise Permanent(Failure.FETCH_FAILED, f"the server answered {response.status}")
        else:
            raise SourceDown(f"the server answered {response.status}")


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _next_hop(url: httpx.URL, response: httpcore.Response) -> httpx.URL:
    try:
        return parse_url(str(url.join(_header(response, "location"))))
    except httpx.InvalidURL:
        raise Permanent(Failure.FETCH_FAILED, "a redirect to something that is not a URL") from None


def _whole(first: bytes, body: Iterator[bytes], most_bytes: int) -> bytes:
    whole = bytearray(first)
    for part in body:
        whole += part
        if len(whole) > most_bytes:
            raise Permanent(Failure.TOO_LARGE, "a playlist or segment of the source is too large")
    return bytes(whole)


def _is_playlist(response: httpcore.Response, first: bytes) -> bool:
    said = _header(response, "content-type").lower()
    return first.lstrip(b"\xef\xbb\xbf\r\n ").startswith(b"#EXTM3U") or any(one in said for one in PLAYLIST_TYPES)


def _is_finite(response: httpcore.Response) -> bool:
    """The server has said how much there is: what ended with it is over."""
    return bool(_header(response, "content-length"))


def _header(response: httpcore.Response, name: str) -> str:
    values = (value for key, value in response.headers if key.lower() == name.encode())
    return next(values, b"").decode("latin-1").strip()
