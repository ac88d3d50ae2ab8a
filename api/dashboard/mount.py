"""Puts the dashboard into the application: its pages, its own files, and htmx from an installed package."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from api.dashboard.pages import PAGES
from api.dashboard.pulse import Pulse
from api.dashboard.rendering import FOLDER

HTMX_PACKAGE = "js_lib_htmx"  # of the distribution django-js-lib-htmx: data only, needs no Django


class CachedFiles(StaticFiles):
    """Static files that browsers keep for an hour and ask again by their ETag."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        answer.headers["Cache-Control"] = "public, max-age=3600"
        return answer


def install(app: FastAPI) -> None:
    """Add the pages under `/` and the files under `/static`."""
    app.state.pulse = Pulse(app.state.services.database)
    for router in PAGES:
        app.include_router(router)
    app.mount("/static/htmx", CachedFiles(directory=_htmx_folder()), name="htmx")
    app.mount("/static", CachedFiles(directory=FOLDER / "static"), name="static")


def _htmx_folder() -> Path:
    """Found without importing the package: that would ask for Django."""
    spec = importlib.util.find_spec(HTMX_PACKAGE)
    if spec is None or spec.origin is None:
        raise RuntimeError("the package django-js-lib-htmx is missing")
    return Path(spec.origin).parent / "static" / "htmx"
