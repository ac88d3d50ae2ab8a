"""A request for a response, OpenAI's newer form of a conversation, and the `chat.complete` parameters it means."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api.routes.openai.request import refuse_unserved, refused, validated
from db.documents.kinds.chat import ChatParams

NEUTRAL: dict[str, tuple[Any, ...]] = {
    "tools": (None, []),
    "tool_choice": (None, "none", "auto"),
    "previous_response_id": (None,),
    "conversation": (None,),
    "background": (None, False),
    "include": (None, []),
    "top_logprobs": (None, 0),
    "prompt": (None,),
    "truncation": (None, "disabled"),
}
"""Fields of OpenAI's that the service does not serve, with the values that ask for nothing."""


class ResponseRequest(BaseModel):
    """What `POST /v1/responses` takes."""

    model_config = ConfigDict(extra="forbid")

    model: Annotated[
        str | None, Field(max_length=200, description="A served model; null or `default`: the service's default")
    ] = None
    input: str | Annotated[list[dict[str, Any]], Field(min_length=1, max_length=256)]
    instructions: str | None = None
    max_output_tokens: Annotated[int | None, Field(ge=1)] = None
    temperature: Annotated[float | None, Field(description="Unlike OpenAI's, 0 unless given: greedy")] = None
    top_p: float | None = None
    text: dict[str, Any] | None = None
    stream: bool | None = None

    tools: Any = None
    tool_choice: Any = None
    previous_response_id: Any = None
    conversation: Any = None
    background: Any = None
    include: Any = None
    top_logprobs: Any = None
    prompt: Any = None
    truncation: Any = None

    user: Annotated[Any, Field(description="Dropped, like every field below")] = None
    metadata: Any = None
    store: Any = None
    stream_options: Any = None
    service_tier: Any = None
    safety_identifier: Any = None
    prompt_cache_key: Any = None
    prompt_cache_retention: Any = None
    parallel_tool_calls: Any = None
    max_tool_calls: Any = None
    reasoning: Any = None


def response_params(request: ResponseRequest) -> ChatParams:
    """The parameters of the job. Raises a 400 problem that names the field."""
    refuse_unserved(request, NEUTRAL)
    items = [{"role": "user", "content": request.input}] if isinstance(request.input, str) else request.input
    told = [{"role": "system", "content": request.instructions}] if request.instructions else []
    sampling = {"temperature": request.temperature, "top_p": request.top_p}
    return validated(
        {
            "messages": [*told, *(_message(item, number) for number, item in enumerate(items))],
            "model": None if request.model == "default" else request.model,
            "sampling": {name: value for name, value in sampling.items() if value is not None},
            **({} if request.max_output_tokens is None else {"max_tokens": request.max_output_tokens}),
            **_schema(request.text),
        }
    )


def echoed(request: ResponseRequest) -> dict[str, Any]:
    """What a response repeats of its request."""
    return {
        "instructions": request.instructions,
        "max_output_tokens": request.max_output_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "text": request.text or {"format": {"type": "text"}},
        "metadata": request.metadata or {},
    }


def _message(item: dict[str, Any], number: int) -> dict[str, Any]:
    if item.get("type", "message") != "message":
        raise refused(f"input.{number}", f"an item of type {item['type']!r} is not supported: send messages")
    role = "system" if item.get("role") == "developer" else item.get("role")
    content = item.get("content")
    if isinstance(content, list):
        content = [_part(part, f"input.{number}.content.{index}") for index, part in enumerate(content)]
    return {"role": role, "content": content}


def _part(part: Any, place: str) -> dict[str, Any]:
    match part:
        case {"type": "input_text" | "output_text", "text": text}:
            return {"type": "text", "text": text}
        case {"type": "input_image", "image_url": str(url)}:
            return {"type": "image_url", "image_url": url}
        case {"type": "input_video" | "video_url", "video_url": video}:
            return {"type": "video_url", "video_url": video}
    raise refused(place, "parts may be input_text, input_image with an image_url, and input_video with a video_url")


def _schema(text: dict[str, Any] | None) -> dict[str, Any]:
    match (text or {}).get("format"):
        case None | {"type": "text"}:
            return {}
        case {"type": "json_schema", "schema": dict(schema)}:
            return {"response_schema": schema}
        case {"type": "json_object"}:
            return {"response_schema": {"type": "object"}}
    raise refused("text.format", "the format may be text, json_object, or json_schema with a schema")
