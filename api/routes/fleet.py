"""What there is to work with: models, workers, queues; and what the tenant has used."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.responses import JSONResponse

from api.auth import AdminCaller, AnyCaller, JobsReader, needs
from api.deps import ServicesDep, now
from api.errors import NotFound
from api.routes.openai.documents import model_list
from db.access import audit, keys
from db.access.keys import Scope
from db.documents.answers.fleet import ModelView, QueueView, UsageView, WorkerView
from db.jobs import counts, fleet, quotas, served

router = APIRouter(prefix="/v1", tags=["fleet"])
ListUnserved = Annotated[bool, Query(description="List also models that no worker can load, with their `problem`")]
StainlessLanguage = Annotated[str | None, Header(alias="X-Stainless-Lang", include_in_schema=False)]


@router.get("/models", response_model=list[ModelView])
def list_models(
    caller: JobsReader, services: ServicesDep, client: StainlessLanguage = None, unserved: ListUnserved = False
) -> Any:
    """The models that living workers hold resident; jobs may name them. OpenAI's own packages, which always name
    themselves, get the list in OpenAI's form."""
    with services.database.read() as session:
        found = served.models(session, now())
        broken = served.unserved(session, now()) if unserved and client is None else []
    if client is not None:
        return JSONResponse(model_list(found))
    if not keys.allows(caller.scopes, Scope.ADMIN):  # the reason may name folders of the worker
        broken = [replace(model, problem="cannot be loaded by a worker") for model in broken]
    return [ModelView.model_validate(model) for model in [*found, *broken]]


@router.get("/workers", dependencies=[needs(Scope.ADMIN)])
def list_workers(services: ServicesDep) -> list[WorkerView]:
    """Every worker heard of, and whether it still beats."""
    with services.database.read() as session:
        rows = fleet.workers(session)
    alive_since = now() - counts.HEARTBEAT_LIFE
    return [WorkerView.model_validate({**_columns(row), "alive": row.heartbeat_at > alive_since}) for row in rows]


@router.post("/workers/{worker_id}/drain", status_code=202)
def drain_worker(caller: AdminCaller, services: ServicesDep, worker_id: str) -> WorkerView:
    """Ask a worker to finish up: it hands its jobs back at their checkpoints and takes no more."""
    with services.database.write() as session:
        row = fleet.drain(session, worker_id)
        if row is None:
            raise NotFound("worker")
        audit.note(session, now(), caller.tenant_id, actor=caller.actor, action="worker.drain", subject=worker_id)
        return WorkerView.model_validate({**_columns(row), "alive": row.heartbeat_at > now() - counts.HEARTBEAT_LIFE})


@router.get("/queues")
def list_queues(caller: JobsReader, services: ServicesDep) -> list[QueueView]:
    """How full the queues are, with the caller's own jobs only."""
    with services.database.read() as session:
        return [QueueView(**queue.__dict__) for queue in fleet.queues(session, now(), caller.tenant_id)]


@router.get("/usage")
def usage(caller: AnyCaller, services: ServicesDep) -> UsageView:
    """What the tenant uses now, and its limits."""
    with services.database.read() as session:
        used = quotas.used(session, now(), caller.tenant_id)
    names = ("max_queued", "max_running", "max_bytes", "max_gpu_seconds_per_day", "requests_per_minute")
    return UsageView(**used.__dict__, limits={name: getattr(caller.tenant, name) for name in names})


def _columns(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in WorkerView.model_fields if name != "alive"}
