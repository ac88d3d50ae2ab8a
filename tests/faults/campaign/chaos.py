"""A cluster under attack: its servers, its customers, a die, and the process manager that starts anew what has died."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tests.faults.campaign.customers import Customer
from tests.faults.cluster import Cluster, Process, now
from tests.postgres import PostgresServer
from tests.servers import RedisServer, Server

FLEET = {"api": 1, "dispatcher": 2, "light": 2, "gpu": 3, "cpu": 1}


@dataclass
class Chaos:
    """A cluster, its servers, and a die. Without `postgres` the database is SQLite."""

    cluster: Cluster
    postgres: PostgresServer | None
    broker: RedisServer
    proxy: Server
    receiver: Server
    die: random.Random
    customers: Sequence[Customer] = ()
    done: Counter[str] = field(default_factory=Counter)
    times: list[datetime] = field(default_factory=list)

    def strike(self, faults: Mapping[str, tuple[int, Callable[[Chaos], None]]]) -> str:
        """One of the faults, chosen by the die."""
        name = self.die.choices([*faults], [weight for weight, _ in faults.values()])[0]
        self.times.append(now())
        faults[name][1](self)
        self.done[name] += 1
        self.refill()
        return name

    def refill(self) -> None:
        """Start what is not there, as any process manager does."""
        for role, number in FLEET.items():
            for _ in range(number - len(self.alive(role))):
                self.cluster.start(role)

    def alive(self, role: str) -> list[Process]:
        return [process for process in self.cluster.processes if process.role == role and process.alive]

    def some(self, role: str) -> Process:
        """Any of the role; the longest-lived more often, for it has got furthest."""
        self.refill()  # those that were doomed may have died since
        processes = self.alive(role)
        return self.die.choice([processes[0], *processes])

    def restart(self, server: Server, away_s: float) -> None:
        """Kill a server and start it again a while later, on its port and data."""
        server.kill()
        time.sleep(self.die.uniform(0.2, away_s))
        server.start()

    def tell(self, what: str) -> None:
        print(what, file=sys.stderr, flush=True)
