"""Answers in the form of responses: whole, or as the events that lead to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from api.errors import Problem
from api.routes.openai.documents import counted, data_line, error_document
from api.routes.openai.work import ChatJob
from db.documents.kinds.chat import ChatResult


class ResponseWriter:
    """Writes the answer to one request; `echoed` are the fields that a response repeats of it."""

    def __init__(self, asked: ChatJob, echoed: dict[str, Any]) -> None:
        self._asked, self._echoed = asked, echoed
        self._events = 0

    def whole(self, results: Sequence[ChatResult]) -> dict[str, Any]:
        """The answer at once; there is one."""
        (result,) = results
        cut_off = result.finish_reason == "length"
        return {
            **self._document("incomplete" if cut_off else "completed"),
            "incomplete_details": {"reason": "max_output_tokens"} if cut_off else None,
            "output": [self._item(result.text, "incomplete" if cut_off else "completed")],
            "usage": usage(result),
            **counted(result),
        }

    def begin(self) -> Iterator[str]:
        yield self._event("response.created", response=self._document("in_progress"))
        yield self._event("response.in_progress", response=self._document("in_progress"))
        item = {**self._item("", "in_progress"), "content": []}
        yield self._event("response.output_item.added", output_index=0, item=item)
        yield self._event("response.content_part.added", **self._place, part=_part(""))

    def piece(self, _: int, text: str) -> str:
        return self._event("response.output_text.delta", **self._place, delta=text, logprobs=[])

    def last(self, _: int, result: ChatResult) -> Iterator[str]:
        """Everything that was begun is closed, and the whole answer follows."""
        whole = self.whole([result])
        yield self._event("response.output_text.done", **self._place, text=result.text, logprobs=[])
        yield self._event("response.content_part.done", **self._place, part=_part(result.text))
        yield self._event("response.output_item.done", output_index=0, item=whole["output"][0])
        yield self._event(f"response.{whole['status']}", response=whole)

    def end(self, _: Sequence[ChatResult]) -> Iterator[str]:
        """Nothing follows the whole answer."""
        yield from ()

    def failed(self, problem: Problem) -> str:
        error = error_document(problem)["error"]
        told = {"code": error["code"], "message": error["message"]}
        return self._event("response.failed", response={**self._document("failed"), "error": told})

    @property
    def _place(self) -> dict[str, Any]:
        return {"item_id": f"msg_{self._asked.id}", "output_index": 0, "content_index": 0}

    def _event(self, kind: str, **fields: Any) -> str:
        document = {"type": kind, "sequence_number": self._events, **fields}
        self._events += 1
        return f"event: {kind}\n{data_line(document)}"

    def _item(self, text: str, status: str) -> dict[str, Any]:
        content = [_part(text)]
        return {
            "id": f"msg_{self._asked.id}",
            "type": "message",
            "status": status,
            "role": "assistant",
            "content": content,
        }

    def _document(self, status: str) -> dict[str, Any]:
        return {
            "id": f"resp_{self._asked.id}",
            "object": "response",
            "created_at": self._asked.created,
            "model": self._asked.model,
            "status": status,
            "error": None,
            "incomplete_details": None,
            "output": [],
            "parallel_tool_calls": False,
            "tool_choice": "none",
            "tools": [],
            **self._echoed,
        }


def usage(result: ChatResult) -> dict[str, Any]:
    """Tokens in the names of responses."""
    return {
        "input_tokens": result.prompt_tokens,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": result.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": result.prompt_tokens + result.completion_tokens,
    }


def _part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
