"""Celery on Redis as a wake-up service: the app, the queue names, and the thread that sends signals.

A message holds only a queue name and an id hint. It is acknowledged early and nothing depends on it: measured on
celery 5.7, stock acknowledgement loses messages when a worker is killed between BRPOP and the unacked write and on
half-open connections, and `acks_late` with a visibility timeout runs long jobs several times at once.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, Full, Queue

import redis
from celery import Celery
from kombu.exceptions import OperationalError

from db.broker.outage import Outage
from db.broker.signals import CancelAsked, Changed, Nudge, Signal, StopAsked
from db.names import LIGHT
from db.redis_client import redis_client

LOOK = "bm3.look"  # the one task: look at the queue in the database
EVENTS_CHANNEL = "bm3:jobs"  # pub/sub: {"job": id}, {"cancel": id} and {"stop": id}
LIVE_CHANNEL = "bm3:live:"  # + job id, pub/sub: text that is being decoded, best effort
MOST_PENDING = (
    10_000  # signals that wait for a slow broker; later ones are dropped, and the dispatcher makes up for them
)
MAX_MESSAGES = 64  # a queue's list never grows past this: more nudges would say nothing new
MAX_NUDGES = 16  # in one burst: a nudged worker claims until nothing is left

BROKER_ERRORS = (redis.RedisError, OperationalError, OSError)

log = logging.getLogger(__name__)

_SOCKET = {
    "socket_timeout": 30,
    "socket_connect_timeout": 3,
    "socket_keepalive": True,
    "health_check_interval": 10,
    "retry_on_timeout": False,
}


def celery_app(redis_url: str) -> Celery:
    """The Celery app with every setting that the reliability rule needs."""
    app = Celery("bm3", broker=redis_url)
    app.conf.update(
        task_ignore_result=True,
        result_backend=None,
        task_acks_late=False,
        task_default_queue=LIGHT,
        task_publish_retry=False,
        task_serializer="json",
        accept_content=["json"],
        worker_disable_prefetch=True,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
        broker_connection_retry_on_startup=True,
        broker_connection_retry=True,
        broker_connection_max_retries=None,
        broker_transport_options=_SOCKET,
        broker_heartbeat=0,
    )
    return app


def how_it_failed(error: Exception) -> str:
    """For an `Outage`: a server that has no room, or forbids a command, is not away."""
    cause = error.__cause__ or error  # kombu wraps what redis-py raises
    return "refuses" if isinstance(cause, redis.ResponseError) else "is not reachable"


class RedisSignals:
    """Sends signals from one background thread, so that a slow or dead broker never delays a request or a job."""

    def __init__(self, redis_url: str) -> None:
        self._app = celery_app(redis_url)
        self._redis = redis_client(redis_url)
        self._nudges_outage = Outage(log.warning, log.info, "Redis (wake-up messages)")
        self._news_outage = Outage(log.warning, log.info, "Redis (news of jobs)")
        self._pending: Queue[Signal] = Queue(maxsize=MOST_PENDING)
        threading.Thread(target=self._run, name="signals", daemon=True).start()

    def send(self, signals: Sequence[Signal]) -> None:
        for one in signals:
            try:
                self._pending.put_nowait(one)
            except Full:  # the broker is away; the dispatcher and polling make up for what is dropped here
                return

    def _run(self) -> None:
        while True:
            batch = self._batch()
            if nudges := [one for one in batch if isinstance(one, Nudge)]:
                self._try(self._nudges_outage, lambda: self._nudge(nudges))
            # Apart from the nudges: a full server refuses what it would have to keep, but still passes news on.
            if news := [_message(one) for one in batch if not isinstance(one, Nudge)]:
                self._try(self._news_outage, lambda: self._publish(news))

    def _try(self, outage: Outage, send: Callable[[], None]) -> None:
        try:
            send()
        except BROKER_ERRORS as error:
            outage.began(error, how_it_failed(error))
        else:
            outage.over()

    def _nudge(self, nudges: Sequence[Nudge]) -> None:
        """Put wake-up messages into the queues that do not hold plenty; before all else, for work waits for them."""
        for queue in dict.fromkeys(one.queue for one in nudges):
            room = min(MAX_MESSAGES - self._redis.llen(queue), MAX_NUDGES)
            for one in [one for one in nudges if one.queue == queue][: max(room, 0)]:
                self._app.send_task(LOOK, args=[queue, str(one.job_id)], queue=queue, ignore_result=True)

    def _publish(self, messages: Sequence[str]) -> None:
        """Tell live views and workers, in one round trip."""
        with self._redis.pipeline(transaction=False) as pipe:
            for message in messages:
                pipe.publish(EVENTS_CHANNEL, message)
            pipe.execute()

    def _batch(self) -> list[Signal]:
        """All that waits, each signal once: in a burst most of them say the same."""
        found = {self._pending.get(): None}
        with suppress(Empty):
            while True:
                found[self._pending.get_nowait()] = None
        return [*found]


_NEWS: dict[type[Changed | CancelAsked | StopAsked], str] = {Changed: "job", CancelAsked: "cancel", StopAsked: "stop"}


def _message(one: Changed | CancelAsked | StopAsked) -> str:
    return json.dumps({_NEWS[type(one)]: str(one.job_id)})
