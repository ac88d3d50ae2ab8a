"""A conversation as jobs, one an answer: submitted, followed to its end, canceled when nobody waits for it any more."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from uuid import UUID

import anyio
from starlette.concurrency import run_in_threadpool

from api.auth import Caller
from api.deps import Services, now
from api.documents.requests import JobRequest
from api.errors import NotFound, Problem
from api.live.positions import ALL_READ, Item
from api.submission.submission import Prepared, check_quotas, prepare, submit
from db.documents.kinds.chat import ChatParams, ChatResult
from db.failures import RETRYABLE
from db.jobs import jobs, served
from db.schema.tables import TERMINAL, Job, State

KIND = "chat.complete"
LABELS = {"interface": "openai"}
SEEDS = 1 << 63


@dataclass(frozen=True)
class ChatJob:
    """The job behind a request, and the name of the model that answers."""

    id: UUID
    tenant_id: UUID
    created: int
    model: str


def ask(services: Services, caller: Caller, params: ChatParams, answers: int = 1) -> list[ChatJob]:
    """Submit the conversation, once for each answer, with the seeds that follow the one asked for. Raises what a submit
    raises."""
    at = now()
    ready = prepare(services, caller, at, JobRequest(kind=KIND, params=params, labels=LABELS))
    with services.database.write() as session:
        check_quotas(session, caller, at, answers)
        made = [submit(session, caller, at, _seeded(ready, params, number)) for number in range(answers)]
        default = next((model.name for model in served.models(session, at) if model.default), "default")
        name = params.model or default
        return [ChatJob(job.id, caller.tenant_id, int(job.created_at.timestamp()), name) for job in made]


def _seeded(ready: Prepared, params: ChatParams, number: int) -> Prepared:
    """The request for an answer of several; what it holds is stored once for all."""
    sampling = params.sampling.model_copy(update={"seed": (params.sampling.seed + number) % SEEDS})
    request = JobRequest(kind=KIND, params=params.model_copy(update={"sampling": sampling}), labels=LABELS)
    return replace(ready, request=request, params={**ready.params, "sampling": sampling.model_dump(mode="json")})


@asynccontextmanager
async def wanted(services: Services, asked: Sequence[ChatJob]) -> AsyncIterator[None]:
    """While the block runs somebody waits for the jobs; those that outlive it are canceled."""
    try:
        yield
    finally:
        with anyio.CancelScope(shield=True):
            await run_in_threadpool(_cancel, services, asked)


async def heard(services: Services, asked: ChatJob) -> AsyncGenerator[Item | None]:
    """What happens to the job until it has ended; None when nothing happened for a while.

    Raises a 504 problem after `chat_wait_s`, 503 where the process has no more places for watchers.
    """
    with anyio.move_on_after(services.api.chat_wait_s) as patience:
        while not await run_in_threadpool(_has_ended, services, asked):  # a watcher may be sent away before the end
            async with aclosing(services.live.batches(asked.id, asked.tenant_id, ALL_READ)) as batches:
                async for batch in batches:
                    for item, _ in batch:
                        yield item
                    if not batch:
                        yield None
    if patience.cancelled_caught:
        detail = f"no answer within {services.api.chat_wait_s:.0f} s; submit a chat.complete job to wait for longer"
        raise Problem(504, "timeout", detail)


def outcome(services: Services, asked: ChatJob) -> ChatResult:
    """The answer of the ended job. Raises a problem for one that failed or was canceled."""
    with services.database.read() as session:
        job = jobs.find(session, asked.tenant_id, asked.id)
    if job is None:
        raise NotFound("job")
    if job.state is State.SUCCEEDED and job.result is not None:
        return ChatResult.model_validate(job.result)
    raise _failed(job)


def _failed(job: Job) -> Problem:
    if job.failure is None:
        return Problem(409, "canceled", "the job was canceled before it had an answer")
    status = 503 if job.failure in RETRYABLE else 500 if job.failure == "internal" else 400
    return Problem(status, str(job.failure), job.failure_message or "the job failed")


def _has_ended(services: Services, asked: ChatJob) -> bool:
    with services.database.read() as session:
        job = jobs.find(session, asked.tenant_id, asked.id)
        return job is None or job.state in TERMINAL


def _cancel(services: Services, asked: Sequence[ChatJob]) -> None:
    with services.database.write() as session:
        for one in asked:
            job = jobs.find(session, one.tenant_id, one.id)
            if job is not None and job.state not in TERMINAL:
                jobs.request_cancel(session, now(), job)
