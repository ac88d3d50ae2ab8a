"""A cluster under attack: its servers, its customers, a die, and the process manager that starts anew what has died."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from tests.faults.campaign.customers import Customer
from tests.faults.cluster import Cluster, Process, now
from tests.faults.histories import history
from tests.postgres import PostgresServer
from tests.servers import RedisServer, Server

CHECK_S = 1.0
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
    told: set[UUID] = field(default_factory=set)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _leaving: threading.Event = field(default_factory=threading.Event)

    def strike(self, faults: Mapping[str, tuple[int, Callable[[Chaos], None]]]) -> str:
        """One of the faults, chosen by the die."""
        name = self.die.choices([*faults], [weight for weight, _ in faults.values()])[0]
        self.times.append(now())
        faults[name][1](self)
        self.done[name] += 1
        return name

    @contextmanager
    def managed(self) -> Iterator[None]:
        """A process manager for the block: what has died is started anew within a second."""
        manager = threading.Thread(target=self._manage, name="manager")
        manager.start()
        try:
            yield
        finally:
            self._leaving.set()
            manager.join()

    def _manage(self) -> None:
        while not self._leaving.wait(CHECK_S):
            self.refill()

    def refill(self) -> None:
        """Start what is not there."""
        with self.lock:
            for role, number in FLEET.items():
                for _ in range(number - len(self.alive(role))):
                    self.cluster.start(role)

    def replace(self, role: str, **settings: str) -> None:
        """One that is started otherwise, for any of the role."""
        with self.lock:
            self.some(role).kill()
            self.cluster.start(role, **settings)

    def alive(self, role: str) -> list[Process]:
        return [process for process in [*self.cluster.processes] if process.role == role and process.alive]

    def some(self, role: str) -> Process:
        """Any of the role; the longest-lived more often, for it has got furthest."""
        with self.lock:
            processes = self.alive(role) or [self.cluster.start(role)]
        return self.die.choice([processes[0], *processes])

    def restart(self, server: Server, away_s: float) -> None:
        """Kill a server and start it again a while later, on its port and data."""
        server.kill()
        time.sleep(self.die.uniform(0.2, away_s))
        server.start()

    def tell(self, what: str) -> None:
        print(what, file=sys.stderr, flush=True)

    def tell_histories(self, job_ids: Sequence[UUID]) -> None:
        """What became of jobs, of each once."""
        for job_id in job_ids:
            if job_id not in self.told:
                self.told.add(job_id)
                self.tell(history(self.cluster.database, job_id))
