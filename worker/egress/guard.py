"""The egress guard: which addresses a name given by a user may lead to.

A user's URL must not reach what only this machine can reach. So every address its name resolves to has to be public,
and the connection goes to an address that was checked, never to the name again (`dial`): a name server that answers
differently the second time gains nothing.
"""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpcore

from db.documents import addresses
from db.documents.addresses import Network
from db.failures import Failure
from worker.errors import Permanent

Resolver = Callable[[str, int, float], Sequence[str]]
"""host, port, seconds it may take -> addresses; raises httpcore.ConnectError or ConnectTimeout."""

MAX_ADDRESSES = 8
LEAST_WAIT_S = 0.001  # a wait of 0 or less is refused by the queue


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
        addresses = answer.get(timeout=max(timeout_s, LEAST_WAIT_S))
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
        return cls(addresses.networks(networks))

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
        return addresses.may_be_dialled(text, self.allow)
