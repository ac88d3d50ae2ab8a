"""Tells open jobs pages that something changed: one cheap look a second for each tenant that somebody watches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from db.jobs import overview
from db.session import Database

LOOK_EVERY_S = 1.0
SAY_SOMETHING_S = 20.0  # a comment now and then keeps proxies from closing the stream
log = structlog.get_logger(__name__)


class Pulse:
    """The marks of watched tenants and who waits for the next one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[UUID, set[asyncio.Queue[str]]] = {}
        self._tasks: dict[UUID, asyncio.Task[None]] = {}

    async def changes(self, tenant_id: UUID) -> AsyncGenerator[str | None]:
        """A mark for every change from now on; None when nothing happened for a while."""
        queue = asyncio.Queue[str](1)
        self._waiting.setdefault(tenant_id, set()).add(queue)
        if tenant_id not in self._tasks:
            self._tasks[tenant_id] = asyncio.create_task(self._look(tenant_id))
        try:
            while True:
                try:
                    yield await asyncio.wait_for(queue.get(), SAY_SOMETHING_S)
                except TimeoutError:
                    yield None
        finally:
            self._leave(tenant_id, queue)

    def _leave(self, tenant_id: UUID, queue: asyncio.Queue[str]) -> None:
        self._waiting[tenant_id].discard(queue)
        if not self._waiting[tenant_id]:
            self._tasks.pop(tenant_id).cancel()

    async def _look(self, tenant_id: UUID) -> None:
        last = await self._mark(tenant_id)
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            mark = await self._mark(tenant_id)
            if mark is not None and mark != last:
                last = mark
                self._tell(tenant_id, mark)

    def _tell(self, tenant_id: UUID, mark: str) -> None:
        for queue in self._waiting[tenant_id]:
            if not queue.full():  # full: it will look anyway
                queue.put_nowait(mark)

    async def _mark(self, tenant_id: UUID) -> str | None:
        try:
            return await run_in_threadpool(self._read, tenant_id)
        except SQLAlchemyError as error:
            log.warning("jobs page not refreshed", reason=str(error))
            return None

    def _read(self, tenant_id: UUID) -> str:
        with self._database.read() as session:
            return overview.pulse(session, tenant_id)
