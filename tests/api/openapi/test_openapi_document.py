"""`GET /openapi.json` says all that its readers need: texts, examples, results, events, webhooks, and what helps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from db.documents.answers.failures import Failure
from db.documents.event_types import EventType
from db.documents.kinds.registry import KINDS
from tests.api.running_app import RunningApp

METHODS = ("get", "put", "post", "delete", "head", "patch")


@pytest.fixture
def document(here: RunningApp) -> dict[str, Any]:
    found: dict[str, Any] = here.client.get("/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in METHODS:
                yield f"{method} {path}", operation


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    bodies = {"request": operation.get("requestBody", {}), **operation["responses"]}
    for name, body in bodies.items():
        for media_type, content in body.get("content", {}).items():
            yield f"{name} {media_type}", content


@pytest.mark.slow
def test_every_field_and_parameter_says_what_it_is(document: dict[str, Any]) -> None:
    lacking = [
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field, part in schema.get("properties", {}).items()
        if not part.get("description")
    ]
    lacking += [
        f"{name}: {parameter['name']}"
        for name, operation in operations(document)
        for parameter in operation.get("parameters", [])
        if not parameter.get("description")
    ]
    lacking += [name for name, schema in document["components"]["schemas"].items() if not schema.get("description")]
    assert lacking == []


def test_every_operation_has_examples_that_its_schemas_take(document: dict[str, Any]) -> None:
    wrong = []
    for name, operation in operations(document):
        assert operation.get("description") or operation.get("summary"), name
        for place, content in contents(operation):
            values = [one["value"] for one in content.get("examples", {}).values()]
            if not values:
                wrong.append(f"{name} {place}: no example")
            if "json" not in place:
                continue
            checker = jsonschema.Draft202012Validator(
                {**content.get("schema", {}), "components": document["components"]}
            )
            wrong += [
                f"{name} {place}: {error.json_path} {error.message[:200]}"
                for value in values
                for error in checker.iter_errors(value)
            ]
    assert wrong == []


def test_tags_and_servers_are_explained(document: dict[str, Any]) -> None:
    tags = {tag["name"]: tag["description"] for tag in document["tags"]}
    used = {tag for _, operation in operations(document) for tag in operation["tags"]}
    assert used <= tags.keys()
    assert document["servers"][0]["url"] == "/"


def test_results_are_typed(document: dict[str, Any]) -> None:
    choices = document["components"]["schemas"]["JobView"]["properties"]["result"]["anyOf"]
    named = {choice["$ref"].rpartition("/")[2] for choice in choices if "$ref" in choice}
    assert named == {kind.result.__name__ for kind in KINDS.values()}
    assert document["components"]["schemas"]["Pad"]["properties"]["x"]["description"]


def test_every_event_is_a_webhook_with_an_example_that_its_schema_takes(document: dict[str, Any]) -> None:
    assert document["webhooks"].keys() == {event.value for event in EventType}
    for name, item in document["webhooks"].items():
        content = item["post"]["requestBody"]["content"]["application/json"]
        example = content["examples"]["event"]["value"]
        assert example["type"] == name
        assert item["post"]["summary"] != name
        jsonschema.validate(example, {**content["schema"], "components": document["components"]})


def test_the_events_of_a_stream_are_typed(document: dict[str, Any]) -> None:
    content = document["paths"]["/v1/jobs/{job_id}/events"]["get"]["responses"]["200"]["content"]["text/event-stream"]
    named = {event: part["$ref"].rpartition("/")[2] for event, part in content["schema"]["x-events"].items()}
    assert named.keys() == {"state", "gap", "cue", "progress", "text", "end"}
    assert set(named.values()) <= document["components"]["schemas"].keys()


def test_every_failure_says_what_it_means_and_what_helps(document: dict[str, Any]) -> None:
    told = document["components"]["schemas"]["Failure"]["x-failures"]
    assert told.keys() == {code.value for code in Failure}
    assert all(one["meaning"] and one["remedy"] for one in told.values())
