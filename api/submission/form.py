"""A job as a form with files: what `curl -F` sends, made into the JSON body that it stands for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.responses import Response
from starlette.types import Message

from api.auth import BEARER, Caller, as_writer
from api.deps import Services, now
from api.errors import field_problem
from api.guard import FORM
from api.submission.received import PIECE_BYTES, Named, receive_all

MAX_FILES, MAX_FIELDS, MAX_FIELD_BYTES = 64, 32, 1 << 20
PLACES = {"video.caption": "video", "datasheet.extract": "document"}
"""Kind -> the parameter that a file called `file` is."""
SHOWN = ("image", "video")
AS_JSON = ("params", "labels", "priority", "webhook")
FORM_BODY = {
    "requestBody": {
        "content": {
            FORM: {
                "schema": {
                    "type": "object",
                    "required": ["kind"],
                    "properties": {
                        "kind": {"type": "string", "description": "As in the JSON body"},
                        "params": {"type": "string", "description": "As in the JSON body, written as JSON"},
                        "labels": {"type": "string", "description": "As in the JSON body, written as JSON"},
                        "priority": {"type": "string", "description": "As in the JSON body"},
                        "webhook": {"type": "string", "description": "As in the JSON body, written as JSON"},
                        "cache": {"type": "string", "description": "As in the JSON body"},
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "The video, or the document; `image` and `video` are shown in a chat's last message",
                        },
                    },
                    "additionalProperties": {
                        "type": "string",
                        "format": "binary",
                        "description": "A file under the name of the parameter that it is",
                    },
                }
            }
        }
    }
}


class FormRoute(APIRoute):
    """A route that takes its JSON body as a form, too; each file of the form becomes an asset."""

    def get_route_handler(self) -> Any:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            if is_form(request):
                request = await _as_json(request)
            found: Response = await handle(request)
            return found

        return answer


def is_form(request: Request) -> bool:
    """Whether the body is a form with files."""
    return request.headers.get("content-type", "").split(";")[0].strip().lower() == FORM


async def _as_json(request: Request) -> Request:
    """The request with the JSON body that its form means. Raises 401 and 403 before any of the form is read."""
    services: Services = request.app.state.services
    given: HTTPAuthorizationCredentials | None = await BEARER(request)
    writer = await as_writer(request, services, given)
    async with request.form(max_files=MAX_FILES, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD_BYTES) as form:
        document = await run_in_threadpool(_document, services, writer, form)
    data = json.dumps(document).encode()

    async def receive() -> Message:
        return {"type": "http.request", "body": data, "more_body": False}

    headers = Headers(request.headers).mutablecopy()
    headers["content-type"], headers["content-length"] = "application/json", str(len(data))
    return Request({**request.scope, "headers": headers.raw}, receive)


def _document(services: Services, writer: Caller, form: FormData) -> dict[str, Any]:
    fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    document: dict[str, Any] = {"params": {}, **fields}
    document |= {name: _parsed(name, fields[name]) for name in AS_JSON if name in fields}
    if not isinstance(document["params"], dict):
        raise field_problem("/params", "the parameters are one JSON object")
    for name, file in form.multi_items():
        if isinstance(file, UploadFile):
            named = Named((file.filename or "").replace("\0", ""), file.content_type or "application/octet-stream")
            asset = receive_all(services, writer, now(), named, _pieces(file), f"/{name}")
            _place(document, name, {"asset_id": str(asset.id)})
    return document


def _place(document: dict[str, Any], name: str, media: dict[str, str]) -> None:
    """Put a file where it belongs: a parameter of the job, or a part of a chat's last message before its words."""
    params, kind = document["params"], document.get("kind", "")
    if kind != "chat.complete":
        params[PLACES.get(kind, name) if name == "file" else name] = media
        return
    messages = params.get("messages")
    if name not in SHOWN or not isinstance(messages, list) or not messages or not isinstance(messages[-1], dict):
        raise field_problem(
            f"/{name}", "files of a chat are called image or video, and params has messages to show them in"
        )
    content = messages[-1].get("content", [])
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
    shown = sum(1 for part in parts if isinstance(part, dict) and part.get("type") != "text")
    messages[-1] = {**messages[-1], "content": [*parts[:shown], {"type": name, name: media}, *parts[shown:]]}


def _parsed(name: str, written: str) -> Any:
    try:
        return json.loads(written)
    except ValueError as error:
        raise field_problem(f"/{name}", f"this is not JSON: {error}") from error


def _pieces(file: UploadFile) -> Iterator[bytes]:
    while piece := file.file.read(PIECE_BYTES):
        yield piece
