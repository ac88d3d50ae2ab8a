"""A pin of a part: its number, name and electrical type."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .base import Document
from .datasheet_evidence import Confidence, Evidence, Name

PinType = Literal[
    "input", "output", "bidirectional", "tri_state", "passive", "power_in", "power_out", "open_collector", "no_connect",
    "unspecified",
]  # fmt: skip


class Pin(Document):
    """One pin as the document's tables and figures of pins have it; types are KiCad's electrical types."""

    number: Name = Field(description="As printed, a ball such as A1 too; EP: an exposed pad without a number")
    name: Name
    type: PinType = "unspecified"
    type_printed: Name = Field("", description="What the document says of its type")
    sources: list[Literal["table", "figure"]] = []
    confidence: Confidence = Field(0.0, description="0.9 and more: a table and a figure say the same")
    evidence: list[Evidence] = []
