"""Talking with a model about pictures and videos. The page speaks with `POST /v1/chat/completions`, as any program does."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from api.dashboard.people import Operator, Person
from api.dashboard.rendering import PageRoute, page
from api.dashboard.views import model_choice
from api.deps import ServicesDep, now
from db.assets import assets
from db.schema.tables import Asset, AssetState

router = APIRouter(route_class=PageRoute, include_in_schema=False, prefix="/chat")
LOOKED_THROUGH = 200
OFFERED = 40
SHOWABLE = ("image/", "video/")


@router.get("")
def chat_page(request: Request, services: ServicesDep, person: Operator) -> Response:
    """The conversation, empty; it lives in the browser, each answer is a job."""
    with services.database.read() as session:
        choice = model_choice.gather(session, now())
        files = _showable(session, person)
    return page(request, person, "chat.html", choice=choice, files=files)


def _showable(session: Session, person: Person) -> list[Asset]:
    """The newest pictures and videos of the tenant."""
    newest = assets.page(session, person.tenant_id, LOOKED_THROUGH)
    fitting = (one for one in newest if one.state is AssetState.READY and (one.sniffed_type or "").startswith(SHOWABLE))
    return [*fitting][:OFFERED]
