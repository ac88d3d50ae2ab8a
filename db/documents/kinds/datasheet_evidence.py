"""Where a number or a name stands in a document."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .base import Document

Page = Annotated[int, Field(ge=1, le=100_000, description="Counted from 1")]
Confidence = Annotated[float, Field(ge=0, le=1)]
Text = Annotated[str, Field(max_length=2000)]
Name = Annotated[str, Field(max_length=200)]


class Evidence(Document):
    """Where a number stands: 1-based page and box in points from the top left corner of the page as seen."""

    page: Page
    box: tuple[float, float, float, float]
    printed: Text = ""
    source: Literal["text", "ocr", "table", "geometry"] = "text"
