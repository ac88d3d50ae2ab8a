"""Search over everything that was captioned."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api import paging
from api.auth import JobsReader
from api.deps import ServicesDep
from api.documents.search_documents import search_hit
from api.filters import SearchFilter
from db.documents.answers.base import Page
from db.documents.answers.search import SearchHit
from db.jobs import search

router = APIRouter(prefix="/v1/search", tags=["search"])


@router.get("")
def search_captions(
    caller: JobsReader, services: ServicesDep, wanted: Annotated[SearchFilter, Query()]
) -> Page[SearchHit]:
    """The captions that hold certain words: the newest job's first, in a job from its beginning on."""
    asked = wanted.as_question()
    with services.database.read() as session:
        found = search.find(session, caller.tenant_id, asked, wanted.limit)
    hits = [search_hit(one, asked.query) for one in found]
    return Page(items=hits, next_cursor=paging.next_place(found, wanted.limit))
