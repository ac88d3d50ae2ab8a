"""The `chat.complete` handler: fetch what the messages show, ask the model, return its answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, assert_never

from db.documents.kinds.chat import ChatMessage, ChatParams, ChatResult, TokenChoice, TokenLogprobs
from db.documents.kinds.chat_content import ImagePart, ImageUrlPart, TextPart, VideoPart, VideoUrlPart
from worker.chat.said import Said
from worker.context import Context
from worker.engine.protocol import ChatRequest, TokenLogprob
from worker.provenance import provenance


def complete_chat(params: ChatParams, job: Context) -> ChatResult:
    """Answer a conversation; the words go live to `job.text` as they are decoded.

    Raises Permanent for media that cannot be read and conversations that do not fit, Transient from the engine.
    """
    said = Said(job.text, params.stop)
    messages, stops = _messages(params, job), tuple(params.stop)
    request = ChatRequest(messages, params.max_tokens, params.sampling, params.response_schema, stops, params.logprobs)
    answer = job.engine.chat(request, said)
    text = said.cut(answer.text)
    is_cut_off = answer.finish_reason == "length" and text == answer.text
    return ChatResult(
        text=text,
        finish_reason="length" if is_cut_off else "stop",
        prompt_tokens=answer.prompt_tokens,
        completion_tokens=answer.completion_tokens,
        provenance=provenance(job.engine.info, params.sampling.seed),
        timings=said.timings(answer.completion_tokens),
        logprobs=None if answer.logprobs is None else _logprobs(answer.logprobs, len(text)),
    )


def _logprobs(tokens: Sequence[TokenLogprob], characters: int) -> list[TokenLogprobs]:
    """The chances of the tokens that a text of so many characters begins in."""
    chances: list[TokenLogprobs] = []
    at = 0
    for token in tokens:
        if at >= characters:
            break
        at += len(token.text)
        likeliest = [TokenChoice(text=other, logprob=logprob) for other, logprob in token.likeliest]
        chances.append(TokenLogprobs(text=token.text, logprob=token.logprob, likeliest=likeliest))
    return chances


def _messages(params: ChatParams, job: Context) -> list[dict[str, Any]]:
    """The messages as the engine takes them, their media read."""
    contents = [_content(message) for message in params.messages]
    messages: list[dict[str, Any]] = [
        {"role": message.role, "content": content} for message, content in zip(params.messages, contents, strict=True)
    ]
    shown = [part for content in contents for part in content if part["type"] != "text"]
    for number, part in enumerate(shown):
        job.beat(0, None, f"reading picture or video {number + 1} of {len(shown)}")
        part.update(_read(part.pop("asked"), job))
    return messages


def _content(message: ChatMessage) -> list[dict[str, Any]]:
    """The parts of a message in the engine's form; pictures and videos wait to be read."""
    if isinstance(message.content, str):
        return [{"type": "text", "text": message.content}]
    return [
        {"type": "text", "text": part.text}
        if isinstance(part, TextPart)
        else {"type": part.type.removesuffix("_url"), "asked": part}
        for part in message.content
    ]


def _read(part: ImagePart | ImageUrlPart | VideoPart | VideoUrlPart, job: Context) -> dict[str, Any]:
    """What an engine is shown of a picture or a video."""
    from worker.chat.shown import shown_image, shown_video

    match part:
        case ImagePart():
            return shown_image(part.image, part, job)
        case ImageUrlPart():
            return shown_image(part.image_url, part, job)
        case VideoPart():
            return shown_video(part.video, part, job)
        case VideoUrlPart():
            return shown_video(part.video_url, part, job)
        case _:
            assert_never(part)
