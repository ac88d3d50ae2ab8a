"""Which jobs to list, as query parameters."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from db.documents.kinds.datasheet_verdict import VerdictState
from db.jobs.jobs import Filter
from db.schema.tables import State


class JobFilter(BaseModel):
    """Every filter that is given must fit."""

    model_config = ConfigDict(extra="forbid")

    state: list[State] = []
    kind: Annotated[list[Annotated[str, Field(max_length=60)]], Field(max_length=20)] = []
    verdict: Annotated[list[VerdictState], Field(description="Of datasheets, as they were read")] = []
    model: Annotated[str | None, Field(max_length=200)] = None
    label: Annotated[
        str | None, Field(max_length=261, pattern=r"^[A-Za-z0-9_.-]{1,60}:[^\x00]{1,200}$", description="name:value")
    ] = None
    q: Annotated[
        str | None,
        Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$", description="Text in cues or failure messages"),
    ] = None
    created_after: AwareDatetime | None = None
    created_before: AwareDatetime | None = None
    retrying: bool | None = None
    parent_id: UUID | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str | None, Field(max_length=60, description="`next_cursor` of the page before")] = None

    def as_filter(self) -> Filter:
        """The question for the database."""
        name, _, value = (self.label or "").partition(":")
        return Filter(
            states=self.state,
            kinds=self.kind,
            model=self.model,
            label=(name, value) if self.label is not None else None,
            text=self.q,
            created_after=self.created_after,
            created_before=self.created_before,
            retrying=self.retrying,
            parent_id=self.parent_id,
            verdicts=self.verdict,
        )
