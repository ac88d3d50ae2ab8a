"""What a client may send to submit work: one request class a kind, told apart by `kind`."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Union
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    TypeAdapter,
    ValidationError,
    create_model,
    model_validator,
)
from pydantic_core import ErrorDetails

from db.documents.event_types import EventType
from db.documents.kinds.base import Document
from db.documents.kinds.registry import KINDS, Kind

Label = Annotated[str, Field(min_length=1, max_length=200)]
LabelName = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9_.-]+$")]
Priority = Annotated[int, Field(ge=-100, le=100, description="Higher is claimed first")]


class Closed(BaseModel):
    """A request body: unknown fields are refused, and so is text that PostgreSQL cannot keep."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _without_nul(cls, value: Any) -> Any:
        if _holds_nul(value):
            raise ValueError("text may not hold NUL characters")
        return value


class WebhookChoice(Closed):
    """Which of the tenant's endpoints hear of this job, and of what; null leaves it to the endpoints."""

    events: list[EventType] | None = None
    endpoint_ids: list[UUID] | None = None


class Envelope(Closed):
    """What every kind of job may be submitted with."""

    labels: Annotated[dict[LabelName, Label], Field(max_length=20)] = {}
    priority: Priority = 0
    webhook: WebhookChoice | None = None
    cache: Annotated[
        Literal["use", "bypass"],
        Field(description="`use`: the same content, parameters and weights give the finished result at once"),
    ] = "use"


class JobRequest(Envelope):
    """A job to be submitted."""

    kind: str
    params: Document


def _holds_nul(value: Any) -> bool:
    match value:
        case str():
            return "\0" in value
        case dict():
            return any(_holds_nul(name) or _holds_nul(part) for name, part in value.items())
        case list():
            return any(_holds_nul(part) for part in value)
    return False


def _request_class(name: str, kind: Kind) -> type[JobRequest]:
    title = "".join(part.title() for part in name.replace(".", "_").split("_")) + "Request"
    fields: dict[str, Any] = {"kind": (Literal[name], ...), "params": (kind.params, ...)}
    return create_model(title, __base__=JobRequest, **fields)


REQUESTS = tuple(_request_class(name, kind) for name, kind in KINDS.items())
AnyJobRequest: Any = Annotated[Union[REQUESTS], Field(discriminator="kind")]  # noqa: UP007 - made at run time
EXAMPLES = {
    name: {"summary": f"Submit a {name} job", "value": {"kind": name, "params": kind.example}}
    for name, kind in KINDS.items()
}


JOB: TypeAdapter[JobRequest] = TypeAdapter(AnyJobRequest)


class BatchRequest(Closed):
    """Several jobs, submitted all or none; or each by itself."""

    jobs: Annotated[list[AnyJobRequest], Field(min_length=1, max_length=1000)]
    on_error: Annotated[
        Literal["refuse", "skip"],
        Field(description="`refuse`: one bad job refuses all; `skip`: the others are taken, and the answer names it"),
    ] = "refuse"
    _refused: dict[int, list[ErrorDetails]] = PrivateAttr(default_factory=dict)

    @property
    def refused(self) -> dict[int, list[ErrorDetails]]:
        """Place in the request -> what is wrong with the job there that does not match its schema."""
        return self._refused

    @property
    def places(self) -> list[int]:
        """Where each of `jobs` stood in the request."""
        return [place for place in range(len(self.jobs) + len(self._refused)) if place not in self._refused]

    @model_validator(mode="wrap")
    @classmethod
    def _each_by_itself(cls, value: Any, validate: ModelWrapValidatorHandler[BatchRequest]) -> BatchRequest:
        jobs = value.get("jobs") if isinstance(value, dict) and value.get("on_error") == "skip" else None
        if not isinstance(jobs, list) or not 1 <= len(jobs) <= 1000:
            return validate(value)
        refused = {place: errors for place, job in enumerate(jobs) if (errors := _objections(job, place))}
        good = [job for place, job in enumerate(jobs) if place not in refused]
        made = validate({**value, "jobs": good} if good else value)
        made._refused = refused
        return made


def _objections(job: Any, place: int) -> list[ErrorDetails]:
    try:
        JOB.validate_python(job)
    except ValidationError as error:
        return [{**one, "loc": ("body", "jobs", place, *one["loc"])} for one in error.errors(include_url=False)]
    return []


class RetryRequest(Closed):
    """How to do a finished job again; changed parameters replace the old ones by name and start from zero."""

    start: Annotated[
        Literal["checkpoint", "zero"] | None,
        Field(description="null: from the checkpoint where there is one and no parameter changes"),
    ] = None
    params: dict[str, Any] | None = None
    priority: Priority | None = None


class UploadRequest(Closed):
    """A file to be uploaded."""

    filename: Annotated[str, Field(min_length=1, max_length=255)]
    media_type: Annotated[
        str,
        Field(max_length=120, pattern=r"^[\w.+-]+/[\w.+-]+(;.*)?$", description="A hint: the first bytes decide"),
    ] = "application/octet-stream"
    size_bytes: Annotated[int, Field(ge=1, lt=2**62)]
    sha256: Annotated[
        str | None, Field(pattern="^[0-9a-f]{64}$", description="Checked; a file already here is not sent again")
    ] = None


class PartsRequest(Closed):
    """Which parts to get addresses for."""

    numbers: Annotated[list[Annotated[int, Field(ge=1, le=10_000)]], Field(min_length=1, max_length=50)]
