"""The egress guard: which addresses a name given by a user may lead to.

A user's URL must not reach what only this machine can reach. So every address its name resolves to has to be public,
and the connection goes to an address that was checked, never to the name again (`dial`): a name server that answers
differently the second time gains nothing.
"""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpcore

from db.failures import Failure
from worker.errors import Permanent

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int, float], Sequence[str]]
"""host, port, seconds it may take -> addresses; raises httpcore.ConnectError or ConnectTimeout."""

MAX_ADDRESSES = 8

# Listed one by one because `is_global` calls several of them public, and differs between Python releases.
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier NAT; some clouds keep their metadata service there
        "127.0.0.0/8",
        "168.63.129.16/32",  # a public number, but inside one cloud the machine's own host
        "169.254.0.0/16",  # link-local, with the usual metadata service
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",
        "2001::/23",  # protocol assignments, with Teredo: an IPv4 address inside
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",  # documentation
    )
)
# All of IPv6 that is handed out. Outside it lie loopback, link-local, unique local, multicast, and the prefixes that
# carry an IPv4 address: ::ffff:0:0/96 (mapped), ::/96 and 64:ff9b::/96 (NAT64).
_IPV6_UNICAST = ipaddress.ip_network("2000::/3")


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public Internet and to nothing near us."""
    if address.version == 6 and address not in _IPV6_UNICAST:
        return False
    return address.is_global and not any(address in network for network in _NOT_PUBLIC)


def resolve(host: str, port: int, timeout_s: float) -> list[str]:
    """The system's answer. In a thread of its own because the system offers no time limit."""
    answer: queue.SimpleQueue[list[str] | OSError | UnicodeError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answer.put(list(dict.fromkeys(str(entry[4][0]) for entry in found)))
        except (OSError, UnicodeError) as error:  # UnicodeError: a label too long for the IDNA codec
            answer.put(error)

    threading.Thread(target=ask, daemon=True, name="resolve").start()
    try:
        addresses = answer.get(timeout=max(timeout_s, 0.001))
    except queue.Empty:
        raise httpcore.ConnectTimeout(f"{host} did not resolve in time") from None
    if not isinstance(addresses, list):
        raise httpcore.ConnectError(f"{host} does not resolve")
    return addresses


@dataclass(frozen=True, slots=True)
class Guard:
    """Public addresses, and those the administrator allows (receivers on the premises)."""

    allow: tuple[Network, ...] = ()
    resolver: Resolver = resolve

    @classmethod
    def allowing(cls, networks: Sequence[str]) -> Guard:
        """A guard from CIDR texts; ValueError for anything else."""
        return cls(tuple(ipaddress.ip_network(network) for network in networks))

    def addresses(self, host: str, port: int, timeout_s: float) -> list[str]:
        """The addresses to dial, all checked, or Permanent(BLOCKED_ADDRESS).

        One bad address condemns the name: a mix of public and private ones is an attack or a mistake. The message
        does not repeat the address, which would tell outsiders what our name server knows.
        """
        found = list(self.resolver(host, port, timeout_s))
        if not found:
            raise httpcore.ConnectError(f"{host} does not resolve")
        if not all(self.allows(text) for text in found):
            raise Permanent(Failure.BLOCKED_ADDRESS, f"{host} leads to an address that is not public")
        return found[:MAX_ADDRESSES]

    def allows(self, text: str) -> bool:
        """Whether an address in text form may be dialled."""
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return False
        return any(address in network for network in self.allow) or is_public(address)
