"""What a reading is asked for, and how far it has come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from db.documents.kinds.datasheet_params import DatasheetParams


@dataclass(frozen=True, slots=True)
class ReadingProgress:
    """What has been done so far; `stage` is search, outline, land or done."""

    stage: str
    pages_searched: int = 0
    pages: int = 0
    figures: int = 0
    pads: int = 0


@dataclass(frozen=True, slots=True)
class ReadingRequest:
    """What is asked, without where the bytes come from. Pages are counted from 1."""

    package: str | None = None
    mechanical_page: int | None = None
    land_page: int | None = None
    units: str = "auto"
    reader: str = "vector"

    @classmethod
    def of(cls, params: DatasheetParams) -> ReadingRequest:
        return cls(params.package, params.mechanical_page, params.land_page, params.units, params.reader)


OnProgress = Callable[[ReadingProgress], None]
