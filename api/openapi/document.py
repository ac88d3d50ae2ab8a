"""Completes FastAPI's document: results, events and webhooks as schemas, a text for every name, an example for every body."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.documents.webhook_payloads import AssetWebhook, JobWebhook, TestWebhook
from api.errors import ProblemDocument
from api.openapi.examples import example_of
from api.openapi.payloads import stream_content, webhooks
from api.openapi.places import PAGE, PARAMETERS, SCHEMAS, TAGS
from api.openapi.spoken import SPOKEN
from api.openapi.texts import FIELDS, FIELDS_OF, UNSERVED
from db.documents.answers.events import EndEvent, ProgressEvent, TextEvent
from db.documents.answers.failure_help import HELP
from db.documents.answers.jobs import EventView
from db.documents.kinds.registry import KINDS
from db.documents.kinds.video import Cue, Gap
from db.failures import RETRYABLE

REF = "#/components/schemas/{model}"
METHODS = frozenset({"get", "put", "post", "delete", "head", "patch"})
OPENAI_FORMS = frozenset({"ChatCompletionRequest", "ResponseRequest"})
SENT: tuple[type[BaseModel], ...] = (
    ProblemDocument,
    *(kind.result for kind in KINDS.values()),
    *(Cue, Gap, EventView, ProgressEvent, TextEvent, EndEvent),
    *(JobWebhook, AssetWebhook, TestWebhook),
)
"""What is sent, besides what the routes' own signatures say."""


def complete(document: dict[str, Any], server: str) -> None:
    """Add what is missing, in place; what FastAPI says stays."""
    schemas: dict[str, Any] = document.setdefault("components", {}).setdefault("schemas", {})
    _, sent = models_json_schema([(model, "serialization") for model in SENT], ref_template=REF)
    for name, schema in sent.get("$defs", {}).items():
        schemas.setdefault(name, schema)
    _type_results(schemas)
    _explain_failures(schemas)
    for name, schema in schemas.items():
        _explain(name, schema)
    document["servers"] = [{"url": server or "/", "description": "This service"}]
    document["tags"] = [{"name": name, "description": text} for name, text in TAGS.items()]
    for operation in operations(document):
        _complete_operation(operation, schemas)
    document["webhooks"] = webhooks()


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every operation of the paths."""
    for path in document["paths"].values():
        yield from (operation for method, operation in path.items() if method in METHODS)


def _type_results(schemas: dict[str, Any]) -> None:
    """A job's result is one of its kinds'; older releases may have written others."""
    results = [{"$ref": REF.format(model=kind.result.__name__)} for kind in KINDS.values()]
    field = schemas["JobView"]["properties"]["result"]
    field["anyOf"] = [*results, *field["anyOf"]]


def _explain_failures(schemas: dict[str, Any]) -> None:
    lines = [f"- `{code}`: {meaning}. {remedy}." for code, (meaning, remedy) in HELP.items()]
    schemas["Failure"]["description"] = "Why a job ended without a result.\n\n" + "\n".join(lines)
    schemas["Failure"]["x-failures"] = {
        code.value: {"meaning": meaning, "remedy": remedy, "retryable": code in RETRYABLE}
        for code, (meaning, remedy) in HELP.items()
    }


def _explain(name: str, schema: dict[str, Any]) -> None:
    text = SCHEMAS.get(name) or (PAGE if name.startswith("Page_") else None)
    if text is not None:
        schema.setdefault("description", text)
    for field, part in schema.get("properties", {}).items():
        said = FIELDS_OF.get(f"{name}.{field}") or FIELDS.get(field)
        said = said or (UNSERVED if name in OPENAI_FORMS else None)
        if said is not None:
            part.setdefault("description", said)


def _complete_operation(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", []):
        if text := PARAMETERS.get(parameter["name"]):
            parameter.setdefault("description", text)
    name = operation["operationId"]
    if name == "job_events":
        operation["responses"]["200"]["content"]["text/event-stream"] |= stream_content()
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    spoken = SPOKEN.get(name, {})
    for number, body in enumerate(bodies):
        for media_type, content in body.get("content", {}).items():
            if "example" in content or "examples" in content:
                continue
            value = spoken.get(("request" if number == 0 else "response", media_type))
            if value is None:
                value = example_of(content.get("schema", {}), schemas)
            content["examples"] = {"example": {"value": value}}
