"""The application: routes, middleware, and what lives as long as the process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from typing import Any

import anyio.to_thread
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.routing import APIRoute

from api import errors
from api.dashboard import mount
from api.deps import Services, make_services
from api.documentation import Application
from api.guard import BodyLimit, CarefulHeaders
from api.logs import RequestLog
from api.mcp import door
from api.routes import ROUTERS
from api.settings import ApiSettings
from db.settings import Settings, read

DESCRIPTION = """Live captions of long videos and verified footprints from datasheets, as asynchronous jobs.

Every error is `application/problem+json` with a stable `code`. Ids are UUIDs of version 7. Times are UTC."""

CORS: dict[str, Any] = {
    "allow_methods": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    "allow_headers": [
        "Authorization",
        "Content-Type",
        "Idempotency-Key",
        "Last-Event-ID",
        "Prefer",
        "Range",
        "Upload-Offset",
    ],
    "expose_headers": [
        "Location",
        "Idempotency-Replayed",
        "Preference-Applied",
        "Retry-After",
        "Upload-Offset",
        "X-Job-Id",
    ],
    "max_age": 600,
}
"""What pages of other origins may send and read. Never cookies: a key says who asks."""


def create_app(settings: Settings | None = None, api: ApiSettings | None = None) -> FastAPI:
    """The application with the given settings, or those of the environment."""
    services = make_services(settings or read(Settings), api or read(ApiSettings))
    docs = services.api.docs
    app = Application(
        title="BM3-VL",
        version=version("bm3-vl"),
        description=DESCRIPTION,
        lifespan=_lifespan,
        docs_url=None,  # api/dashboard/reference_page.py: FastAPI's own page loads its script from a CDN
        redoc_url=None,
        openapi_url="/openapi.json" if docs else None,
        responses=errors.RESPONSES,
        generate_unique_id_function=_operation_id,
        redirect_slashes=False,
    )
    app.server_url = services.api.public_url
    app.state.services = services
    for router in ROUTERS:
        app.include_router(router)
    mount.install(app)
    errors.install(app)
    # The last one added is the outermost.
    app.add_middleware(BodyLimit, settings=services.api)
    app.add_middleware(CarefulHeaders)
    if services.api.cors:
        app.add_middleware(CORSMiddleware, allow_origins=services.api.cors, **CORS)
    app.add_middleware(RequestLog)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    anyio.to_thread.current_default_thread_limiter().total_tokens = services.api.threads
    subscriber = asyncio.create_task(services.live.run())
    app.state.mcp = door.manager_for(app, app.version, services.api.max_body_bytes)
    try:
        async with app.state.mcp.run():
            yield
    finally:
        subscriber.cancel()
        with suppress(asyncio.CancelledError):
            await subscriber
        services.close()


def _operation_id(route: APIRoute) -> str:
    return route.name
