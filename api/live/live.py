"""Live views: one Redis subscriber a process wakes one feed a job, which looks at the database once for all its watchers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from uuid import UUID

import redis
import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from api import metrics
from api.errors import Problem
from api.live.feed import Feed, PollInterval, waiting
from api.live.positions import ALL_READ, Item, Reader, StreamPosition, poll
from api.live.seats import Seats
from api.settings import ApiSettings
from db.broker.outage import Outage
from db.broker.queue import EVENTS_CHANNEL, LIVE_CHANNEL
from db.broker.subscriptions import async_subscriber, published_async
from db.session import Database
from db.settings import Settings

QUEUE_MAX = 2000  # a watcher this far behind is cut off; it comes back with its Last-Event-ID
RETRY_S = 1.0

Batch = list[tuple[Item, StreamPosition]]

log = structlog.get_logger(__name__)


class Live:
    """The feeds of this process and the subscriber that wakes them."""

    def __init__(self, database: Database, settings: Settings, api: ApiSettings) -> None:
        self._database = database
        self._settings = settings
        self._seats = Seats(api.watchers_limit)
        self._poll_s = PollInterval(api)
        self._feeds: dict[UUID, Feed] = {}
        self._tasks: dict[Feed, asyncio.Task[None]] = {}
        self._outage = Outage(log.warning, log.info, "Redis (live updates; the database is polled instead)")

    @property
    def watching(self) -> int:
        """How many watchers there are."""
        return self._seats.taken

    @property
    def connected(self) -> bool:
        """Whether Redis tells us of changes."""
        return self._poll_s.connected

    async def run(self) -> None:
        """Subscribe to changes for as long as the process lives."""
        while True:
            try:
                await self._subscribe()
            except (redis.RedisError, OSError) as error:
                self._outage.began(error)
            self._poll_s.connected = False
            for feed in [*self._feeds.values()]:
                feed.wake()
            await asyncio.sleep(RETRY_S)

    async def batches(self, job_id: UUID, tenant_id: UUID, read: StreamPosition) -> AsyncGenerator[Batch]:
        """What happens to a job from `read` on, in batches; an empty one when nothing happened for a while."""
        with self._watch(job_id, tenant_id) as (feed, queue):
            await feed.ready.wait()
            reader = Reader(read)
            async for items in self._replay(job_id, read):
                yield reader.take(items)
            while not reader.ended:
                yield reader.take(await waiting(queue))

    async def stream(
        self, job_id: UUID, tenant_id: UUID, read: StreamPosition
    ) -> AsyncGenerator[tuple[Item, StreamPosition]]:
        """The same, one by one."""
        async with aclosing(self.batches(job_id, tenant_id, read)) as batches:
            async for batch in batches:
                for one in batch:
                    yield one

    async def wait_for_end(self, job_id: UUID, tenant_id: UUID, seconds: float) -> bool:
        """Whether the job ends within that time."""
        try:
            async with asyncio.timeout(seconds), aclosing(self.stream(job_id, tenant_id, ALL_READ)) as told:
                return any([item.ends async for item, _ in told])
        except TimeoutError:
            return False

    async def _replay(self, job_id: UUID, read: StreamPosition) -> AsyncIterator[list[Item]]:
        while True:
            seen = await run_in_threadpool(poll, self._database, job_id, read)
            if not seen.more:
                ended = bool(seen.items) and seen.items[-1].ends
                yield [*seen.items, *([] if ended or seen.progress is None else [seen.progress])]
                return
            yield [*seen.items]
            read = seen.position

    @contextmanager
    def _watch(self, job_id: UUID, tenant_id: UUID) -> Iterator[tuple[Feed, asyncio.Queue[Item]]]:
        queue = asyncio.Queue[Item](QUEUE_MAX)
        if not self._seats.take(tenant_id, queue):
            raise Problem(503, "too_many_watchers", "too many open event streams", headers={"Retry-After": "10"})
        feed = self._feed(job_id)
        feed.watchers.add(queue)
        metrics.WATCHERS.set(self.watching)
        try:
            yield feed, queue
        finally:
            feed.watchers.discard(queue)
            self._seats.free(tenant_id, queue)
            metrics.WATCHERS.set(self.watching)
            if not feed.watchers:
                self._drop(feed)

    def _feed(self, job_id: UUID) -> Feed:
        feed = self._feeds.get(job_id)
        if feed is None:
            feed = self._feeds[job_id] = Feed(self._database, job_id)
            self._tasks[feed] = asyncio.create_task(self._follow(feed))
        return feed

    def _drop(self, feed: Feed) -> None:
        if self._feeds.get(feed.job_id) is feed:
            del self._feeds[feed.job_id]
        task = self._tasks.pop(feed, None)
        if task is not None:
            task.cancel()

    async def _follow(self, feed: Feed) -> None:
        try:
            await feed.run(self._poll_s)
        except SQLAlchemyError as error:
            log.warning("live feed broke off", job=str(feed.job_id), reason=str(error))
            feed.cut_off()
        finally:
            self._tasks.pop(feed, None)
            if self._feeds.get(feed.job_id) is feed:
                del self._feeds[feed.job_id]

    async def _subscribe(self) -> None:
        async with async_subscriber(self._settings.redis_url) as client, client.pubsub() as pubsub:
            await pubsub.subscribe(EVENTS_CHANNEL)
            await pubsub.psubscribe(f"{LIVE_CHANNEL}*")
            self._poll_s.connected = True
            self._outage.over()
            async for message in published_async(pubsub, self._settings.redis_health_s):
                self._take(message["channel"].decode(), message["data"].decode(errors="replace"))

    def _take(self, channel: str, data: str) -> None:
        if channel == EVENTS_CHANNEL:
            self._wake(data)
            return
        feed = self._feeds.get(_uuid(channel.removeprefix(LIVE_CHANNEL)))
        if feed is not None and _is_json(data):
            feed.push(Item("text", data))

    def _wake(self, data: str) -> None:
        if _is_json(data) and isinstance(message := json.loads(data), dict):
            feed = self._feeds.get(_uuid(str(message.get("job"))))
            if feed is not None:
                feed.wake()


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


def _is_json(data: str) -> bool:
    try:
        json.loads(data)
    except ValueError:
        return False
    return True
