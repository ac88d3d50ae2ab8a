"""A caption that was found."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field


class SnippetPart(BaseModel):
    """A piece of a caption's text."""

    text: str
    hit: Annotated[bool, Field(description="Whether this was looked for")]


class SearchHit(BaseModel):
    """A caption that fits, and where in which video it is."""

    job_id: UUID
    seq: Annotated[int, Field(description="The cue's number in its job")]
    start_ms: int
    end_ms: int
    text: str
    snippet: Annotated[list[SnippetPart], Field(description="What to show of the text; together its pieces are it")]
    labels: dict[str, str]
    created_at: Annotated[datetime, Field(description="When the job was submitted")]
    links: dict[str, str]
