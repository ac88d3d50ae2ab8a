"""Whether the process lives, whether it can work, and what Prometheus wants to know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import redis
from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from api import metrics
from api.deps import Services, ServicesDep, now
from db.jobs import served
from db.ops import migrate
from db.storage.objects import ObjectError

router = APIRouter(tags=["health"])
Health = Literal["ok", "degraded", "down"]


class Alive(BaseModel):
    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """`degraded`: work goes on without this part (Redis: slower live views, no rate limit; models: fewer workers)."""

    status: Health
    parts: dict[str, str]


@router.get("/healthz")
async def alive() -> Alive:
    """The process answers."""
    return Alive()


@router.get(
    "/readyz", responses={503: {"model": Readiness, "description": "A part without which nothing works is down"}}
)
def ready(services: ServicesDep, response: Response) -> Readiness:
    """Which parts work: the database, its migrations, the object store, Redis, the models of the workers."""
    parts = {name: _state(check, services) for name, check in CHECKS.items()}
    down = any(state != "ok" for name, state in parts.items() if name not in DISPENSABLE)
    response.status_code = 503 if down else 200
    status: Health = "down" if down else "ok" if all(state == "ok" for state in parts.values()) else "degraded"
    return Readiness(status=status, parts=parts)


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def prometheus(services: ServicesDep) -> Response:
    """Prometheus's text format."""
    return Response(metrics.exposition(services.database), media_type="text/plain; version=0.0.4; charset=utf-8")


def _state(check: Callable[[Services], str], services: Services) -> str:
    try:
        return check(services)
    except (SQLAlchemyError, redis.RedisError, ObjectError, OSError) as error:
        return type(error).__name__  # the text may hold addresses; the log has it


def _database(services: Services) -> str:
    with services.database.read() as session:
        session.execute(text("SELECT 1"))
    return "ok"


def _migrations(services: Services) -> str:
    return "ok" if migrate.is_current(services.database) else "behind"


def _objects(services: Services) -> str:
    services.store_probe.check()
    return "ok"


def _redis(services: Services) -> str:
    services.redis.ping()
    return "ok"


def _models(services: Services) -> str:
    with services.database.read() as session:
        names = sorted({broken.name for broken in served.broken(session, now())})
    return f"cannot be loaded by a worker: {', '.join(names)}" if names else "ok"  # why, only an operator may see


DISPENSABLE = frozenset({"redis", "models"})
CHECKS: dict[str, Callable[[Services], str]] = {
    "database": _database,
    "migrations": _migrations,
    "objects": _objects,
    "redis": _redis,
    "models": _models,
}
