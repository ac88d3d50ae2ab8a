"""The endpoint of the Model Context Protocol (streamable HTTP)."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.types import Receive, Scope, Send

from api.auth import KeyHolder

router = APIRouter(include_in_schema=False)


class HandedOver(Response):
    """An answer that somebody else writes."""

    def __init__(self, manager: StreamableHTTPSessionManager) -> None:
        super().__init__()
        self._manager = manager

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._manager.handle_request(scope, receive, send)


@router.api_route("/mcp", methods=["GET", "POST", "DELETE"])
async def mcp(request: Request, _: KeyHolder) -> Response:
    """Model Context Protocol: tools for language models. Each call of a tool counts as a request of the API."""
    return HandedOver(request.app.state.mcp)
