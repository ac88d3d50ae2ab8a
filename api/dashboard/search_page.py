"""Search over all captions: each hit leads to its video at that second."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from api import paging
from api.dashboard.people import Viewer
from api.dashboard.rendering import PageRoute, page
from api.dashboard.views.summaries import title
from api.deps import ServicesDep
from api.documents.search_documents import search_hit
from api.filters import label_of
from db.documents import search_query
from db.documents.search_query import BadQuery
from db.jobs import overview, search
from db.jobs.jobs import Filter
from db.jobs.search import SearchQuestion

router = APIRouter(route_class=PageRoute, include_in_schema=False)
HITS = 50


class SearchForm(BaseModel):
    """The search as it stands in the address; an unknown field is ignored, so that old bookmarks work."""

    model_config = ConfigDict(extra="ignore")

    q: Annotated[str, Field(max_length=400)] = ""
    label: Annotated[str, Field(max_length=261)] = ""
    cursor: Annotated[str | None, Field(max_length=60)] = None

    def address(self, cursor: str | None) -> str | None:
        """This search from a cursor on."""
        given = {"q": self.q, "label": self.label, "cursor": cursor}
        return f"/search?{urlencode({name: value for name, value in given.items() if value})}" if cursor else None

    def question(self) -> SearchQuestion | None:
        """The question for the database; None before anything was typed. Raises BadQuery, and a 422 problem."""
        if not self.q.strip():
            return None
        label = label_of(self.label) if ":" in self.label else None
        jobs = Filter(label=label)
        return SearchQuestion(
            search_query.parse(self.q.replace("\x00", "")), jobs, after=paging.after_place(self.cursor)
        )


@router.get("/search")
def search_page(
    request: Request, services: ServicesDep, person: Viewer, wanted: Annotated[SearchForm, Query()]
) -> Response:
    """The form and what was found."""
    try:
        asked, complaint = wanted.question(), None
    except BadQuery as error:
        asked, complaint = None, str(error)
    if asked is None:
        return page(request, person, "search.html", wanted=wanted, hits=None, older=None, complaint=complaint)
    with services.database.read() as session:
        found = search.find(session, person.tenant_id, asked, HITS)
        named = overview.filenames(session, {one.job.asset_id for one in found if one.job.asset_id is not None})
    hits = [(title(one.job, named), search_hit(one, asked.query)) for one in found]
    older = wanted.address(paging.next_place(found, HITS))
    return page(request, person, "search.html", wanted=wanted, hits=hits, older=older, complaint=None)
