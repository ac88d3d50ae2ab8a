"""Workers, queues and models as they stand."""

from __future__ import annotations

from datetime import datetime, timedelta

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from api.dashboard.people import InstallationAdmin, Person, Posted, Viewer
from api.dashboard.rendering import PageRoute, back, page
from api.deps import ServicesDep, now
from api.routes import fleet as routes
from db.jobs import counts, fleet, overview, served
from db.jobs.fleet import QueueState
from db.schema.tables import State

router = APIRouter(route_class=PageRoute, include_in_schema=False, prefix="/fleet")
HOUR = timedelta(hours=1)


@router.get("")
def fleet_page(request: Request, services: ServicesDep, person: Viewer) -> Response:
    """The whole page."""
    return page(request, person, "fleet.html", **_shown(services, person))


@router.get("/now")
def fleet_now(request: Request, services: ServicesDep, person: Viewer) -> Response:
    """Its changing part, for an open page."""
    return page(request, person, "_fleet.html", **_shown(services, person))


@router.post("/workers/{worker_id}/drain")
def drain(request: Request, services: ServicesDep, person: InstallationAdmin, worker_id: str, _: Posted) -> Response:
    """Let a worker finish up."""
    routes.drain_worker(person.caller, services, worker_id)
    return back(request, "/fleet", "draining")


def _shown(services: ServicesDep, person: Person) -> dict[str, object]:
    at = now()
    with services.database.read() as session:
        # Names of machines are the installation's business, numbers are everybody's.
        workers = fleet.workers(session) if person.rules_installation else []
        queues = [_queue(session, at, one) for one in fleet.queues(session, at)]
        models = served.models(session, at)
        broken = served.broken(session, at)
        split = served.split(session, at) if person.rules_installation else []
        alive = counts.alive_workers(session, at)
    found = {"workers": workers, "queues": queues, "models": models, "broken": broken, "split": split, "alive": alive}
    return {**found, "since": at - counts.HEARTBEAT_LIFE}


def _queue(session: Session, at: datetime, one: QueueState) -> dict[str, object]:
    """A queue with how fast it is worked off."""
    done = overview.finished(session, one.name, at - HOUR)
    depth = one.states.get(State.QUEUED.value, 0)
    return {
        "name": one.name,
        "depth": depth,
        "running": sum(one.states.get(state.value, 0) for state in (State.LEASED, State.RUNNING, State.FINALIZING)),
        "retrying": one.states.get(State.RETRY_WAIT.value, 0),
        "oldest_queued_at": one.oldest_queued_at,
        "slots": one.slots,
        "an_hour": done,
        "drain_s": depth / done * HOUR.total_seconds() if done and depth else None,
    }
