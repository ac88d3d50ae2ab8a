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
from api.feed import ALL_READ, CUT_OFF, Item, Reader, Snapshot, StreamPosition, current_position, poll
from api.settings import ApiSettings
from db.broker.outage import Outage
from db.broker.queue import EVENTS_CHANNEL, LIVE_CHANNEL
from db.broker.subscriptions import async_subscriber, published_async
from db.session import Database
from db.settings import Settings

QUEUE_MAX = 2000  # a watcher this far behind is cut off; it comes back with its Last-Event-ID
PAUSE_S = 0.02  # changes that arrive in a burst are looked at once
RETRY_S = 1.0
BEAT_S = 15.0  # proxies close what is silent for longer

Batch = list[tuple[Item, StreamPosition]]

log = structlog.get_logger(__name__)


class PollInterval:
    """How long a feed waits without being woken: short while Redis is away."""

    def __init__(self, settings: ApiSettings) -> None:
        self._settings = settings
        self.connected = False

    def __call__(self) -> float:
        return self._settings.sse_poll_s if self.connected else self._settings.sse_poll_alone_s


class Feed:
    """One watched job: looks at the database when woken and hands what is new to every watcher."""

    def __init__(self, database: Database, job_id: UUID) -> None:
        self.job_id = job_id
        self.watchers: set[asyncio.Queue[Item]] = set()
        self.ready = asyncio.Event()
        self._wake = asyncio.Event()
        self._database = database
        self._progress: Item | None = None

    def wake(self) -> None:
        self._wake.set()

    def push(self, item: Item) -> None:
        """Hand an item to every watcher; one that does not keep up is cut off."""
        for queue in self.watchers:
            if queue.full():
                _cut_off(queue)
            else:
                queue.put_nowait(item)

    def cut_off(self) -> None:
        """Send every watcher away; they come back and read on."""
        for queue in self.watchers:
            _cut_off(queue)

    async def run(self, poll_s: PollInterval) -> None:
        """Follow the job until it ends or nobody watches."""
        position = await run_in_threadpool(current_position, self._database, self.job_id)
        self.ready.set()
        while True:
            self._wake.clear()
            seen = await run_in_threadpool(poll, self._database, self.job_id, position)
            self._hand_on(seen)
            if seen.items and seen.items[-1].ends:
                return
            position = seen.position
            if not seen.more:
                await asyncio.sleep(PAUSE_S)
                await self._wait(poll_s())

    def _hand_on(self, seen: Snapshot) -> None:
        if seen.progress is not None and seen.progress != self._progress:
            self._progress = seen.progress
            self.push(seen.progress)
        for item in seen.items:
            self.push(item)

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return


class Seats:
    """The places for watchers, shared fairly: when all are taken, a tenant with fewer takes one of the tenant with most."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._of_tenant: dict[UUID, dict[asyncio.Queue[Item], None]] = {}
        self.taken = 0

    def take(self, tenant_id: UUID, queue: asyncio.Queue[Item]) -> bool:
        """Whether there was a place; the newest watcher of the largest tenant may be sent away for it."""
        if self.taken >= self._limit and not self._take_from_largest(tenant_id):
            return False
        self._of_tenant.setdefault(tenant_id, {})[queue] = None
        self.taken += 1
        return True

    def free(self, tenant_id: UUID, queue: asyncio.Queue[Item]) -> None:
        """Leave a place; it may have been taken away before."""
        seats = self._of_tenant.get(tenant_id, {})
        if queue in seats:
            del seats[queue]
            self.taken -= 1
            if not seats:
                del self._of_tenant[tenant_id]

    def _take_from_largest(self, tenant_id: UUID) -> bool:
        largest = max(self._of_tenant, key=lambda one: len(self._of_tenant[one]), default=tenant_id)
        if len(self._of_tenant.get(largest, {})) <= len(self._of_tenant.get(tenant_id, {})) + 1:
            return False
        queue = next(reversed(self._of_tenant[largest]))
        self.free(largest, queue)
        _cut_off(queue)
        return True


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
                yield reader.take(await _next(queue))

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


async def _next(queue: asyncio.Queue[Item]) -> list[Item]:
    """Everything that waits, at least one item; nothing when nothing came for a while."""
    try:
        async with asyncio.timeout(BEAT_S):
            items = [await queue.get()]
    except TimeoutError:
        return []
    while not queue.empty():
        items.append(queue.get_nowait())
    return items


def _cut_off(queue: asyncio.Queue[Item]) -> None:
    if queue.full():
        queue.get_nowait()
    queue.put_nowait(CUT_OFF)


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
