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

from api import paging
from api.auth import Caller, JobsReader, JobsWriter
from api.deps import Services, ServicesDep, now
from api.documents.requests import EXAMPLES, AnyJobRequest, BatchRequest, JobRequest, RetryRequest
from api.documents.schemas import history_view, job_view
from api.errors import NotFound, Problem, field_problem
from api.filters import JobFilter
from api.submission import corrected
from api.submission.batches import BatchRun
from api.submission.form import FORM_BODY, FormRoute
from api.submission.idempotency import Answered, Idempotency, IdempotentRequest, answer, response
from api.submission.retrying import prepare_retry, retry
from api.submission.submission import Prepared, check_quotas, prepare, submit
from db.crash import crash_point
from db.documents.answers.base import Page
from db.documents.answers.jobs import Batch, History, JobView
from db.documents.kinds.live import is_live
from db.jobs import events, jobs
from db.jobs.idempotency import Given
from db.jobs.live import stopping
from db.schema.tables import TERMINAL, Job

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
submitting = APIRouter(prefix="/v1/jobs", tags=["jobs"], route_class=FormRoute)
Prefer = Annotated[str | None, Header(description="`wait=N`: answer when the job has ended, after N seconds at most")]
WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*(\d{1,5})\b", re.IGNORECASE)
RETRY = RetryRequest()
ENDED = {200: {"model": JobView, "description": "The job has ended already"}}


@submitting.post("", status_code=202, response_model=JobView, responses=ENDED, openapi_extra=FORM_BODY)  # type: ignore[arg-type]
async def submit_job(
    caller: JobsWriter,
    services: ServicesDep,
    idempotency: Idempotency,
    request: Annotated[AnyJobRequest, Body(openapi_examples=EXAMPLES)],
    prefer: Prefer = None,
) -> JSONResponse:
    """Submit a job, as JSON or as a form with its files. It is stored before the answer leaves, and survives
    anything from then on."""
    answered = await run_in_threadpool(_submit, services, caller, idempotency, request)
    job_id = UUID(answered.given.body["id"])
    headers = {"Location": f"/v1/jobs/{job_id}"}
    seconds = min(_wait_s(prefer), services.api.wait_cap_s)
    if seconds > 0:
        await services.live.wait_for_end(job_id, caller.tenant_id, seconds)
        answered = Answered(await run_in_threadpool(_given_now, services, caller, job_id), answered.replayed)
        headers["Preference-Applied"] = f"wait={seconds:.0f}"
    return response(answered, headers)


@router.post("/batch", status_code=202, response_model=Batch)
def submit_batch(
    caller: JobsWriter, services: ServicesDep, idempotency: Idempotency, request: BatchRequest
) -> JSONResponse:
    """Submit several jobs, all or none; with `on_error: skip` each by itself, and those refused with their reasons."""
    at = now()
    if len(request.jobs) > services.api.batch_limit:
        raise field_problem("/jobs", f"at most {services.api.batch_limit} jobs a request")
    run = BatchRun(request)
    run.prepare(services, caller, at)
    with services.database.write() as session:
        answered = answer(
            session, at, caller.tenant_id, idempotency, lambda: _submitted_all(session, services, caller, at, run)
        )
    return response(answered)


@router.get("")
def list_jobs(caller: JobsReader, services: ServicesDep, wanted: Annotated[JobFilter, Query()]) -> Page[JobView]:
    """The tenant's jobs, newest first. Segments of a split job are listed with `parent_id` only."""
    with services.database.read() as session:
        rows = jobs.page(session, caller.tenant_id, wanted.as_filter(), wanted.limit, paging.after(wanted.cursor))
        views = [job_view(row, None, corrected.document(session, row)) for row in rows]
    return Page(items=views, next_cursor=paging.next_cursor(rows, wanted.limit))


@router.get("/{job_id}")
def get_job(caller: JobsReader, services: ServicesDep, job_id: UUID) -> JobView:
    """One job, with its progress and when it will be done."""
    with services.database.read() as session:
        return _view(session, services, find(session, caller, job_id))


@router.post("/{job_id}/cancel")
def cancel_job(caller: JobsWriter, services: ServicesDep, job_id: UUID) -> JobView:
    """Cancel a job: at once while it waits, within seconds while it runs. A finished job stays as it is."""
    with services.database.write() as session:
        job = jobs.request_cancel(session, now(), find(session, caller, job_id))
        return _view(session, services, job)


@router.post("/{job_id}/stop")
def stop_job(caller: JobsWriter, services: ServicesDep, job_id: UUID) -> JobView:
    """End a job that follows live input in good order: within seconds it succeeds, with all that was captioned. A finished
    job stays as it is."""
    with services.database.write() as session:
        job = find(session, caller, job_id)
        if not is_live(job.params):
            raise Problem(409, "not_live", "only jobs that follow live input are stopped; cancel this one")
        return _view(session, services, stopping.request_stop(session, now(), job))


@router.post("/{job_id}/retry", status_code=202, response_model=JobView)
def retry_job(
    caller: JobsWriter, services: ServicesDep, idempotency: Idempotency, job_id: UUID, request: RetryRequest = RETRY
) -> JSONResponse:
    """Do a finished job again as a new job."""
    at = now()
    with services.database.read() as session:
        source = find(session, caller, job_id)
    asked = prepare_retry(services, caller, at, source, request)
    with services.database.write() as session:
        source = find(session, caller, job_id)  # again: it may have been deleted since

        def work() -> Given:
            return _given(session, services, retry(session, caller, at, source, asked))

        answered = answer(session, at, caller.tenant_id, idempotency, work)
    return response(answered, {"Location": f"/v1/jobs/{answered.given.body['id']}"})


@router.delete("/{job_id}", status_code=204)
def delete_job(caller: JobsWriter, services: ServicesDep, job_id: UUID) -> Response:
    """Forget a job, its results and its files; a running one is canceled first."""
    with services.database.write() as session:
        jobs.tombstone(session, now(), find(session, caller, job_id))
    return Response(status_code=204)


@router.get("/{job_id}/history")
def job_history(caller: JobsReader, services: ServicesDep, job_id: UUID) -> History:
    """What happened to a job: its events and the attempts at it."""
    with services.database.read() as session:
        find(session, caller, job_id)
        return history_view(events.after(session, job_id), events.attempts(session, job_id))


def find(session: Session, caller: Caller, job_id: UUID) -> Job:
    """The caller's job, or 404."""
    job = jobs.find(session, caller.tenant_id, job_id)
    if job is None:
        raise NotFound("job")
    return job


def _submit(services: Services, caller: Caller, idempotency: IdempotentRequest, request: JobRequest) -> Answered:
    at = now()
    ready = prepare(services, caller, at, request)
    with services.database.write() as session:
        answered = answer(
            session, at, caller.tenant_id, idempotency, lambda: _submitted(session, services, caller, at, ready)
        )
    crash_point("submit.stored")
    return answered


def _submitted(session: Session, services: Services, caller: Caller, at: datetime, ready: Prepared) -> Given:
    check_quotas(session, caller, at, 1)
    return _given(session, services, submit(session, caller, at, ready))


def _submitted_all(session: Session, services: Services, caller: Caller, at: datetime, run: BatchRun) -> Given:
    views = [_view(session, services, row) for row in run.submit(session, caller, at)]
    return Given(202, Batch(jobs=views, refused=run.refused).model_dump(mode="json"))


def _given(session: Session, services: Services, job: Job) -> Given:
    return Given(200 if job.state in TERMINAL else 202, _view(session, services, job).model_dump(mode="json"))


def _given_now(services: Services, caller: Caller, job_id: UUID) -> Given:
    with services.database.read() as session:
        return _given(session, services, find(session, caller, job_id))


def _view(session: Session, services: Services, job: Job) -> JobView:
    return job_view(job, services.estimator.of(session, now(), job), corrected.document(session, job))


def _wait_s(prefer: str | None) -> float:
    found = WAIT.search(prefer or "")
    return float(found[1]) if found else 0.0
