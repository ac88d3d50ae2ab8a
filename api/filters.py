"""Which jobs to list, as query parameters."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api import paging
from api.errors import field_problem
from db.documents import search_query
from db.documents.kinds.datasheet_verdict import VerdictState
from db.documents.search_query import BadQuery
from db.jobs.jobs import Filter
from db.jobs.search import SearchQuestion
from db.schema.tables import State

LabelFilter = Annotated[
    str | None, Field(max_length=261, pattern=r"^[A-Za-z0-9_.-]{1,60}:[^\x00]{1,200}$", description="name:value")
]


def label_of(written: str | None) -> tuple[str, str] | None:
    """The name and value of `name:value`."""
    name, _, value = (written or "").partition(":")
    return (name, value) if written is not None else None


class JobFilter(BaseModel):
    """Every filter that is given must fit."""

    model_config = ConfigDict(extra="forbid")

    state: list[State] = []
    kind: Annotated[list[Annotated[str, Field(max_length=60)]], Field(max_length=20)] = []
    verdict: Annotated[list[VerdictState], Field(description="Of datasheets, as they were read")] = []
    model: Annotated[str | None, Field(max_length=200)] = None
    label: LabelFilter = None
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
        return Filter(
            states=self.state,
            kinds=self.kind,
            model=self.model,
            label=label_of(self.label),
            text=self.q,
            created_after=self.created_after,
            created_before=self.created_before,
            retrying=self.retrying,
            parent_id=self.parent_id,
            verdicts=self.verdict,
        )


class SearchFilter(BaseModel):
    """What to look for, and in which jobs; every filter that is given must fit."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[
        str,
        Field(
            min_length=1,
            max_length=400,
            description='Words that must all be in a caption, in any order and case; `"red car"`: one after the other; '
            "`ca*`: words that begin so; `-blue`: captions without it",
            examples=['"red car" driv* -blue'],
        ),
    ]
    job_id: Annotated[UUID | None, Field(description="In this job only")] = None
    label: LabelFilter = None
    created_after: Annotated[AwareDatetime | None, Field(description="Of the job")] = None
    created_before: Annotated[AwareDatetime | None, Field(description="Of the job")] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str | None, Field(max_length=60, description="`next_cursor` of the page before")] = None

    def as_question(self) -> SearchQuestion:
        """The question for the database. Raises a 422 problem."""
        try:
            query = search_query.parse(self.q)
        except BadQuery as error:
            raise field_problem("query.q", str(error)) from error
        jobs = Filter(label=label_of(self.label), created_after=self.created_after, created_before=self.created_before)
        return SearchQuestion(query, jobs, self.job_id, paging.after_place(self.cursor))
