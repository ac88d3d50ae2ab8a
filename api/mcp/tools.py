"""The tools: what each is for, what it takes, and the request of our own API that it stands for."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal
from uuid import UUID

from mcp_types import Tool, ToolAnnotations
from pydantic import BaseModel, ConfigDict, Field

MOST_WAIT_S = 60
PARAMS = (
    'By kind. video.caption: {"video": {"url": "https://..."}, "prompt": "..."}, mostly also fps, start_ms, end_ms, '
    'chapters. datasheet.extract: {"document": {"url": "https://..."}, "package": "SOIC-8"}. chat.complete: '
    '{"messages": [{"role": "user", "content": [{"type": "image", "image": {"url": "https://..."}}, '
    '{"type": "text", "text": "..."}]}]}. In place of a url: {"asset_id": "..."} of an uploaded file, or {"base64": "..."}.'
)


@dataclass(frozen=True)
class ApiRequest:
    """A request of our own API."""

    method: str
    path: str
    query: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SubmitArguments(_Arguments):
    kind: Literal["video.caption", "datasheet.extract", "chat.complete"]
    params: Annotated[dict[str, Any], Field(description=PARAMS)]
    labels: Annotated[dict[str, str], Field(description="Names and values by which to find the job again")] = {}
    wait_s: Annotated[int, Field(ge=0, le=MOST_WAIT_S, description="Wait so long for its end")] = 0


class JobArguments(_Arguments):
    job_id: Annotated[UUID, Field(description="As `submit` or `search` gave it")]


class CuesArguments(JobArguments):
    after_seq: Annotated[int, Field(ge=-1, description="The greatest seq seen so far; -1 for the beginning")] = -1
    limit: Annotated[int, Field(ge=1, le=500)] = 100


class SearchArguments(_Arguments):
    q: Annotated[
        str,
        Field(
            min_length=1,
            max_length=400,
            description='Words that are all in a caption; "a phrase"; car* for beginnings; -blue for captions without',
        ),
    ]
    job_id: Annotated[UUID | None, Field(description="In this job only")] = None
    label: Annotated[str | None, Field(description="In jobs with this label, name:value")] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: Annotated[str | None, Field(description="next_cursor of the page before")] = None


@dataclass(frozen=True)
class DoorTool:
    """A tool: its words, its arguments, the request it makes, and what of the answer it gives."""

    name: str
    title: str
    description: str
    arguments: type[BaseModel]
    request: Callable[[Any], ApiRequest]
    answer: Callable[[Any], dict[str, Any]]
    changes: bool = False

    def declared(self) -> Tool:
        """The tool as it is listed."""
        hints = ToolAnnotations(
            title=self.title, read_only_hint=not self.changes, destructive_hint=False, open_world_hint=self.changes
        )
        return Tool(
            name=self.name,
            title=self.title,
            description=self.description,
            input_schema=self.arguments.model_json_schema(),
            annotations=hints,
        )


def _submit(given: SubmitArguments) -> ApiRequest:
    headers = {"Prefer": f"wait={given.wait_s}"} if given.wait_s else {}
    return ApiRequest("POST", "/v1/jobs", body=given.model_dump(exclude={"wait_s"}), headers=headers)


def _status(given: JobArguments) -> ApiRequest:
    return ApiRequest("GET", f"/v1/jobs/{given.job_id}")


def _cues(given: CuesArguments) -> ApiRequest:
    query = {"after": given.after_seq, "limit": given.limit}
    return ApiRequest("GET", f"/v1/jobs/{given.job_id}/captions.json", query)


def _search(given: SearchArguments) -> ApiRequest:
    return ApiRequest("GET", "/v1/search", given.model_dump(mode="json", exclude_none=True))


def _job(job: dict[str, Any]) -> dict[str, Any]:
    """What there is to know of a job, without what its owner sent."""
    names = ("id", "kind", "state", "progress", "estimate", "failure", "verdict", "labels", "result", "links")
    return {name: job[name] for name in names if job.get(name) is not None}


def _cues_of(captions: dict[str, Any]) -> dict[str, Any]:
    return {name: captions[name] for name in ("state", "done_ms", "cues", "gaps")}


def _footprint(job: dict[str, Any]) -> dict[str, Any]:
    """The result of a datasheet: each value with its printed text, page and box."""
    if job["kind"] != "datasheet.extract":
        raise ValueError(f"job {job['id']} is a {job['kind']}: give the job of a datasheet.extract")
    if job["result"] is None:
        failure = json.dumps(job["failure"]) if job["failure"] else "ask again when it has succeeded"
        raise ValueError(f"job {job['id']} is {job['state']} and has no footprint: {failure}")
    return {"verdict": job["verdict"], "footprint": job["result"], "files": job["links"]["files"]}


def _whole(answer: dict[str, Any]) -> dict[str, Any]:
    return answer


TOOLS = (
    DoorTool(
        "submit",
        "Submit a job",
        "Caption a video of any length, read a datasheet's footprint, or ask about images and videos. Gives the job at "
        "once; its work goes on by itself. Then `status`, `cues_since` or `footprint`.",
        SubmitArguments,
        _submit,
        _job,
        changes=True,
    ),
    DoorTool(
        "status",
        "State of a job",
        "How far a job is, its result when it has succeeded, and why when it has failed.",
        JobArguments,
        _status,
        _job,
    ),
    DoorTool(
        "cues_since",
        "New captions",
        "Captions of a video.caption job after a given one, with their times; also while the job runs. Ask again with the "
        "last seq until the state is an end state and none come.",
        CuesArguments,
        _cues,
        _cues_of,
    ),
    DoorTool(
        "search",
        "Search captions",
        "Find what was seen in any captioned video: captions with their job and time, the newest job's first.",
        SearchArguments,
        _search,
        _whole,
    ),
    DoorTool(
        "footprint",
        "Footprint with evidence",
        "The footprint read from a datasheet: pads, body, checks, a verdict, and for each value the printed text, the page "
        "and the box it was read from. Values that a review names want a person's look.",
        JobArguments,
        _status,
        _footprint,
    ),
)
