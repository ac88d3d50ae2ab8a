"""Puts the dashboard into the application: its pages, its own files, and those of installed packages."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from api.dashboard import reference_page
from api.dashboard.pages import PAGES
from api.dashboard.rendering import FOLDER
from api.dashboard.views.pulse import Pulse
from api.deps import Services

HTMX = ("js_lib_htmx", "static/htmx")  # of the distribution django-js-lib-htmx: data only, needs no Django
SWAGGER = ("fastapi_offline", "static")  # Swagger UI's script and style sheet


class CachedFiles(StaticFiles):
    """Static files that browsers keep for an hour and ask again by their ETag."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        answer.headers["Cache-Control"] = "public, max-age=3600"
        return answer


def install(app: FastAPI) -> None:
    """Add the pages under `/` and the files under `/static`."""
    services: Services = app.state.services
    app.state.pulse = Pulse(services.database)
    for router in PAGES:
        app.include_router(router)
    if services.api.docs:
        app.include_router(reference_page.router)
        app.mount("/static/swagger", CachedFiles(directory=_packaged(*SWAGGER)), name="swagger")
    app.mount("/static/htmx", CachedFiles(directory=_packaged(*HTMX)), name="htmx")
    app.mount("/static", CachedFiles(directory=FOLDER / "static"), name="static")


def _packaged(package: str, folder: str) -> Path:
    """A folder of an installed package, found without importing it: that would ask for Django."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"the package {package} is missing")
    return Path(spec.origin).parent / folder
