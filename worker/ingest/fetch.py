"""Copies what lies behind a user's URL into a local file: guarded, bounded in bytes and time, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import ssl
from dataclasses import dataclass
from pathlib import Path

import httpcore
import httpx

from db.failures import Failure
from worker.egress.dial import NETWORK_ERRORS, Deadline, Way, exchange, parse_url
from worker.egress.guard import Guard
from worker.errors import Permanent, Transient

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Answers after which the same request may succeed later.
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
# Identity: a compressed answer could unfold to more than the byte limit.
_HEADERS = {"User-Agent": "bm3-ingest/1", "Accept": "*/*", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What one fetch may take, redirects included."""

    max_bytes: int
    max_s: float
    max_redirects: int = 3


@dataclass(frozen=True, slots=True)
class Fetched:
    """What arrived. `media_type` is only what the server said: sniff the file."""

    size_bytes: int
    sha256: str
    media_type: str
    url: str


def fetch(
    url: str, path: Path, limits: FetchLimits, guard: Guard, certificates: ssl.SSLContext | None = None
) -> Fetched:
    """Fetch `url` into `path`, which appears only when whole.

    Raises Permanent with BLOCKED_ADDRESS, FETCH_FAILED or TOO_LARGE; Transient when a later try may succeed.
    """
    way = Way(guard, Deadline(limits.max_s), certificates)
    partial = path.with_name(path.name + ".part")
    try:
        fetched = _follow(parse_url(url), partial, limits, way)
        partial.replace(path)
    except NETWORK_ERRORS as error:
        raise _broken(error, limits, way.deadline) from error
    except OSError as error:
        raise Transient(Failure.STORAGE, f"cannot write the download: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)
    return fetched


def _follow(url: httpx.URL, partial: Path, limits: FetchLimits, way: Way) -> Fetched:
    for _ in range(limits.max_redirects + 1):
        with exchange("GET", url, _HEADERS, None, way) as response:
            if response.status not in _REDIRECTS:
                return _received(response, url, partial, limits)
            url = _next_hop(url, response)
    raise Permanent(Failure.FETCH_FAILED, f"more than {limits.max_redirects} redirects")


def _next_hop(url: httpx.URL, response: httpcore.Response) -> httpx.URL:
    location = _header(response, "location")
    if not location:
        raise Permanent(Failure.FETCH_FAILED, f"a redirect ({response.status}) to nowhere")
    try:
        target = str(url.join(location))
    except httpx.InvalidURL:
        raise Permanent(Failure.FETCH_FAILED, "a redirect to something that is not a URL") from None
    return parse_url(target)


def _received(response: httpcore.Response, url: httpx.URL, partial: Path, limits: FetchLimits) -> Fetched:
    _check_answer(response, limits)
    digest, size_bytes = hashlib.sha256(), 0
    with partial.open("wb") as file:
        for chunk in response.iter_stream():
            size_bytes += len(chunk)
            if size_bytes > limits.max_bytes:
                raise _too_large(limits)
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return Fetched(size_bytes, digest.hexdigest(), _header(response, "content-type"), str(url))


def _check_answer(response: httpcore.Response, limits: FetchLimits) -> None:
    if response.status in _LATER:
        raise Transient(Failure.STORAGE, f"the server answered {response.status}")
    if response.status != 200:
        raise Permanent(Failure.FETCH_FAILED, f"the server answered {response.status}")
    if _header(response, "content-encoding").lower() not in ("", "identity"):
        raise Permanent(Failure.FETCH_FAILED, "the server compressed its answer unasked")
    length = _header(response, "content-length")
    if length.isdigit() and int(length) > limits.max_bytes:
        raise _too_large(limits)


def _broken(error: Exception, limits: FetchLimits, deadline: Deadline) -> Permanent | Transient:
    """A peer too slow for the whole allowance will be so again; any other fault of the network may pass."""
    if not deadline.left_s():
        return Permanent(Failure.FETCH_FAILED, f"did not arrive within {limits.max_s:g} s")
    return Transient(Failure.STORAGE, f"the download broke off: {str(error) or type(error).__name__}")


def _too_large(limits: FetchLimits) -> Permanent:
    return Permanent(Failure.TOO_LARGE, f"more than {limits.max_bytes} bytes")


def _header(response: httpcore.Response, name: str) -> str:
    values = (value for key, value in response.headers if key.lower() == name.encode())
    return next(values, b"").decode("latin-1").strip()
