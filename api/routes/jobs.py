"""Jobs: submit, read, list, cancel, retry, delete."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Header, Query, Response
from fastapi.responses import JSONResponse
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from api import corrected, paging
from api.auth import Caller, JobsReader, JobsWriter
from api.deps import Kept, Services, now
from api.errors import NotFound, field_problem
from api.filters import JobFilter
from api.once import Answered, AskedOnce, Once, answer, response
from api.requests import EXAMPLES, AnyJobRequest, BatchRequest, JobRequest, RetryRequest
from api.retrying import prepare_retry, retry
from api.schemas import Batch, History, JobView, Page, history_view, job_view
from api.submission import Prepared, check_quotas, prepare, submit
from db.jobs import events, jobs
from db.jobs.idempotency import Given
from db.ops.crash import crash_point
from db.schema.tables import TERMINAL, Job

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
Prefer = Annotated[str | None, Header(description="`wait=N`: answer when the job has ended, after N seconds at most")]
WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*(\d{1,5})\b", re.IGNORECASE)
RETRY = RetryRequest()
ENDED = {200: {"model": JobView, "description": "The job has ended already"}}


@router.post("", status_code=202, response_model=JobView, responses=ENDED)  # type: ignore[arg-type]
async def submit_job(
    who: JobsWriter,
    kept: Kept,
    once: AskedOnce,
    request: Annotated[AnyJobRequest, Body(openapi_examples=EXAMPLES)],
    prefer: Prefer = None,
) -> JSONResponse:
    """Submit a job. It is stored before the answer leaves, and survives anything from then on."""
    answered = await run_in_threadpool(_submit, kept, who, once, request)
    job_id = UUID(answered.given.body["id"])
    headers = {"Location": f"/v1/jobs/{job_id}"}
    seconds = min(_wait_s(prefer), kept.api.wait_cap_s)
    if seconds > 0:
        await kept.live.wait_for_end(job_id, who.tenant_id, seconds)
        answered = Answered(await run_in_threadpool(_given_now, kept, who, job_id), answered.replayed)
        headers["Preference-Applied"] = f"wait={seconds:.0f}"
    return response(answered, headers)


@router.post("/batch", status_code=202, response_model=Batch)
def submit_batch(who: JobsWriter, kept: Kept, once: AskedOnce, request: BatchRequest) -> JSONResponse:
    """Submit several jobs, all or none."""
    at = now()
    if len(request.jobs) > kept.api.batch_limit:
        raise field_problem("/jobs", f"at most {kept.api.batch_limit} jobs a request")
    ready = [prepare(kept, who, at, one, f"/jobs/{index}") for index, one in enumerate(request.jobs)]
    with kept.database.write() as session:
        answered = answer(session, at, who.tenant_id, once, lambda: _submitted_all(session, kept, who, at, ready))
    return response(answered)


@router.get("")
def list_jobs(who: JobsReader, kept: Kept, wanted: Annotated[JobFilter, Query()]) -> Page[JobView]:
    """The tenant's jobs, newest first. Segments of a split job are listed with `parent_id` only."""
    with kept.database.read() as session:
        rows = jobs.page(session, who.tenant_id, wanted.as_filter(), wanted.limit, paging.after(wanted.cursor))
        views = [job_view(row, None, corrected.document(session, row)) for row in rows]
    return Page(items=views, next_cursor=paging.next_cursor(rows, wanted.limit))


@router.get("/{job_id}")
def get_job(who: JobsReader, kept: Kept, job_id: UUID) -> JobView:
    """One job, with its progress and when it will be done."""
    with kept.database.read() as session:
        return _view(session, kept, find(session, who, job_id))


@router.post("/{job_id}/cancel")
def cancel_job(who: JobsWriter, kept: Kept, job_id: UUID) -> JobView:
    """Cancel a job: at once while it waits, within seconds while it runs. A finished job stays as it is."""
    with kept.database.write() as session:
        job = jobs.request_cancel(session, now(), find(session, who, job_id))
        return _view(session, kept, job)


@router.post("/{job_id}/retry", status_code=202, response_model=JobView)
def retry_job(
    who: JobsWriter, kept: Kept, once: AskedOnce, job_id: UUID, request: RetryRequest = RETRY
) -> JSONResponse:
    """Do a finished job again as a new job."""
    at = now()
    with kept.database.read() as session:
        source = find(session, who, job_id)
    asked = prepare_retry(kept, who, at, source, request)
    with kept.database.write() as session:
        source = find(session, who, job_id)  # again: it may have been deleted since

        def work() -> Given:
            return _given(session, kept, retry(session, who, at, source, asked))

        answered = answer(session, at, who.tenant_id, once, work)
    return response(answered, {"Location": f"/v1/jobs/{answered.given.body['id']}"})


@router.delete("/{job_id}", status_code=204)
def delete_job(who: JobsWriter, kept: Kept, job_id: UUID) -> Response:
    """Forget a job, its results and its files; a running one is canceled first."""
    with kept.database.write() as session:
        jobs.tombstone(session, now(), find(session, who, job_id))
    return Response(status_code=204)


@router.get("/{job_id}/history")
def job_history(who: JobsReader, kept: Kept, job_id: UUID) -> History:
    """What happened to a job: its events and the attempts at it."""
    with kept.database.read() as session:
        find(session, who, job_id)
        return history_view(events.after(session, job_id), events.attempts(session, job_id))


def find(session: Session, who: Caller, job_id: UUID) -> Job:
    """The caller's job, or 404."""
    job = jobs.find(session, who.tenant_id, job_id)
    if job is None:
        raise NotFound("job")
    return job


def _submit(kept: Services, who: Caller, once: Once, request: JobRequest) -> Answered:
    at = now()
    ready = prepare(kept, who, at, request)
    with kept.database.write() as session:
        answered = answer(session, at, who.tenant_id, once, lambda: _submitted(session, kept, who, at, ready))
    crash_point("submit.stored")
    return answered


def _submitted(session: Session, kept: Services, who: Caller, at: datetime, ready: Prepared) -> Given:
    check_quotas(session, who, at, 1)
    return _given(session, kept, submit(session, who, at, ready))


def _submitted_all(session: Session, kept: Services, who: Caller, at: datetime, ready: list[Prepared]) -> Given:
    check_quotas(session, who, at, len(ready))
    rows = [submit(session, who, at, one) for one in ready]
    return Given(202, {"jobs": [_view(session, kept, row).model_dump(mode="json") for row in rows]})


def _given(session: Session, kept: Services, job: Job) -> Given:
    return Given(200 if job.state in TERMINAL else 202, _view(session, kept, job).model_dump(mode="json"))


def _given_now(kept: Services, who: Caller, job_id: UUID) -> Given:
    with kept.database.read() as session:
        return _given(session, kept, find(session, who, job_id))


def _view(session: Session, kept: Services, job: Job) -> JobView:
    return job_view(job, kept.estimator.of(session, now(), job), corrected.document(session, job))


def _wait_s(prefer: str | None) -> float:
    found = WAIT.search(prefer or "")
    return float(found[1]) if found else 0.0
