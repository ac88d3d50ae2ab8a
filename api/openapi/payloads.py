"""What is sent without being asked for: events of a job's stream, and webhooks (OpenAPI 3.1 `webhooks`)."""

from __future__ import annotations

from typing import Any

from db.documents.event_types import EventType

REF = "#/components/schemas/"
HEADERS = {
    "webhook-id": "The same at every attempt: process each once",
    "webhook-timestamp": "Seconds since 1970: refuse what is older than five minutes",
    "webhook-signature": "`v1` (HMAC-SHA256) and `v1a` (ed25519), separated by blanks",
}
MEANINGS: dict[EventType, str] = {
    EventType.JOB_QUEUED: "A job waits for a worker",
    EventType.JOB_STARTED: "A worker has begun a job",
    EventType.JOB_PROGRESS: "A job has come further",
    EventType.CUE_MATCHED: "A caption fits a rule of the job's `alerts`",
    EventType.JOB_SUCCEEDED: "A job has its result",
    EventType.JOB_FAILED: "A job ended without a result; `code` says why",
    EventType.JOB_CANCELED: "A job was canceled",
    EventType.JOB_EXPIRED: "A job waited for too long",
    EventType.ASSET_VERIFIED: "An uploaded file was checked and can be used",
    EventType.ASSET_REJECTED: "An uploaded file was checked and cannot be used",
    EventType.TEST: "Somebody asked for a test of the endpoint",
}
MATCHED = {"seq": 4, "start_ms": 8000, "end_ms": 10_000, "text": "A dog runs across the road."}
CUE = 'event: cue\ndata: {"seq":0,"start_ms":0,"end_ms":2000,"text":"A green circle enters."}\nid: 2.0\n\n'
STREAM: dict[str, tuple[str, str]] = {
    "state": ("EventView", "Something happened to the job"),
    "gap": ("EventView", "A stretch could not be decoded; `data` is a `Gap`"),
    "cue": ("Cue", "A caption"),
    "progress": ("ProgressEvent", "How far the job is"),
    "text": ("TextEvent", "Words that are being decoded, before they become a caption"),
    "end": ("EndEvent", "The last event"),
}
"""Event of a job's stream -> the schema of its data, and what it says."""


def stream_content() -> dict[str, Any]:
    """The media type of a job's stream: what the data of each event is."""
    told = "; ".join(f"`{event}`: {meaning} (`{name}`)" for event, (name, meaning) in STREAM.items())
    schema = {
        "type": "string",
        "description": f"Server-sent events, whose data is JSON. {told}.",
        "x-events": {event: {"$ref": REF + name} for event, (name, _) in STREAM.items()},
    }
    return {"schema": schema, "examples": {"cue": {"summary": "A caption", "value": CUE}}}


def webhooks() -> dict[str, Any]:
    """Every event that an endpoint may be sent."""
    return {event.value: {"post": _operation(event)} for event in EventType}


def _operation(event: EventType) -> dict[str, Any]:
    kind, said = event.value.partition(".")[0], MEANINGS.get(event, event.value)
    schema = {"job": "JobWebhook", "cue": "JobWebhook", "asset": "AssetWebhook"}.get(kind, "TestWebhook")
    return {
        "operationId": "on_" + event.value.replace(".", "_"),
        "tags": ["webhooks"],
        "summary": said,
        "description": f"{said}. Answer with 2xx; anything else is tried again for about three days.",
        "parameters": [
            {"name": name, "in": "header", "required": True, "description": text, "schema": {"type": "string"}}
            for name, text in HEADERS.items()
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "allOf": [{"$ref": REF + schema}, {"properties": {"type": {"const": event.value}}}],
                    },
                    "examples": {"event": {"summary": said, "value": _example(event)}},
                }
            },
        },
        "responses": {"2XX": {"description": "Taken"}, "410": {"description": "Disables the endpoint"}},
    }


def _example(event: EventType) -> dict[str, Any]:
    id_ = "01947e2a-7c1b-7d3e-9f50-3b8a6c2d4e1f"
    data: dict[str, Any] = {"endpoint_id": id_, "message": "This is a test."}
    if event.value.startswith("asset."):
        data = {"asset_id": id_, "state": "ready", "filename": "lecture.mp4", "size_bytes": 48211968}
    if event.value.startswith(("job.", "cue.")):
        state = {"started": "running", "progress": "running", "cue.matched": "running"}
        name = event.value.removeprefix("job.")
        data = {"job_id": id_, "kind": "video.caption", "state": state.get(name, name), "sequence": 3}
        data |= {"labels": {"course": "optics"}, "url": f"/v1/jobs/{id_}"}
        data |= {"rule": "a dog", "cue": MATCHED} if event is EventType.CUE_MATCHED else {}
        data |= {"code": "invalid_media", "message": "not a video file"} if event is EventType.JOB_FAILED else {}
    return {"type": event.value, "timestamp": "2026-11-30T12:00:00Z", "data": data}
