"""Listens to the queue by Celery, and starts the listening anew when it has gone deaf.

A broker connection can be half open: the consumer waits for ever on a dead socket while messages pile up (the first of
them is swallowed by it). No timeout of kombu covers this wait, so `check` looks at the queue itself: messages that lie
there while this worker has a free slot and hears nothing mean that it is deaf. Or that the machine is too busy for a new
listener to hear anything so soon: each one gets twice as long as the one before, until a message is heard.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import redis
from celery import Celery
from celery.bootsteps import CLOSE

from db.broker.outage import Outage
from db.broker.queue import BROKER_ERRORS, LOOK, celery_app, how_it_failed
from db.redis_client import redis_client
from worker import metrics

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
MOST_PATIENCE = 32

log = logging.getLogger(__name__)


class Consumer:
    """A Celery worker on threads whose one task calls `look`."""

    def __init__(self, redis_url: str, queue: str, slots: int, look: Callable[[], object]) -> None:
        self._queue, self._slots, self._look = queue, slots, look
        self._redis = redis_client(redis_url)
        self._app = self._app_for(redis_url)
        self._controller: Any = None
        self._thread: threading.Thread | None = None
        self._heard_at = self._quiet_since = time.monotonic()
        self._outage = Outage(log.warning, log.info, f"the broker's queue {queue}")
        self._again_at, self._pause_s = 0.0, 0.0
        self._patience = 1
        self._closed = False

    def start(self) -> None:
        """Start Celery's worker for the queue in a thread."""
        self._controller = self._app.WorkController(
            pool_cls="threads",
            concurrency=self._slots,
            queues=[self._queue],
            use_eventloop=False,  # the event loop is one per process, and we may have to leave a deaf one behind
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        self._thread = threading.Thread(target=self._listen, args=(self._controller,), name="consumer", daemon=True)
        self._thread.start()
        self._heard_at = self._quiet_since = time.monotonic()

    def check(self, free_slots: int, consumer_stall_s: float) -> None:
        """Start anew if the thread has died or messages lie about that we should have heard."""
        if self._closed or self._thread is None:
            return
        if not self._thread.is_alive():
            self._start_later()
        elif not free_slots or not self._messages_wait():
            self._quiet_since = time.monotonic()
        elif time.monotonic() - max(self._heard_at, self._quiet_since) > consumer_stall_s * self._patience:
            self._patience = min(2 * self._patience, MOST_PATIENCE)
            self._restart("messages lie unheard")

    def close(self) -> None:
        """Listen no more; jobs under way go on."""
        self._closed = True
        self._abandon()

    def _app_for(self, redis_url: str) -> Celery:
        app = celery_app(redis_url)
        app.set_default()  # the threads of the pool look tasks up in the default app

        @app.task(name=LOOK, ignore_result=True, shared=False)  # type: ignore[untyped-decorator]
        def look(queue: str, hint: str) -> None:  # noqa: ARG001 - the message says what the row knows better
            self._heard_at = time.monotonic()
            self._again_at, self._pause_s = 0.0, 0.0
            self._patience = 1
            self._outage.over()
            self._look()

        return app

    def _messages_wait(self) -> bool:
        try:
            return int(self._redis.llen(self._queue)) > 0
        except (redis.RedisError, OSError):
            return False  # a dead broker is not deafness: Celery connects again by itself

    def _start_later(self) -> None:
        """Start anew after a pause that doubles while the broker sends the listener away again and again."""
        now = time.monotonic()
        if not self._again_at:
            self._again_at = now + self._pause_s
            self._pause_s = min(max(2 * self._pause_s, FIRST_PAUSE_S), LONGEST_PAUSE_S)
        if now >= self._again_at:
            self._again_at = 0.0
            metrics.CONSUMER_RESTARTS.inc()
            self._abandon()
            self.start()

    def _restart(self, why: str) -> None:
        log.warning("restarting the queue consumer: %s", why)
        metrics.CONSUMER_RESTARTS.inc()
        self._abandon()
        self.start()

    def _abandon(self) -> None:
        """Let the consumer's loop end by itself; waiting for it would wait for its running jobs, or for ever."""
        controller, self._controller = self._controller, None
        for part in (controller, getattr(controller, "consumer", None)):
            if part is not None:
                part.blueprint.state = CLOSE
        executor = getattr(getattr(controller, "pool", None), "executor", None)
        if executor is not None:
            executor.shutdown(wait=False)

    def _listen(self, controller: Any) -> None:
        """The thread of one listener, until that is abandoned or fails; its connections go then, which nobody else closes.

        The blueprint is started here because `controller.start()` would log a traceback for each refusal of the broker.
        """
        try:
            controller.blueprint.start(controller)
        except BROKER_ERRORS as error:
            self._outage.began(error, how_it_failed(error))
        except RuntimeError:
            if controller is self._controller and not self._closed:
                raise
            log.debug("an abandoned listener took a message with it")  # its pool takes no more work
        finally:
            if controller.consumer is not None:
                controller.consumer.shutdown()
