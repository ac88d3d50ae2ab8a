"""The application whose OpenAPI document is complete."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from api.openapi.document import complete


class Application(FastAPI):
    """A FastAPI application whose OpenAPI document says all that its readers need."""

    server_url = ""
    """How clients reach the service; empty: as they reached the document."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            complete(super().openapi(), self.server_url)
        document: dict[str, Any] = super().openapi()
        return document
