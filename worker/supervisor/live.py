"""The live side of a worker: text on its way to whoever watches, cancels on their way in. Best effort both."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Full, Queue
from uuid import UUID

import redis

from db.broker.outage import Outage
from db.broker.queue import EVENTS_CHANNEL, LIVE_CHANNEL
from db.broker.subscriptions import published, subscriber
from db.redis_client import redis_client

PAUSE_S = 2.0
log = logging.getLogger(__name__)


class LiveTextPublisher:
    """Publishes text as it is decoded, from one thread; what cannot be sent in time is dropped."""

    def __init__(self, redis_url: str) -> None:
        self._redis = redis_client(redis_url)
        self._pending: Queue[tuple[UUID, str]] = Queue(2000)
        threading.Thread(target=self._run, name="live-text", daemon=True).start()

    def say(self, job_id: UUID, text: str, at: int) -> None:
        """Send a piece that follows `at` characters of the same attempt."""
        with suppress(Full):
            self._pending.put_nowait((job_id, json.dumps({"text": text, "at": at})))

    def _run(self) -> None:
        while True:
            job_id, message = self._pending.get()
            with suppress(redis.RedisError, OSError):
                self._redis.publish(f"{LIVE_CHANNEL}{job_id}", message)


class CancelListener:
    """Hears of cancels and stops at once; the keeper's next beat sees those that get lost."""

    def __init__(
        self,
        redis_url: str,
        heard: Callable[[UUID], None],
        health_s: float,
        heard_stop: Callable[[UUID], None] = lambda _: None,
    ) -> None:
        self._redis_url, self._heard, self._health_s = redis_url, heard, health_s
        self._heard_stop = heard_stop
        self._outage = Outage(log.warning, log.info, "Redis (cancels; seen at the next beat instead)")
        threading.Thread(target=self._run, name="cancel-listener", daemon=True).start()

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            try:
                self._listen()
            except (redis.RedisError, OSError) as error:
                self._outage.began(error)
            pause.wait(PAUSE_S)

    def _listen(self) -> None:
        with subscriber(self._redis_url) as client, client.pubsub() as pubsub:
            pubsub.subscribe(EVENTS_CHANNEL)
            self._outage.over()
            for message in published(pubsub, self._health_s):
                if job_id := canceled_job(message["data"]):
                    self._heard(job_id)
                elif job_id := canceled_job(message["data"], "stop"):
                    self._heard_stop(job_id)


def canceled_job(data: bytes, word: str = "cancel") -> UUID | None:
    """The job that a message wants canceled, or what else the word says; None for other messages."""
    try:
        return UUID(str(json.loads(data)[word]))
    except (ValueError, KeyError, TypeError):
        return None
