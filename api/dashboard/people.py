"""The person in front of a page, what he may do, and the proof that a change was meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from starlette.datastructures import FormData

from api import sessions
from api.auth import Caller, as_caller
from api.deps import ServicesDep, now
from api.errors import Problem
from api.sessions import Login
from db.access.users import Role

RANK = {Role.VIEWER: 0, Role.OPERATOR: 1, Role.ADMIN: 2}


@dataclass(frozen=True)
class Person:
    """A logged-in user as pages see him."""

    login: Login

    @property
    def name(self) -> str:
        return self.login.user.name

    @property
    def role(self) -> Role:
        return Role(self.login.user.role)

    @property
    def tenant_id(self) -> UUID:
        return self.login.tenant.id

    @property
    def caller(self) -> Caller:
        return as_caller(self.login)

    @property
    def may_change(self) -> bool:
        return self.role is not Role.VIEWER

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN

    @property
    def rules_installation(self) -> bool:
        return sessions.rules_installation(self.login)


class LoginNeeded(Problem):
    """Nobody is logged in: the browser is sent to the login page."""

    def __init__(self) -> None:
        super().__init__(401, "login_needed", "log in first")


def viewer(request: Request, services: ServicesDep) -> Person:
    """Whoever is logged in."""
    login = sessions.current(request, services, now())
    if login is None:
        raise LoginNeeded
    request.state.tenant_id = str(login.tenant.id)
    return Person(login)


Viewer = Annotated[Person, Depends(viewer)]


async def posted(request: Request, person: Viewer) -> FormData:
    """The fields of a form that our own page sent."""
    form = await request.form(max_files=0, max_fields=2000)
    if not sessions.is_own(request, person.login, str(form.get("csrf", ""))):
        raise Problem(403, "csrf", "this form is too old; load the page again")
    return form


def operator(person: Viewer) -> Person:
    return _at_least(person, Role.OPERATOR)


def admin(person: Viewer) -> Person:
    return _at_least(person, Role.ADMIN)


def installation_admin(person: Viewer) -> Person:
    if not person.rules_installation:
        raise Problem(403, "forbidden", "only administrators of the installation may do this")
    return person


def text(form: FormData, name: str, longest: int = 4000) -> str:
    """A text field of a form, without outer blanks; empty when it was not sent."""
    return str(form.get(name, "")).replace("\x00", "").strip()[:longest]


def _at_least(person: Person, role: Role) -> Person:
    if RANK[person.role] < RANK[role]:
        raise Problem(403, "forbidden", f"your role is {person.role}; this needs the role {role}")
    return person


Operator = Annotated[Person, Depends(operator)]
Admin = Annotated[Person, Depends(admin)]
InstallationAdmin = Annotated[Person, Depends(installation_admin)]
Posted = Annotated[FormData, Depends(posted)]
