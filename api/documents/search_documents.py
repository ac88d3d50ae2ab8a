"""Hits of a search as their readers see them."""

from __future__ import annotations

from api.documents.schemas import links_of
from db.documents.answers.search import SearchHit, SnippetPart
from db.documents.search_query import SearchQuery, snippet
from db.jobs.search import FoundCue


def search_hit(found: FoundCue, query: SearchQuery) -> SearchHit:
    """A caption, what to show of it, and the way to its video."""
    cue, job = found.cue, found.job
    return SearchHit(
        job_id=job.id,
        seq=cue.seq,
        start_ms=cue.start_ms,
        end_ms=cue.end_ms,
        text=cue.text,
        snippet=[SnippetPart(text=text, hit=hit) for text, hit in snippet(cue.text, query)],
        labels=job.labels,
        created_at=job.created_at,
        links=links_of(job.id),
    )
