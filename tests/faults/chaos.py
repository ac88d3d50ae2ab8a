"""Faults on demand: each breaks one thing of a running cluster and sees to it that it comes back."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import redis

from tests.faults.cluster import API_PROCESSES, Cluster, Process, now
from tests.postgres import PostgresServer
from tests.servers import RedisServer, Server

CRASH_POINTS = (
    "worker.claimed",
    "worker.sent",
    "worker.saving:2",
    "worker.saved:2",
    "worker.done",
    "worker.finalizing",
    "worker.uploaded",
    "worker.succeeded",
    "worker.renewed:2",
    "worker.failing",
    "worker.releasing",
    "worker.released",
)
FREEZE_S = 6.0  # longer than a lease
AWAY_S = 1.5
SUBSCRIBERS = {"api": int(API_PROCESSES), "gpu": 1}  # of each process started
HEARS_AGAIN_S = 30.0  # two intervals of a second and a pause; a worker may be frozen, or still start


@dataclass
class Chaos:
    """A cluster, its servers, and a die."""

    cluster: Cluster
    postgres: PostgresServer
    broker: RedisServer
    proxy: Server
    receiver: Server
    die: random.Random
    done: Counter[str] = field(default_factory=Counter)
    times: list[datetime] = field(default_factory=list)

    def strike(self) -> str:
        """One fault, chosen by the die."""
        name = self.die.choices([*FAULTS], [weight for weight, _ in FAULTS.values()])[0]
        self.times.append(now())
        FAULTS[name][1](self)
        self.done[name] += 1
        self.refill()
        return name

    def refill(self) -> None:
        """Start what is not there, as any process manager does."""
        for role, number in (("api", 1), ("dispatcher", 2), ("light", 1), ("gpu", 3)):
            for _ in range(number - len(self.alive(role))):
                self.cluster.start(role)

    def alive(self, role: str) -> list[Process]:
        return [process for process in self.cluster.processes if process.role == role and process.alive]

    def some(self, role: str) -> Process:
        """Any of the role; the longest-lived more often, for it has got furthest."""
        self.refill()  # those that were doomed may have died since
        processes = self.alive(role)
        return self.die.choice([processes[0], *processes])

    def kill_worker(self) -> None:
        self.some("gpu").kill()

    def kill_child(self) -> None:
        for child in self.some("gpu").children():
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)

    def freeze_worker(self) -> None:
        """Stop it for longer than its leases last, then let it find out."""
        worker = self.some("gpu")
        worker.signal(signal.SIGSTOP)
        threading.Timer(FREEZE_S, worker.signal, args=(signal.SIGCONT,)).start()

    def freeze_child(self) -> None:
        for child in self.some("gpu").children():
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGSTOP)
                threading.Timer(AWAY_S, _resume, args=(child,)).start()

    def drain_worker(self) -> None:
        worker = self.some("gpu")
        worker.signal(signal.SIGCONT)
        worker.signal(signal.SIGTERM)
        worker.ended(5)
        worker.kill()

    def doom_worker(self) -> None:
        """Replace a worker by one that will die at a named place."""
        self.some("gpu").kill()
        self.cluster.start("gpu", BM3_CRASH_AT=self.die.choice(CRASH_POINTS))

    def kill_dispatcher(self) -> None:
        self.some("dispatcher").kill()

    def kill_api(self) -> None:
        self.some("api").kill()

    def doom_api(self) -> None:
        """Replace the api by one of whose processes one dies over the next submit, after it has stored it."""
        self.some("api").kill()
        died = self.cluster.folder / f"died-{self.done['doom_api']}"
        self.cluster.start("api", BM3_CRASH_AT=f"submit.stored@{died}")

    def kill_light(self) -> None:
        self.some("light").kill()

    def kill_broker(self) -> None:
        self._restart(self.broker)

    def flush_broker(self) -> None:
        with suppress(redis.RedisError), redis.Redis.from_url(self.broker.url) as client:
            client.flushall()

    def half_open(self) -> None:
        self.proxy.send(signal.SIGUSR1)

    def silent_text(self) -> None:
        """As `half_open`, and the api has to notice it for its subscription to live text."""
        self._silence("api", patterns=1)

    def silent_cancels(self) -> None:
        """The same for the workers' subscriptions to cancels."""
        self._silence("gpu", patterns=0)

    def _silence(self, role: str, patterns: int) -> None:
        """All links to the broker go silent; by the broker's own account every process of the role subscribes anew."""
        with redis.Redis.from_url(self.broker.url) as client:
            before = client.client_id()  # links made later have larger numbers
            self.proxy.send(signal.SIGUSR1)
            deadline = time.monotonic() + HEARS_AGAIN_S
            while _subscribed(client, before, patterns) < len(self.alive(role)) * SUBSCRIBERS[role]:
                assert time.monotonic() < deadline, f"not every {role} process has subscribed anew"
                time.sleep(0.2)
                self.refill()  # those that were doomed may have died since

    def noise(self) -> None:
        """For a while the broker's connections lose and repeat what is sent."""
        self.proxy.send(signal.SIGUSR2)
        time.sleep(AWAY_S)
        self.proxy.send(signal.SIGUSR2)

    def kill_database(self) -> None:
        self._restart(self.postgres)

    def kill_receiver(self) -> None:
        self._restart(self.receiver)

    def _restart(self, server: Server) -> None:
        server.kill()
        time.sleep(self.die.uniform(0.2, AWAY_S))
        server.start()


def _subscribed(client: redis.Redis, after: int, patterns: int) -> int:
    """How many clients subscribed to one channel and so many patterns over a link made after that one.

    Celery's own subscriptions have a pattern and no channel.
    """
    clients = client.client_list(_type="pubsub")
    held = [(int(one["sub"]), int(one["psub"])) for one in clients if int(one["id"]) > after]
    return held.count((1, patterns))


def _resume(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


FAULTS: dict[str, tuple[int, Callable[[Chaos], None]]] = {
    "kill_worker": (6, Chaos.kill_worker),
    "kill_child": (6, Chaos.kill_child),
    "freeze_worker": (3, Chaos.freeze_worker),
    "freeze_child": (2, Chaos.freeze_child),
    "drain_worker": (2, Chaos.drain_worker),
    "doom_worker": (4, Chaos.doom_worker),
    "kill_dispatcher": (3, Chaos.kill_dispatcher),
    "kill_api": (2, Chaos.kill_api),
    "doom_api": (2, Chaos.doom_api),
    "kill_light": (2, Chaos.kill_light),
    "kill_broker": (2, Chaos.kill_broker),
    "flush_broker": (2, Chaos.flush_broker),
    "half_open": (2, Chaos.half_open),
    "silent_text": (2, Chaos.silent_text),
    "silent_cancels": (2, Chaos.silent_cancels),
    "noise": (2, Chaos.noise),
    "kill_database": (2, Chaos.kill_database),
    "kill_receiver": (1, Chaos.kill_receiver),
}
"""Fault -> how often compared to the others, and what does it."""
