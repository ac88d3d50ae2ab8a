"""Network namespaces with a slow wire between them: what two machines on gigabit Ethernet are to each other."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

BRIDGE, NET = "bm3bench", "10.177.33"
WIRE = ["netem", "delay", "500us", "rate", "1gbit"]  # each way: a round trip of 1 ms and more by what is sent


@dataclass(frozen=True)
class Namespace:
    """One place in the network; `command` goes before what is to run in it. The first is this process's own."""

    host: str
    command: list[str]


@contextmanager
def network(places: int) -> Iterator[list[Namespace]]:
    """So many places, the first of them outside all namespaces. Needs root, and a kernel with netem."""
    names = [f"{BRIDGE}{number}" for number in range(1, places)]
    try:
        _ip("link", "add", BRIDGE, "type", "bridge")
        _ip("addr", "add", f"{NET}.1/24", "dev", BRIDGE)
        _ip("link", "set", BRIDGE, "up")
        _run("tc", "qdisc", "add", "dev", BRIDGE, "root", *WIRE)
        for number, name in enumerate(names, start=2):
            _place(name, number)
        inside = [Namespace(f"{NET}.{n}", ["ip", "netns", "exec", name]) for n, name in enumerate(names, start=2)]
        yield [Namespace(f"{NET}.1", []), *inside]
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
        subprocess.run(["ip", "link", "del", BRIDGE], check=False, capture_output=True)


def _place(name: str, number: int) -> None:
    outer, inner = f"{name}o", f"{name}i"
    _ip("netns", "add", name)
    _ip("link", "add", outer, "type", "veth", "peer", "name", inner)
    _ip("link", "set", inner, "netns", name)
    _ip("link", "set", outer, "master", BRIDGE)
    _ip("link", "set", outer, "up")
    _ip("-n", name, "addr", "add", f"{NET}.{number}/24", "dev", inner)
    _ip("-n", name, "link", "set", inner, "up")
    _ip("-n", name, "link", "set", "lo", "up")
    _run("tc", "-n", name, "qdisc", "add", "dev", inner, "root", *WIRE)


def _ip(*arguments: str) -> None:
    _run("ip", *arguments)


def _run(*command: str) -> None:
    subprocess.run(command, check=True)
