"""The list of jobs: filters in the address, a histogram, live rows, changes to many at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from api import paging, sessions
from api.dashboard.people import Operator, Person, Posted, Viewer, installation_admin
from api.dashboard.rendering import PageRoute, back, page
from api.dashboard.views.bars import Histogram, histogram
from api.dashboard.views.pulse import Pulse
from api.dashboard.views.summaries import Summary, summaries
from api.deps import Services, ServicesDep, now
from api.documents.requests import RetryRequest
from api.errors import Problem
from api.submission.retrying import prepare_retry, retry
from api.submission.submission import check_quotas
from db.access import audit, tenants
from db.documents.kinds import datasheet_verdict
from db.jobs import jobs, overview
from db.jobs.jobs import Filter
from db.jobs.quotas import QuotaExceeded
from db.schema.tables import OWNED, WAITING, Job, State

router = APIRouter(route_class=PageRoute, include_in_schema=False)
ROWS = 50
STALLED_AFTER = timedelta(minutes=5)
GROUPS: dict[str, tuple[State, ...]] = {
    "waiting": (*WAITING,),
    "running": (*OWNED,),
    "succeeded": (State.SUCCEEDED,),
    "failed": (State.FAILED, State.EXPIRED),
    "canceled": (State.CANCELED,),
}
SPANS: dict[str, tuple[timedelta, timedelta]] = {
    "day": (timedelta(hours=24), timedelta(minutes=30)),
    "week": (timedelta(days=7), timedelta(hours=4)),
    "month": (timedelta(days=30), timedelta(days=1)),
    "quarter": (timedelta(days=91), timedelta(days=2)),
}
RETRY = RetryRequest()


class Wanted(BaseModel):
    """The filters as they stand in the address; an unknown one is ignored, so that old bookmarks work."""

    model_config = ConfigDict(extra="ignore")

    state: str = ""
    kind: Annotated[str, Field(max_length=60)] = ""
    q: Annotated[str, Field(max_length=200)] = ""
    label: Annotated[str, Field(max_length=261)] = ""
    verdict: Annotated[str, Field(max_length=20)] = ""
    retrying: bool = False
    stalled: bool = False
    span: str = "day"
    since: datetime | None = None
    until: datetime | None = None
    cursor: Annotated[str | None, Field(max_length=60)] = None
    tenant: str = ""

    def address(self, **changes: object) -> str:
        """This list with other filters, from its first row."""
        fields = {**self.model_dump(exclude={"cursor", "tenant"}, exclude_defaults=True, mode="json"), **changes}
        query = urlencode({name: value for name, value in fields.items() if value not in ("", None, False)})
        return f"/jobs?{query}" if query else "/jobs"

    def as_filter(self, at: datetime) -> Filter:
        """The question for the database."""
        name, _, value = self.label.partition(":")
        return Filter(
            states=_states(self.state),
            kinds=(self.kind,) if self.kind else (),
            label=(name, value) if value else None,
            verdicts=(self.verdict,) if self.verdict in datasheet_verdict.STATES else (),
            text=self.q.replace("\x00", "") or None,
            created_after=self.since,
            created_before=self.until,
            retrying=True if self.retrying else None,
            stalled_before=at - STALLED_AFTER if self.stalled else None,
        )

    @property
    def narrowed(self) -> bool:
        return bool(self.model_dump(exclude={"span", "tenant"}, exclude_defaults=True))


Filters = Annotated[Wanted, Query()]


@router.get("/")
def home() -> Response:
    return RedirectResponse("/jobs", 303)


@router.get("/jobs")
def jobs_page(request: Request, services: ServicesDep, person: Viewer, wanted: Filters) -> Response:
    """The whole page."""
    if wanted.tenant:
        return _other_tenant(request, services, person, wanted)
    if found := _named(services, person, wanted.q):
        return RedirectResponse(f"/jobs/{found}", 303)
    at = now()
    with services.database.read() as session:
        shown = _lines(session, services, person, wanted, at)
        counts = overview.by_state(session, person.tenant_id)
        chart = _chart(session, person, wanted, at)
        others = tenants.listed(session) if person.rules_installation else []
    groups = {name: sum(counts.get(state, 0) for state in group) for name, group in GROUPS.items()}
    return page(
        request,
        person,
        "jobs.html",
        wanted=wanted,
        lines=shown,
        older=_older(wanted, shown),
        groups=groups,
        total=sum(counts.values()),
        chart=chart,
        spans=[*SPANS],
        tenants=others,
    )


@router.get("/jobs/rows")
def job_rows(request: Request, services: ServicesDep, person: Viewer, wanted: Filters) -> Response:
    """The rows alone, for an open page."""
    with services.database.read() as session:
        shown = _lines(session, services, person, wanted, now())
    return page(request, person, "_job_rows.html", wanted=wanted, lines=shown, older=_older(wanted, shown))


@router.get("/jobs/live", response_class=EventSourceResponse)
async def live(request: Request, person: Viewer) -> AsyncIterator[ServerSentEvent]:
    """Says `jobs` whenever the rows may have changed."""
    pulse: Pulse = request.app.state.pulse
    yield ServerSentEvent(comment="watching", retry=3000)
    async for mark in pulse.changes(person.tenant_id):
        yield ServerSentEvent(raw_data=mark, event="jobs") if mark else ServerSentEvent(comment="quiet")


@router.post("/jobs/bulk")
def change_many(request: Request, services: ServicesDep, person: Operator, form: Posted) -> Response:
    """Cancel, retry or delete the jobs that are ticked."""
    action, at = str(form.get("action", "")), now()
    if action not in CHANGES:
        raise Problem(422, "invalid_request", "there is no such change")
    ids = [UUID(str(one)) for one in form.getlist("job")][:ROWS]
    refused = False
    with services.database.write() as session:
        for job_id in ids:
            job = jobs.find(session, person.tenant_id, job_id)
            refused |= job is None or not _change(session, services, person, at, action, job)
        what = f"{len(ids)} jobs"
        audit.note(session, at, person.tenant_id, actor=person.caller.actor, action=f"job.{action}", subject=what)
    return back(request, _referer(request), "refused" if refused else CHANGES[action])


CHANGES = {"cancel": "canceled", "retry": "retried", "delete": "deleted"}


def _change(session: Session, services: Services, person: Person, at: datetime, action: str, job: Job) -> bool:
    match action:
        case "cancel":
            jobs.request_cancel(session, at, job)
        case "delete":
            jobs.tombstone(session, at, job)
        case _:
            return _retry(session, services, person, at, job)
    return True


def _retry(session: Session, services: Services, person: Person, at: datetime, job: Job) -> bool:
    try:
        check_quotas(session, person.caller, at, 1)
        retry(session, person.caller, at, job, prepare_retry(services, person.caller, at, job, RETRY))
    except (Problem, QuotaExceeded):
        return False
    return True


def _lines(session: Session, services: Services, person: Person, wanted: Wanted, at: datetime) -> list[Summary]:
    rows = jobs.page(session, person.tenant_id, wanted.as_filter(at), ROWS, paging.after(wanted.cursor))
    return summaries(session, services, at, rows)


def _older(wanted: Wanted, lines: list[Summary]) -> str | None:
    cursor = paging.next_cursor([line.job for line in lines], ROWS)
    return wanted.address(cursor=cursor) if cursor else None


def _chart(session: Session, person: Person, wanted: Wanted, at: datetime) -> Histogram:
    length, step = SPANS.get(wanted.span, SPANS["day"])
    question = wanted.model_copy(update={"since": None, "until": None, "q": ""}).as_filter(at)
    return histogram(overview.histogram(session, person.tenant_id, question, at - length, step, at), step)


def _states(name: str) -> tuple[State, ...]:
    if name in GROUPS:
        return GROUPS[name]
    return (State(name),) if name in set(State) else ()


def _named(services: Services, person: Person, text: str) -> UUID | None:
    """The job whose id was typed into the search."""
    try:
        job_id = UUID(text.strip())
    except ValueError:
        return None
    with services.database.read() as session:
        return job_id if jobs.find(session, person.tenant_id, job_id) else None


def _other_tenant(request: Request, services: Services, person: Person, wanted: Wanted) -> Response:
    """Look at another tenant from now on."""
    installation_admin(person)
    with services.database.read() as session:
        chosen = next((one for one in tenants.listed(session) if one.name == wanted.tenant), None)
    if chosen is None:
        raise Problem(404, "not_found", "there is no such tenant")
    answer = RedirectResponse(wanted.address(), 303)
    secure = sessions.is_secure(request, services)
    answer.set_cookie(sessions.TENANT_COOKIE, str(chosen.id), secure=secure, httponly=True, samesite="lax")
    return answer


def _referer(request: Request) -> str:
    """Back to the same filters; only the query is taken, so that no other site can be named."""
    query = request.headers.get("Referer", "").partition("?")[2].split("&said=")[0].removeprefix("said=")
    safe = query if query.isascii() and query.isprintable() else ""
    return f"/jobs?{safe}" if safe else "/jobs"
