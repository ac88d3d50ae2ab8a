"""Faults on demand: each breaks one thing of a running cluster and sees to it that it comes back."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import redis
from sqlalchemy.exc import SQLAlchemyError

from db.crash import POINTS
from db.schema.tables import OWNED, TERMINAL
from tests.faults.campaign.chaos import Chaos
from tests.faults.campaign.customers import PATIENT_S, stubborn
from tests.faults.campaign.races import Racer
from tests.faults.cluster import API_PROCESSES

WORKER_POINTS = (
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
DISPATCHER_POINTS = tuple(point for point in POINTS if point.startswith(("dispatcher.", "asset.")))
FREEZE_S = 6.0  # longer than a lease
AWAY_S = 1.5
HELD_S = 5.0  # longer than a lease
SUBSCRIBERS = {"api": int(API_PROCESSES), "gpu": 1, "cpu": 1}  # of each process started
HEARS_AGAIN_S = 240.0  # two intervals of a second and a pause; but one may be frozen, or start on a busy machine
TAKEN_S = 15.0


def kill(role: str) -> Callable[[Chaos], None]:
    """Kill a process of the role."""
    return lambda chaos: chaos.some(role).kill()


def freeze(role: str) -> Callable[[Chaos], None]:
    """Stop a process for longer than its leases last, then let it find out."""

    def strike(chaos: Chaos) -> None:
        process = chaos.some(role)
        process.signal(signal.SIGSTOP)
        threading.Timer(FREEZE_S, process.signal, args=(signal.SIGCONT,)).start()

    return strike


def kill_child(chaos: Chaos) -> None:
    for child in chaos.some("gpu").children():
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def freeze_child(chaos: Chaos) -> None:
    for child in chaos.some("gpu").children():
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGSTOP)
            threading.Timer(AWAY_S, _resume, args=(child,)).start()


def drain_worker(chaos: Chaos) -> None:
    worker = chaos.some("gpu")
    worker.signal(signal.SIGCONT)
    worker.signal(signal.SIGTERM)
    worker.ended(5)
    worker.kill()


def doom_worker(chaos: Chaos) -> None:
    """Replace a worker by one that will die at a named place."""
    chaos.replace("gpu", BM3_CRASH_AT=chaos.die.choice(WORKER_POINTS))


def doom_dispatcher(chaos: Chaos) -> None:
    """Replace both dispatchers by one that will die at a named place and one that takes over."""
    with chaos.lock:
        for dispatcher in chaos.alive("dispatcher"):
            dispatcher.kill()
        chaos.cluster.start("dispatcher", BM3_CRASH_AT=chaos.die.choice(DISPATCHER_POINTS))


def doom_api(chaos: Chaos) -> None:
    """Replace the api by one of whose processes one dies over the next submit, after it has stored it."""
    died = chaos.cluster.folder / f"died-{chaos.done['doom_api']}"
    chaos.replace("api", BM3_CRASH_AT=f"submit.stored@{died}")


def kill_cpu(chaos: Chaos) -> None:
    """Kill the cpu worker, or its child, over a datasheet; the one before, if it has ended, is deleted."""
    who = chaos.die.choice(chaos.customers)
    params = {"document": {"asset_id": str(who.sheet)}}
    job_id = who.client.submit(params, who.sheet_key, PATIENT_S, "datasheet.extract")
    who.sheets.append(job_id)
    deadline = time.monotonic() + TAKEN_S
    while stubborn(lambda: chaos.cluster.job(job_id)).state not in OWNED and time.monotonic() < deadline:
        time.sleep(0.02)
    worker = chaos.some("cpu")
    children = worker.children()
    if not children or chaos.die.random() < 0.5:
        worker.kill()
    for child in children:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    _forget_some(chaos)


def _forget_some(chaos: Chaos) -> None:
    """Delete the datasheet jobs that have ended but the last, as their owners did a while ago."""
    for who in chaos.customers:
        for job_id in who.sheets[:-1]:
            if stubborn(lambda job_id=job_id: chaos.cluster.job(job_id)).state in TERMINAL:  # type: ignore[misc]
                stubborn(lambda job_id=job_id: chaos.cluster.forget(job_id))  # type: ignore[misc]
                who.sheets.remove(job_id)
                who.forgotten.append(job_id)


def kill_broker(chaos: Chaos) -> None:
    chaos.restart(chaos.broker, AWAY_S)


def flush_broker(chaos: Chaos) -> None:
    with suppress(redis.RedisError), redis.Redis.from_url(chaos.broker.url) as client:
        client.flushall()


def fill_broker(chaos: Chaos) -> None:
    """For a while the broker has no room for anything new."""
    with redis.Redis.from_url(chaos.broker.url) as client:
        client.config_set("maxmemory", 1)
        time.sleep(chaos.die.uniform(AWAY_S, 2 * AWAY_S))
        client.config_set("maxmemory", 0)


def half_open(chaos: Chaos) -> None:
    chaos.proxy.send(signal.SIGUSR1)


def silent_text(chaos: Chaos) -> None:
    """As `half_open`, and the api has to notice it for its subscription to live text."""
    _silence(chaos, ("api",), patterns=1)


def silent_cancels(chaos: Chaos) -> None:
    """The same for the workers' subscriptions to cancels."""
    _silence(chaos, ("gpu", "cpu"), patterns=0)


def _silence(chaos: Chaos, roles: tuple[str, ...], patterns: int) -> None:
    """All links to the broker go silent; by the broker's own account every process of the roles subscribes anew."""
    with redis.Redis.from_url(chaos.broker.url) as client:
        before = client.client_id()  # links made later have larger numbers
        chaos.proxy.send(signal.SIGUSR1)
        deadline = time.monotonic() + HEARS_AGAIN_S
        while _subscribed(client, before, patterns) < sum(len(chaos.alive(one)) * SUBSCRIBERS[one] for one in roles):
            assert time.monotonic() < deadline, f"not every process of {roles} has subscribed anew"
            time.sleep(0.2)


def _subscribed(client: redis.Redis, after: int, patterns: int) -> int:
    """How many clients subscribed to one channel and so many patterns over a link made after that one.

    Celery's own subscriptions have a pattern and no channel.
    """
    clients = client.client_list(_type="pubsub")
    held = [(int(one["sub"]), int(one["psub"])) for one in clients if int(one["id"]) > after]
    return held.count((1, patterns))


def noise(chaos: Chaos) -> None:
    """For a while the broker's connections lose and repeat what is sent."""
    chaos.proxy.send(signal.SIGUSR2)
    time.sleep(AWAY_S)
    chaos.proxy.send(signal.SIGUSR2)


def break_database(chaos: Chaos) -> None:
    """PostgreSQL dies and starts again; SQLite's only place to write is held for longer than a lease."""
    if chaos.postgres is not None:
        return chaos.restart(chaos.postgres, AWAY_S)
    with suppress(SQLAlchemyError), chaos.cluster.database.write():
        time.sleep(chaos.die.uniform(AWAY_S, HELD_S))
    return None


def kill_receiver(chaos: Chaos) -> None:
    chaos.restart(chaos.receiver, AWAY_S)


def freeze_receiver(chaos: Chaos) -> None:
    """Every receiver takes requests and says nothing for a while."""
    chaos.receiver.send(signal.SIGSTOP)
    threading.Timer(FREEZE_S, chaos.receiver.send, args=(signal.SIGCONT,)).start()


def race(against: Callable[[Racer], None]) -> Callable[[Chaos], None]:
    """A race about an asset of one of the customers."""
    return lambda chaos: against(Racer(chaos.cluster, chaos.die.choice(chaos.customers), chaos.die))


def _resume(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


FAULTS: dict[str, tuple[int, Callable[[Chaos], None]]] = {
    "kill_worker": (6, kill("gpu")),
    "kill_child": (6, kill_child),
    "freeze_worker": (3, freeze("gpu")),
    "freeze_child": (2, freeze_child),
    "drain_worker": (2, drain_worker),
    "doom_worker": (4, doom_worker),
    "kill_cpu": (4, kill_cpu),
    "kill_dispatcher": (2, kill("dispatcher")),
    "doom_dispatcher": (3, doom_dispatcher),
    "kill_api": (2, kill("api")),
    "doom_api": (2, doom_api),
    "kill_light": (3, kill("light")),
    "freeze_light": (2, freeze("light")),
    "kill_broker": (2, kill_broker),
    "flush_broker": (2, flush_broker),
    "fill_broker": (2, fill_broker),
    "half_open": (2, half_open),
    "silent_text": (2, silent_text),
    "silent_cancels": (2, silent_cancels),
    "noise": (2, noise),
    "break_database": (2, break_database),
    "kill_receiver": (1, kill_receiver),
    "freeze_receiver": (2, freeze_receiver),
    "delete_race": (3, race(Racer.against_delete)),
    "settling_race": (3, race(Racer.against_settling)),
    "sweep_race": (3, race(Racer.against_sweep)),
}
"""Fault -> how often compared to the others, and what does it."""
