"""`chat.complete`: a conversation with text, images and videos, answered once; the OpenAI and Qwen content formats."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from .base import Document, Sampling, is_default
from .chat_content import Part
from .video import Provenance


class ChatMessage(Document):
    role: Literal["system", "user", "assistant"]
    content: Annotated[str, Field(max_length=200_000)] | Annotated[list[Part], Field(min_length=1, max_length=64)]

    @model_validator(mode="after")
    def _only_users_show_media(self) -> ChatMessage:
        shown = () if isinstance(self.content, str) else self.content
        if self.role != "user" and any(part.type != "text" for part in shown):
            raise ValueError(f"a {self.role} message holds text only")
        return self


class ChatParams(Document):
    """Request body, stored document and handler argument of a `chat.complete` job."""

    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=256)]
    model: Annotated[
        str | None, Field(max_length=200, description="Name of a served model; null takes the default")
    ] = None
    sampling: Sampling = Sampling()
    max_tokens: Annotated[int, Field(ge=1, le=8192)] = 512
    response_schema: Annotated[
        dict[str, Any] | None,
        Field(description="JSON schema that the answer keeps to; not every engine can", exclude_if=is_default(None)),
    ] = None
    stop: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=200)]],
        Field(
            max_length=4,
            description="Texts that end the answer; they are not part of it",
            exclude_if=is_default([]),
        ),
    ] = []

    logprobs: Annotated[
        int | None,
        Field(
            ge=0,
            le=20,
            description="Return the log probability of each token, and of so many likeliest; not every engine can",
            exclude_if=is_default(None),
        ),
    ] = None

    @model_validator(mode="after")
    def _ends_with_a_question(self) -> ChatParams:
        if self.messages[-1].role != "user":
            raise ValueError("the last message must come from the user")
        return self


class AnswerTimings(Document):
    """What an answer took, counted from the moment the model was asked; null where nothing was said."""

    first_token_s: float | None
    tokens_per_second: Annotated[float | None, Field(description="Of those after the first")]


class TokenChoice(Document):
    """A token that could have stood there."""

    text: str
    logprob: Annotated[float, Field(description="Natural logarithm, before temperature")]


class TokenLogprobs(TokenChoice):
    """A token of the answer, and the likeliest ones in its place."""

    likeliest: list[TokenChoice] = []


class ChatResult(Document):
    """The answer; `length` means that `max_tokens` ended it."""

    text: str
    finish_reason: Literal["stop", "length"]
    prompt_tokens: int
    completion_tokens: int
    provenance: Provenance
    timings: AnswerTimings | None = None
    logprobs: Annotated[
        list[TokenLogprobs] | None, Field(description="Of each token of the text, where they were asked for")
    ] = None
