"""The OpenAPI document: FastAPI's, and the problem document that every route may answer with."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from api.errors import ProblemDocument

REF = "#/components/schemas/{model}"


class Application(FastAPI):
    """A FastAPI application whose OpenAPI document knows our errors."""

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        if ProblemDocument.__name__ not in schemas:
            problem = ProblemDocument.model_json_schema(ref_template=REF)
            schemas |= {**problem.pop("$defs", {}), ProblemDocument.__name__: problem}
        return document
