"""How to ask any engine for a JSON document: by its schema where the engine can be held to one, else in words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from db.failures import Failure
from worker.engine.protocol import Answer, ChatRequest, Engine, OnText
from worker.errors import Permanent

Model = TypeVar("Model", bound=BaseModel)
MAX_SHOWN = 300


def ask(
    engine: Engine,
    messages: Sequence[dict[str, Any]],
    kind: type[Model],
    max_tokens: int,
    on_text: OnText | None = None,
) -> Model:
    """The engine's answer as a document of `kind`; what the schema cannot say is checked by pydantic afterwards.

    Engines without constrained decoding are asked in words. Raises Permanent(INTERNAL) when the answer is no such document.
    """
    schema = kind.model_json_schema()
    if engine.info.structured:
        request = ChatRequest(messages, max_tokens, schema=schema)
    else:
        request = ChatRequest([*messages, _wanted(schema)], max_tokens)
    return _document(engine.chat(request, on_text), kind)


def _wanted(schema: dict[str, Any]) -> dict[str, Any]:
    text = "Answer with one JSON object of this schema and nothing else:\n" + json.dumps(schema, separators=(",", ":"))
    return {"role": "user", "content": text}


def _document(answer: Answer, kind: type[Model]) -> Model:
    text = answer.text[answer.text.find("{") : answer.text.rfind("}") + 1]
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        cut = ", cut off at the token limit" if answer.finish_reason == "length" else ""
        what = f"the model's answer is not {kind.__name__}{cut}: {answer.text[:MAX_SHOWN]!r}"
        raise Permanent(Failure.INTERNAL, what) from error
