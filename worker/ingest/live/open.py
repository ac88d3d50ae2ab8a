"""From the address of a live source to the source."""

from __future__ import annotations

import httpx

from db.failures import Failure
from worker.egress.dial import MAX_URL_CHARS
from worker.egress.guard import Guard
from worker.errors import Permanent
from worker.ingest.live.http import HttpSource
from worker.ingest.live.relay import LiveSource
from worker.ingest.live.srt import SrtSource
from worker.ingest.live.tunnel import PORTS, Tunnel


def source_of(address: str, guard: Guard, redirects: int) -> LiveSource:
    """The source behind an address. Raises Permanent(FETCH_FAILED) for what is none."""
    try:
        url = httpx.URL(address) if len(address) <= MAX_URL_CHARS else None
    except httpx.InvalidURL:
        url = None
    if url is None or not url.raw_host or url.port == 0:
        raise Permanent(Failure.FETCH_FAILED, "not the address of a live source")
    if url.scheme in PORTS:
        return Tunnel(url, guard)
    if url.scheme == "srt":
        return SrtSource(url, guard)
    return HttpSource(url, guard, redirects)
