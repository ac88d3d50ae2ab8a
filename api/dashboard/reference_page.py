"""`/docs`: Swagger UI over our own OpenAPI document, with its files from an installed package instead of a CDN."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from api.dashboard.rendering import bare

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

router = APIRouter(include_in_schema=False)


@router.get("/docs")
def reference(request: Request) -> HTMLResponse:
    """Every operation, to read and to try with a key. Swagger UI styles its elements inline."""
    answer = bare(request, "reference.html")
    answer.headers["Content-Security-Policy"] = POLICY
    return answer
