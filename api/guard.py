"""What every request body and every answer is subject to: a size limit, and headers that keep browsers careful."""

from __future__ import annotations

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import Problem, response
from api.settings import ApiSettings

UPLOAD = re.compile(r"/v1/uploads/[^/]+")
ASSET = re.compile(r"/v1/assets/[^/]+")
FORM = "multipart/form-data"
FORM_FIELDS_BYTES = 32 << 20  # besides the file: the other fields, and what stands between them
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


class BodyLimit:
    """Refuses a body larger than the setting, by its Content-Length or as soon as it has grown too large."""

    def __init__(self, app: ASGIApp, settings: ApiSettings) -> None:
        self.app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self._limit(scope)
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isascii() and declared.isdigit() and int(declared) > limit:
            await response(_too_large(limit), scope["state"].get("request_id"))(scope, receive, send)
            return
        received = 0

        async def receive_counting() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise _too_large(limit)
            return message

        await self.app(scope, receive_counting, send)

    def _limit(self, scope: Scope) -> int:
        """What a request may hold: pieces of an upload, a file in one request, or a document."""
        method, path = scope["method"], scope["path"]
        if method == "PATCH" and UPLOAD.fullmatch(path):
            return self._settings.max_upload_bytes
        is_form = Headers(scope=scope).get("content-type", "").lower().startswith(FORM)
        if (method == "PUT" and ASSET.fullmatch(path)) or (method == "POST" and path == "/v1/jobs" and is_form):
            return self._settings.max_file_bytes + FORM_FIELDS_BYTES
        return self._settings.max_body_bytes


class CarefulHeaders:
    """Adds security headers to answers that do not set their own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def _too_large(limit: int) -> Problem:
    return Problem(413, "body_too_large", f"the body is larger than {limit} bytes", headers={"Connection": "close"})
