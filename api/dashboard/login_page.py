"""Logging in and out."""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from api import sessions
from api.dashboard.people import Posted, text
from api.dashboard.rendering import PageRoute, bare
from api.deps import Services, ServicesDep, now
from api.errors import Problem
from db.access import audit, dashboard_sessions, users
from db.access.users import Guess
from db.schema.tables_access import User

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PRELOGIN = "bm3_login"  # double-submitted, so that nobody can log a browser in as somebody else
BROWSER = "bm3_browser"  # says that its user has logged in with it before
BROWSER_LIFE = timedelta(days=365)
WRONG = "Wrong name or password."


async def _login_form(request: Request) -> FormData:
    form = await request.form(max_files=0, max_fields=10)
    cookie = request.cookies.get(PRELOGIN, "")
    if not cookie or not hmac.compare_digest(cookie.encode(), str(form.get("proof", "")).encode()):
        raise Problem(403, "csrf", "this form is too old; load the page again")
    return form


@router.get("/login")
def login_page(request: Request, services: ServicesDep) -> Response:
    """The form; straight on for those who are logged in."""
    if sessions.current(request, services, now()) is not None:
        return RedirectResponse(_next(request), 303)
    return _form(request, services)


@router.post("/login")
def login(request: Request, services: ServicesDep, form: Annotated[FormData, Depends(_login_form)]) -> Response:
    """Check the password; too many wrong ones cost time, but nobody else's time."""
    name, password = text(form, "name", 120), str(form.get("password", ""))[:1000]
    address = request.client.host if request.client else ""
    with services.database.write() as session:
        user = users.by_name(session, name)
        browser = users.known_browser(user, request.cookies.get(BROWSER, ""))
        guess = Guess(name, address, browser)
        wait_s = users.admit(session, now(), guess)
    if wait_s > 0:
        return _form(request, services, f"Too many attempts. Try again in {wait_s:.0f} s.", 429)
    if not users.matches(user, password) or user is None:
        return _form(request, services, WRONG, 401)
    with services.database.write() as session:
        users.note_success(session, guess)
        token = dashboard_sessions.begin(session, now(), user)
        audit.note(session, now(), user.tenant_id, actor=f"user {user.name}", action="user.login", subject=address)
    answer = RedirectResponse(_next(request), 303)
    sessions.set_cookie(answer, request, services, token)
    answer.delete_cookie(PRELOGIN)
    if not browser:
        _remember_browser(answer, request, services, user)
    return answer


@router.post("/logout")
async def logout(request: Request, services: ServicesDep, _: Posted) -> Response:
    """End this login."""
    await run_in_threadpool(_end, services, request.cookies.get(sessions.cookie_name(request, services), ""))
    answer = RedirectResponse("/login", 303)
    sessions.clear_cookie(answer, request, services)
    return answer


def _end(services: Services, token: str) -> None:
    with services.database.write() as session:
        dashboard_sessions.end(session, token)


def _form(request: Request, services: Services, error: str = "", status: int = 200) -> Response:
    proof = request.cookies.get(PRELOGIN) or secrets.token_urlsafe(24)
    answer = bare(request, "login.html", status, error=error, proof=proof, action=f"/login?{request.url.query}")
    secure = sessions.is_secure(request, services)
    answer.set_cookie(PRELOGIN, proof, max_age=3600, secure=secure, httponly=True, samesite="strict")
    return answer


def _remember_browser(answer: Response, request: Request, services: Services, user: User) -> None:
    secure, life_s = sessions.is_secure(request, services), int(BROWSER_LIFE.total_seconds())
    token = users.browser_token(user)
    answer.set_cookie(BROWSER, token, max_age=life_s, path="/login", secure=secure, httponly=True, samesite="strict")


def _next(request: Request) -> str:
    """Where the person wanted to go: a path of ours, never another site."""
    wanted = request.query_params.get("next", "/")
    ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\", "/login")) and wanted.isprintable()
    return wanted if ours and "\\" not in wanted else "/"
