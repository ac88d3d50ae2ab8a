"""Answers in the form of chat completions: whole, or in chunks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from api.errors import Problem
from api.routes.openai.documents import counted, data_line, error_document
from api.routes.openai.work import ChatJob
from db.documents.kinds.chat import ChatResult, TokenChoice


class CompletionWriter:
    """Writes the answer to one request; all parts share its id, time and model."""

    def __init__(self, asked: ChatJob, includes_usage: bool = False) -> None:
        self._asked, self._includes_usage = asked, includes_usage

    def whole(self, result: ChatResult) -> dict[str, Any]:
        """The answer at once."""
        message = {"role": "assistant", "content": result.text, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": logprobs(result), "finish_reason": result.finish_reason}
        return {**self._head("chat.completion"), "choices": [choice], **counted(result), "usage": usage(result)}

    def begin(self) -> Iterator[str]:
        yield self._chunk({"role": "assistant", "content": ""})

    def piece(self, text: str) -> str:
        return self._chunk({"content": text})

    def end(self, result: ChatResult) -> Iterator[str]:
        """The reason of the end, the counts where they were asked for, and the mark of the end."""
        yield self._chunk({}, result.finish_reason, logprobs(result))
        if self._includes_usage:
            head = self._head("chat.completion.chunk")
            yield data_line({**head, "choices": [], **counted(result), "usage": usage(result)})
        yield "data: [DONE]\n\n"

    def failed(self, problem: Problem) -> str:
        return data_line(error_document(problem))

    def _chunk(
        self, delta: dict[str, Any], finish_reason: str | None = None, told: dict[str, Any] | None = None
    ) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": told, "finish_reason": finish_reason}
        return data_line({**self._head("chat.completion.chunk"), "choices": [choice]})

    def _head(self, kind: str) -> dict[str, Any]:
        asked = self._asked
        return {"id": f"chatcmpl-{asked.id}", "object": kind, "created": asked.created, "model": asked.model}


def logprobs(result: ChatResult) -> dict[str, Any] | None:
    """The chances of the answer's tokens; a stream tells them with its end."""
    if result.logprobs is None:
        return None
    content = [{**_choice(one), "top_logprobs": [_choice(other) for other in one.likeliest]} for one in result.logprobs]
    return {"content": content, "refusal": None}


def _choice(token: TokenChoice) -> dict[str, Any]:
    """A token that is part of a character has no bytes of its own here."""
    whole = list(token.text.encode()) if "\ufffd" not in token.text else None
    return {"token": token.text, "logprob": token.logprob, "bytes": whole}


def usage(result: ChatResult) -> dict[str, int]:
    """Tokens in the names of chat completions."""
    return {
        "prompt_tokens": result.prompt_tokens,
        "completion_tokens": result.completion_tokens,
        "total_tokens": result.prompt_tokens + result.completion_tokens,
    }
