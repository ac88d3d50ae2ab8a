"""An example of any schema: what its fields are called decides what stands in them, and it keeps to the schema."""

from __future__ import annotations

from typing import Any

ID = "01947e2a-7c1b-7d3e-9f50-3b8a6c2d4e1f"
TIME = "2026-11-30T12:00:00Z"
DEEPEST = 7
BY_NAME: dict[str, Any] = {
    "prompt": "Describe each slide.",
    "text": "A green circle enters from the left.",
    "filename": "lecture.mp4",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "weights_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "media_type": "video/mp4",
    "declared_type": "video/mp4",
    "sniffed_type": "video/mp4",
    "url": "https://example.com/lecture.mp4",
    "kind": "video.caption",
    "model": "nano",
    "labels": {"course": "optics"},
    "size_bytes": 48_211_968,
    "detail": "start_ms is after the end of the video (60000 ms)",
    "message": "What do you see?",
    "content": "What do you see?",
    "title": "The second slide",
    "reason": "the video is damaged here",
    "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
    "scopes": ["jobs:read", "jobs:write"],
}
BY_FORMAT = {"uuid": ID, "date-time": TIME, "binary": "bytes"}
SCALARS: dict[str, Any] = {"integer": 1, "number": 1.0, "boolean": True, "null": None, "string": "string"}


def example_of(schema: dict[str, Any], known: dict[str, Any], name: str = "", depth: int = 0) -> Any:
    """A value that a schema takes; `known` are the schemas by name."""
    if "$ref" in schema:
        part = str(schema["$ref"]).rpartition("/")[2]
        return example_of(known.get(part, {}), known, name, depth + 1)
    if schema.get("examples"):
        return schema["examples"][0]
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if "default" in schema and name not in BY_NAME:
        return schema["default"]
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return _chosen(choices, known, name, depth)
    match schema.get("type"):
        case "object":
            return _object(schema, known, name, depth)
        case "array":
            return _array(schema, known, name, depth)
    return _scalar(schema, name)


def _chosen(choices: list[dict[str, Any]], known: dict[str, Any], name: str, depth: int) -> Any:
    """The first choice that is more than null, unless it has become deep."""
    can_be_null = any(choice.get("type") == "null" for choice in choices)
    real = [choice for choice in choices if choice.get("type") != "null"]
    if can_be_null and (depth >= DEEPEST or not real):
        return None
    return example_of(real[0], known, name, depth)


def _object(schema: dict[str, Any], known: dict[str, Any], name: str, depth: int) -> Any:
    fields: dict[str, Any] = schema.get("properties", {})
    if not fields:
        return dict(BY_NAME.get(name, {})) if isinstance(BY_NAME.get(name, {}), dict) else {}
    wanted = schema.get("required", []) if depth >= DEEPEST else list(fields)
    return {one: example_of(fields[one], known, one, depth + 1) for one in wanted if one in fields}


def _array(schema: dict[str, Any], known: dict[str, Any], name: str, depth: int) -> Any:
    if name in BY_NAME and isinstance(BY_NAME[name], list):
        return BY_NAME[name]
    if "prefixItems" in schema:
        return [example_of(item, known, "", depth + 1) for item in schema["prefixItems"]]
    if depth >= DEEPEST and not schema.get("minItems"):
        return []
    return [example_of(schema.get("items", {}), known, name.removesuffix("s"), depth + 1)] * max(
        1, schema.get("minItems", 1)
    )


def _scalar(schema: dict[str, Any], name: str) -> Any:
    kind = schema.get("type")
    if schema.get("format") in BY_FORMAT:
        return BY_FORMAT[schema["format"]]
    named = BY_NAME.get(name)
    if kind in ("integer", "number"):
        least = schema.get("minimum", schema.get("exclusiveMinimum", 0) + (1 if "exclusiveMinimum" in schema else 0))
        most = schema.get("maximum", schema.get("exclusiveMaximum", float("inf")))
        value = named if isinstance(named, int) else max(least, min(1, most))
        return int(value) if kind == "integer" else float(min(value, most))
    if kind == "string":
        return _string(schema, named)
    return SCALARS.get(str(kind), {})


def _string(schema: dict[str, Any], named: Any) -> str:
    if isinstance(named, str) and len(named) <= schema.get("maxLength", len(named)):
        return named
    return "" if schema.get("maxLength") == 0 else str(SCALARS["string"])
