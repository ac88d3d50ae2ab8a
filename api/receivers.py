"""Refuses webhook addresses in networks of our own when they are entered, rather than at every delivery.

The worker checks the address it dials, every time; this only tells the person who enters it what to do.
"""

from __future__ import annotations

import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor

import httpx

from api.deps import Services
from api.errors import Problem, field_problem
from db.documents import addresses

RESOLVE_S = 2.0
_resolvers = ThreadPoolExecutor(4, "resolve")  # the system offers no time limit


def check(services: Services, url: str) -> None:
    """Raise a 422 problem for an address that no delivery would be let through to. Unknown names pass: they may come."""
    try:
        parsed = httpx.URL(url)
        port = parsed.port or 80
    except (httpx.InvalidURL, ValueError) as error:
        raise field_problem("/url", "not an http or https URL with a host") from error
    allow = addresses.networks(services.settings.allow_networks)
    if not all(addresses.may_be_dialled(one, allow) for one in _addresses(parsed.host, port)):
        raise _private(parsed.host)


def _addresses(host: str, port: int) -> list[str]:
    """What a name leads to; nothing when it does not resolve in time."""
    try:
        found = _resolvers.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM).result(RESOLVE_S)
    except (OSError, UnicodeError, TimeoutError):
        return []
    return [str(entry[4][0]) for entry in found]


def _private(host: str) -> Problem:
    """The network is named only where the person has named the address: what our name server knows is not for outsiders."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        example = "10.0.0.0/8"
    else:
        example = str(ipaddress.ip_network((address, 24 if address.version == 4 else 64), strict=False))
    detail = (
        f"{host} is not a public address; if webhooks may go there, the operator adds its network to BM3_ALLOW_NETWORKS"
    )
    return field_problem("/url", f"{detail}, for example BM3_ALLOW_NETWORKS={example}", "private_address")
