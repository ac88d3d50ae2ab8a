"""What all forms of OpenAI's interface have in common: models, errors, server-sent events."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from starlette.responses import JSONResponse

from api.errors import Problem
from db.documents.kinds.chat import ChatResult
from db.jobs.served import ServedModel

KINDS_OF_ERROR = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


def counted(result: ChatResult) -> dict[str, Any]:
    """What an answer took and which weights gave it; the tokens go by other names in each form."""
    timings = result.timings.model_dump(mode="json") if result.timings is not None else None
    return {"timings": timings, "system_fingerprint": result.provenance.weights_sha256[:12]}


def data_line(document: dict[str, Any]) -> str:
    """A document as the data of a server-sent event, which it ends."""
    return f"data: {json.dumps(document, ensure_ascii=False, separators=(',', ':'))}\n\n"


def model_list(models: Iterable[ServedModel]) -> dict[str, Any]:
    """The served models."""
    return {"object": "list", "data": [model_document(one.name) for one in models]}


def model_document(name: str) -> dict[str, Any]:
    """A served model; when it was made is not known here."""
    return {"id": name, "object": "model", "created": 0, "owned_by": "bm3-vl"}


def error_document(problem: Problem) -> dict[str, Any]:
    """A problem in OpenAI's form. Its own code is kept, for it says more."""
    said = "; ".join(f"{one.pointer}: {one.detail}" for one in problem.errors if one.detail != problem.detail)
    kind = KINDS_OF_ERROR.get(problem.status, "server_error" if problem.status >= 500 else "invalid_request_error")
    param = problem.errors[0].pointer.removeprefix("/params").strip("/").replace("/", ".") if problem.errors else None
    message = f"{problem.detail} ({said})" if said else problem.detail
    return {"error": {"message": message, "type": kind, "param": param, "code": problem.code}}


def error_response(problem: Problem) -> JSONResponse:
    """A problem as programs for OpenAI's read it: bad requests are 400, never 422."""
    status = 404 if problem.code == "unknown_model" else 400 if problem.status == 422 else problem.status
    return JSONResponse(error_document(problem), status, problem.headers)
