"""Templates to answers: escaping is always on, and the headers let a page run nothing but our own files."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.dashboard.people import LoginNeeded, Person
from api.dashboard.views.formats import FILTERS
from api.deps import Services
from api.errors import Problem
from db.documents.kinds.registry import KINDS
from db.schema.tables import State

FOLDER = Path(__file__).parent
VERSION = version("bm3-vl")
FLASH_MESSAGES = {
    "canceled": "Cancel requested.",
    "deleted": "Deleted.",
    "saved": "Saved.",
    "retried": "Submitted again.",
    "sent": "Sent.",
    "revoked": "Revoked.",
    "refused": "Some jobs could not be changed: they are still at work.",
    "draining": "The worker hands its jobs back and takes no more.",
    "added": "Added.",
    "stopping": "The source is let go; the result follows in seconds.",
}
TITLES = {403: "Not allowed", 404: "Not found", 409: "Not now", 422: "That does not fit", 429: "Too many requests"}

_templates = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters.update(FILTERS)
_templates.globals.update(version=VERSION, states=[*State], kinds=[*KINDS], flash_messages=FLASH_MESSAGES)


def page(request: Request, person: Person, template: str, **shown: Any) -> HTMLResponse:
    """A page, or a part of one, for a person."""
    said = FLASH_MESSAGES.get(request.query_params.get("said", ""))
    services: Services = request.app.state.services
    html = _templates.get_template(template).render(
        person=person, csrf=person.login.csrf_token, path=request.url.path, said=said, here=_here(request), **shown
    )
    return HTMLResponse(html, headers=headers(services))


def bare(request: Request, template: str, status: int = 200, **shown: Any) -> HTMLResponse:
    """A page for nobody in particular: login, errors, shared jobs."""
    services: Services = request.app.state.services
    html = _templates.get_template(template).render(person=None, csrf="", path=request.url.path, said=None, **shown)
    return HTMLResponse(html, status, headers(services))


def headers(services: Services) -> dict[str, str]:
    """The policy of every page. With S3, browsers upload straight to it, so its address is allowed."""
    store = services.settings
    bucket = f" {_origin(store.s3_public_endpoint_url or store.s3_endpoint_url)}" if store.object_store == "s3" else ""
    policy = (
        f"default-src 'self'; connect-src 'self'{bucket}; img-src 'self' data: blob:; media-src 'self' blob:; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    return {"Content-Security-Policy": policy, "Referrer-Policy": "same-origin"}


def back(request: Request, path: str, said: str = "") -> Response:
    """To another page after a change; htmx follows by its own header."""
    address = path + (("&" if "?" in path else "?") + f"said={said}" if said else "")
    if request.headers.get("HX-Request"):
        return Response(status_code=204, headers={"HX-Redirect": address})
    return RedirectResponse(address, 303)


class PageRoute(APIRoute):
    """A route whose refusals are pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await inner(request)
            except LoginNeeded:
                return _to_login(request)
            except RequestValidationError:
                return _refusal(request, Problem(404, "not_found", "there is no such page"))
            except Problem as problem:
                return _refusal(request, problem)

        return handle


def _to_login(request: Request) -> Response:
    if request.headers.get("HX-Request"):
        return Response(status_code=204, headers={"HX-Redirect": "/login"})
    if request.method != "GET" or request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
        return Response(status_code=401)
    return RedirectResponse(f"/login?next={quote(_here(request), safe='')}", 303)


def _refusal(request: Request, problem: Problem) -> Response:
    title = TITLES.get(problem.status, "This did not work")
    details = [f"{one.pointer}: {one.detail}" for one in problem.errors]
    answer = bare(request, "refusal.html", problem.status, title=title, detail=problem.detail, details=details)
    answer.headers.update(problem.headers)
    return answer


def _here(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _origin(endpoint: str | None) -> str:
    if endpoint is None:
        return "https://*.amazonaws.com"
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc} {parts.scheme}://*.{parts.netloc}"
