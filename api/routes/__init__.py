"""One file per kind of thing that can be asked for."""

from __future__ import annotations

from fastapi import APIRouter

from api.routes import corrections, events, fleet, health, jobs, keys, mcp, results, search, uploads, webhooks
from api.routes.openai import routes as openai

OPENAI = APIRouter()
OPENAI.include_router(openai.answers, prefix="/v1")
OPENAI.include_router(openai.answers, prefix="/openai/v1", include_in_schema=False)  # the same operations
OPENAI.include_router(openai.model, prefix="/v1")
OPENAI.include_router(openai.model, prefix="/openai/v1", include_in_schema=False)
OPENAI.include_router(openai.models, prefix="/openai/v1")

# Fixed paths before those with a name in them.
ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    jobs.submitting,
    jobs.router,
    events.router,
    corrections.router,
    results.router,
    search.router,
    uploads.router,
    webhooks.router,
    keys.router,
    fleet.router,
    mcp.router,
    OPENAI,
)
