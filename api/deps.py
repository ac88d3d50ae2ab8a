"""What routes work with: the database, the object store, live feeds, settings. Made once, closed at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import redis
from fastapi import Depends, Request

from api.key_cache import KnownKeys
from api.limits import RateLimiter
from api.live.live import Live
from api.settings import ApiSettings
from api.store_probe import StoreProbe
from db.broker.queue import RedisSignals
from db.jobs.estimates import Estimator
from db.redis_client import redis_client
from db.session import Database
from db.settings import Settings
from db.storage.objects import ObjectStore
from db.storage.open import open_store


@dataclass(frozen=True)
class Services:
    """Everything a route may use."""

    settings: Settings
    api: ApiSettings
    database: Database
    objects: ObjectStore
    redis: redis.Redis
    store_probe: StoreProbe
    limiter: RateLimiter
    live: Live
    estimator: Estimator
    known: KnownKeys = field(default_factory=KnownKeys)
    touched: dict[UUID, datetime] = field(default_factory=dict)

    def close(self) -> None:
        self.redis.close()
        self.database.dispose()


def make_services(settings: Settings, api: ApiSettings) -> Services:
    """Open what the settings name; nothing is connected to yet."""
    database = Database(settings.database(), RedisSignals(settings.redis_url), pool_size=api.threads // 2)
    client = redis_client(settings.redis_url)
    objects = open_store(settings)
    return Services(
        settings=settings,
        api=api,
        database=database,
        objects=objects,
        store_probe=StoreProbe(objects),
        redis=client,
        limiter=RateLimiter(client),
        live=Live(database, settings, api),
        estimator=Estimator(),
    )


async def get_services(request: Request) -> Services:
    """The services of this process."""
    found: Services = request.app.state.services
    return found


def now() -> datetime:
    """The time of this request."""
    return datetime.now(UTC)


ServicesDep = Annotated[Services, Depends(get_services)]
