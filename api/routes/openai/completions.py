"""Answers in the form of chat completions: whole, or in chunks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from api.errors import Problem
from api.routes.openai.documents import counted, data_line, error_document
from api.routes.openai.work import ChatJob
from db.documents.kinds.chat import ChatResult, TokenChoice


class CompletionWriter:
    """Writes the answer to one request; all parts share its id, time and model."""

    def __init__(self, asked: Sequence[ChatJob], includes_usage: bool = False) -> None:
        self._asked, self._includes_usage = asked, includes_usage

    def whole(self, results: Sequence[ChatResult]) -> dict[str, Any]:
        """The answers at once."""
        choices = [_choice(number, result) for number, result in enumerate(results)]
        counts = {**counted(results[0]), "usage": usage(results)}
        return {**self._head("chat.completion"), "choices": choices, **counts}

    def begin(self) -> Iterator[str]:
        for number, _ in enumerate(self._asked):
            yield self._chunk(number, {"role": "assistant", "content": ""})

    def piece(self, number: int, text: str) -> str:
        return self._chunk(number, {"content": text})

    def last(self, number: int, result: ChatResult) -> Iterator[str]:
        """The reason of an answer's end."""
        yield self._chunk(number, {}, result.finish_reason, logprobs(result))

    def end(self, results: Sequence[ChatResult]) -> Iterator[str]:
        """The counts where they were asked for, and the mark of the end."""
        if self._includes_usage:
            head = self._head("chat.completion.chunk")
            yield data_line({**head, "choices": [], **counted(results[0]), "usage": usage(results)})
        yield "data: [DONE]\n\n"

    def failed(self, problem: Problem) -> str:
        return data_line(error_document(problem))

    def _chunk(
        self,
        number: int,
        delta: dict[str, Any],
        finish_reason: str | None = None,
        logprobs: dict[str, Any] | None = None,
    ) -> str:
        choice = {"index": number, "delta": delta, "logprobs": logprobs, "finish_reason": finish_reason}
        return data_line({**self._head("chat.completion.chunk"), "choices": [choice]})

    def _head(self, kind: str) -> dict[str, Any]:
        asked = self._asked[0]
        return {"id": f"chatcmpl-{asked.id}", "object": kind, "created": asked.created, "model": asked.model}


def _choice(number: int, result: ChatResult) -> dict[str, Any]:
    message = {"role": "assistant", "content": result.text, "refusal": None}
    return {
        "index": number,
        "message": message,
        "logprobs": logprobs(result),
        "finish_reason": result.finish_reason,
    }


def logprobs(result: ChatResult) -> dict[str, Any] | None:
    """The chances of the answer's tokens; a stream tells them with its end."""
    if result.logprobs is None:
        return None
    content = [{**_token(one), "top_logprobs": [_token(other) for other in one.likeliest]} for one in result.logprobs]
    return {"content": content, "refusal": None}


def _token(token: TokenChoice) -> dict[str, Any]:
    """A token that is part of a character has no bytes of its own here."""
    whole = list(token.text.encode()) if "\ufffd" not in token.text else None
    return {"token": token.text, "logprob": token.logprob, "bytes": whole}


def usage(results: Sequence[ChatResult]) -> dict[str, int]:
    """Tokens in the names of chat completions; the question counts once, however many answers it has."""
    asked, said = results[0].prompt_tokens, sum(result.completion_tokens for result in results)
    return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}
