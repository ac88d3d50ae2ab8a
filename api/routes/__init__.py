"""One file per kind of thing that can be asked for."""

from __future__ import annotations

from fastapi import APIRouter

from api.routes import events, fleet, health, jobs, keys, results, uploads, webhooks

# Fixed paths before those with a name in them.
ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    jobs.router,
    events.router,
    results.router,
    uploads.router,
    webhooks.router,
    keys.router,
    fleet.router,
)
