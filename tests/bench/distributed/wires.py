"""A slow wire between nodes, as two machines on gigabit Ethernet are to each other: network namespaces where the kernel has
netem, otherwise a process that every connection goes through (which needs some processor time of its own)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

DELAY_S, BYTES_PER_S = 0.0005, 125e6  # each way: a round trip of 1 ms and more by what is sent
BRIDGE, NET = "bm3bench", "10.177.33"
WIRE = ["netem", "delay", f"{DELAY_S * 1e6:.0f}us", "rate", f"{BYTES_PER_S * 8 / 1e9:.0f}gbit"]
PROBE = f"ip link add {BRIDGE} type bridge && tc qdisc add dev {BRIDGE} root {' '.join(WIRE)}"


@dataclass(frozen=True)
class Namespace:
    """One place in the network; `command` goes before what is to run in it. The first is this process's own."""

    host: str
    command: list[str]


def has_netem() -> bool:
    """Whether `network` can be had here."""
    return subprocess.run(["unshare", "-n", "sh", "-c", PROBE], check=False, capture_output=True).returncode == 0


@contextmanager
def relayed(starter_port: int) -> Iterator[int]:
    """A relay with the wire of `network`, as a process; the port at which nodes join instead of the starter's."""
    command = [
        sys.executable,
        "-m",
        "tests.worker.engines.pipeline.relay",
        str(starter_port),
        str(DELAY_S),
        str(BYTES_PER_S),
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as relay:
        assert relay.stdin is not None
        assert relay.stdout is not None
        try:
            yield int(relay.stdout.readline())
        finally:
            relay.stdin.close()


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
