"""A request for a chat completion, and the `chat.complete` parameters it means.

What the engine cannot do is refused by name; what changes no answer is taken and dropped. docs/api.md has the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.errors import FieldError, Problem
from db.documents.kinds.base import Sampling
from db.documents.kinds.chat import ChatParams

NEUTRAL: dict[str, tuple[Any, ...]] = {
    "logit_bias": (None, {}),
    "presence_penalty": (None, 0),
    "frequency_penalty": (None, 0),
    "tools": (None, []),
    "tool_choice": (None, "none", "auto"),
    "functions": (None, []),
    "function_call": (None, "none", "auto"),
    "audio": (None,),
    "modalities": (None, ["text"]),
    "web_search_options": (None,),
    "prediction": (None,),
}
"""Fields of OpenAI's that the service does not serve, with the values that ask for nothing."""


class StreamOptions(BaseModel):
    """`include_usage`: a last chunk with the counts of tokens."""

    model_config = ConfigDict(extra="ignore")

    include_usage: bool = False


class JsonSchema(BaseModel):
    """A named JSON schema; `strict` is how every answer is made here."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    name: str = "answer"
    definition: Annotated[dict[str, Any], Field(alias="schema")]


class TextFormat(BaseModel):
    """Free text, the default."""

    type: Literal["text"]


class SchemaFormat(BaseModel):
    """An answer held to a schema."""

    type: Literal["json_schema"]
    json_schema: JsonSchema


class ObjectFormat(BaseModel):
    """Any JSON object."""

    type: Literal["json_object"]


ResponseFormat = Annotated[TextFormat | SchemaFormat | ObjectFormat, Field(discriminator="type")]


class ChatCompletionRequest(BaseModel):
    """What `POST /v1/chat/completions` takes. `top_k` and `repetition_penalty` are those of Qwen's and vLLM's clients."""

    model_config = ConfigDict(extra="forbid")

    model: Annotated[
        str | None, Field(max_length=200, description="A served model; null or `default`: the service's default")
    ] = None
    messages: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=256)]
    max_tokens: Annotated[int | None, Field(ge=1)] = None
    max_completion_tokens: Annotated[int | None, Field(ge=1, description="Today's name of `max_tokens`")] = None
    temperature: Annotated[float | None, Field(description="Unlike OpenAI's, 0 unless given: greedy")] = None
    top_p: float | None = None
    top_k: int | None = None
    repetition_penalty: float | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    response_format: ResponseFormat | None = None
    logprobs: Annotated[bool | None, Field(description="Return the log probability of each token")] = None
    top_logprobs: Annotated[int | None, Field(ge=0, le=20, description="And of so many likeliest")] = None
    n: Annotated[
        int | None, Field(ge=1, le=16, description="So many answers, each a job; above 1 with a `temperature` only")
    ] = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None

    logit_bias: Any = None
    presence_penalty: Any = None
    frequency_penalty: Any = None
    tools: Any = None
    tool_choice: Any = None
    functions: Any = None
    function_call: Any = None
    audio: Any = None
    modalities: Any = None
    web_search_options: Any = None
    prediction: Any = None

    user: Annotated[Any, Field(description="Dropped, like every field below")] = None
    metadata: Any = None
    store: Any = None
    service_tier: Any = None
    safety_identifier: Any = None
    prompt_cache_key: Any = None
    prompt_cache_retention: Any = None
    parallel_tool_calls: Any = None
    reasoning_effort: Any = None
    verbosity: Any = None

    @property
    def answers(self) -> int:
        return self.n or 1

    @property
    def includes_usage(self) -> bool:
        return self.stream_options is not None and self.stream_options.include_usage


def chat_params(request: ChatCompletionRequest) -> ChatParams:
    """The parameters of the job. Raises a 400 problem that names the field."""
    refuse_unserved(request, NEUTRAL)
    params = validated(_document(request))
    if request.answers > 1 and not params.sampling.temperature:
        raise refused("n", "n answers without a temperature above 0 would be n times the same one: give a temperature")
    return params


def refuse_unserved(request: BaseModel, neutral: Mapping[str, tuple[Any, ...]]) -> None:
    """Raise a 400 problem for the first field that asks for something the service does not serve."""
    for name, harmless in neutral.items():
        if getattr(request, name) not in harmless:
            raise refused(name, f"{name} is not supported here: leave it out")


def validated(document: dict[str, Any]) -> ChatParams:
    """The document as parameters of a job. Raises a 400 problem that names the field."""
    try:
        return ChatParams.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        raise refused(".".join(map(str, first["loc"])), first["msg"].removeprefix("Value error, ")) from error


def refused(param: str, detail: str) -> Problem:
    """A request that cannot be served as it is."""
    return Problem(400, "invalid_request", detail, errors=[FieldError(pointer=param, detail=detail)])


def _document(request: ChatCompletionRequest) -> dict[str, Any]:
    sampling = {name: getattr(request, name) for name in Sampling.model_fields if getattr(request, name) is not None}
    limits = {"max_tokens": request.max_completion_tokens or request.max_tokens}
    stops = [request.stop] if isinstance(request.stop, str) else request.stop
    return {
        "messages": [_message(message, number) for number, message in enumerate(request.messages)],
        "model": None if request.model == "default" else request.model,
        "sampling": sampling,
        **{name: value for name, value in limits.items() if value is not None},
        **({"stop": stops} if stops else {}),
        **({"logprobs": request.top_logprobs or 0} if request.logprobs else {}),
        **_schema(request.response_format),
    }


def _message(message: dict[str, Any], number: int) -> dict[str, Any]:
    """A message without what is of no use here. Raises a 400 problem for the turns of tools."""
    if message.get("role") in ("tool", "function") or message.get("tool_calls") or message.get("function_call"):
        raise refused(f"messages.{number}", "tools are not supported: send their results as text of the user")
    role = "system" if message.get("role") == "developer" else message.get("role")
    dropped = ("name", "refusal", "annotations", "tool_calls", "function_call", "audio")
    return {**{name: part for name, part in message.items() if name not in dropped}, "role": role}


def _schema(asked: ResponseFormat | None) -> dict[str, Any]:
    match asked:
        case SchemaFormat():
            return {"response_schema": asked.json_schema.definition}
        case ObjectFormat():
            return {"response_schema": {"type": "object"}}
    return {}
