"""`GET /openapi.json` against the stored copy of release 0.1.0: clients of that release find everything as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from db.documents.kinds.base import MediaInput
from db.documents.kinds.live import VideoInput
from db.documents.kinds.registry import KINDS
from tests.api.running_app import RunningApp

STORED = Path(__file__).with_name("openapi_0_1_0.json")
TEXTS = {"description", "summary", "title"}  # for people: may be put better
SCHEMAS = "#/components/schemas/"
WIDER = [(f"{SCHEMAS}MediaInput", f"{SCHEMAS}VideoInput")]  # the second takes what the first takes, and more


def bare(part: Any) -> Any:
    """A part of the document without its texts; properties that are called like a text stay."""
    if isinstance(part, list):
        return [bare(item) for item in part]
    if not isinstance(part, dict):
        return part
    return {key: bare(value) for key, value in part.items() if key not in TEXTS or not isinstance(value, str)}


def lost(old: Any, new: Any, where: str = "") -> list[str]:
    """What of `old` is missing or different in `new`. Additions are fine, and so is what takes the old and more."""
    if isinstance(new, dict) and "anyOf" in new and "anyOf" not in old:
        return [] if any(lost(old, one, where) == [] for one in new["anyOf"]) else [f"{where}: {old!r} is gone"]
    if isinstance(old, dict) and isinstance(new, dict):
        gone = [f"{where}/{key} is gone" for key in old if key not in new]
        return gone + [line for key in old if key in new for line in lost(old[key], new[key], f"{where}/{key}")]
    if isinstance(old, list) and isinstance(new, list):
        return [f"{where}: {item!r} is gone" for item in old if not any(lost(item, other) == [] for other in new)]
    return [] if old == new or (old, new) in WIDER else [f"{where}: {old!r} became {new!r}"]


def test_only_additions_to_the_public_interface(here: RunningApp) -> None:
    document = bare(here.client.get("/openapi.json").json())
    stored = json.loads(STORED.read_text())
    document["info"]["version"] = stored["info"]["version"]
    assert lost(stored, document) == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, 0),
        ({"a": 1}, {"b": 2}, 1),
        ({"enum": ["x", "y"]}, {"enum": ["y", "z", "x"]}, 0),
        ({"enum": ["x", "y"]}, {"enum": ["y"]}, 1),
        ({"type": "string"}, {"type": "integer"}, 1),
        ({"type": "string"}, {"anyOf": [{"type": "string"}, {"type": "integer"}]}, 0),
        ({"type": "string"}, {"anyOf": [{"type": "boolean"}, {"type": "integer"}]}, 1),
        ({"anyOf": [{"type": "string"}]}, {"anyOf": [{"type": "string", "maxLength": 9}, {"type": "null"}]}, 0),
    ],
)
def test_what_counts_as_lost(old: dict[str, Any], new: dict[str, Any], found: int) -> None:
    assert len(lost(old, new)) == found


@pytest.mark.parametrize(
    "given",
    [
        {"asset_id": "01a22d00-0000-7000-8000-000000000000"},
        {"url": "http://example.com/a.mp4"},
        {"url": "https://example.com/a.mp4?x=1"},
        {"s3": {"bucket": "archive", "key": "a.mp4"}},
        {"base64": "AAAA"},
    ],
)
def test_a_video_is_still_given_as_any_media_is(given: dict[str, Any]) -> None:
    assert VideoInput.model_validate(given).model_dump() == MediaInput.model_validate(given).model_dump()


@pytest.mark.parametrize("kind", KINDS)
def test_a_job_that_asks_for_nothing_new_is_stored_as_workers_of_0_1_0_know_it(kind: str) -> None:
    """In a rolling upgrade they refuse a job whose parameters have a field that they do not know."""
    params = KINDS[kind].params
    known = json.loads(STORED.read_text())["components"]["schemas"][params.__name__]["properties"]
    stored = params.model_validate(KINDS[kind].example).model_dump(mode="json")
    assert stored.keys() - known.keys() == set()
    assert params.model_validate(stored) == params.model_validate(KINDS[kind].example)
