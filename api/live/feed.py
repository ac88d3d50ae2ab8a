"""One watched job: looks at the database when woken and hands what is new to every watcher."""

from __future__ import annotations

import asyncio
from uuid import UUID

from starlette.concurrency import run_in_threadpool

from api.live.positions import CUT_OFF, Item, Snapshot, current_position, poll
from api.settings import ApiSettings
from db.session import Database

PAUSE_S = 0.02  # changes that arrive in a burst are looked at once
BEAT_S = 15.0  # proxies close what is silent for longer


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
                cut_off(queue)
            else:
                queue.put_nowait(item)

    def cut_off(self) -> None:
        """Send every watcher away; they come back and read on."""
        for queue in self.watchers:
            cut_off(queue)

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


async def waiting(queue: asyncio.Queue[Item]) -> list[Item]:
    """Everything that waits, at least one item; nothing when nothing came for a while."""
    try:
        async with asyncio.timeout(BEAT_S):
            items = [await queue.get()]
    except TimeoutError:
        return []
    while not queue.empty():
        items.append(queue.get_nowait())
    return items


def cut_off(queue: asyncio.Queue[Item]) -> None:
    """Send one watcher away, whether or not it has room for the news."""
    if queue.full():
        queue.get_nowait()
    queue.put_nowait(CUT_OFF)
