"""What a reading is asked for, how far it has come, and what it brings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from db.documents.footprint.overlay import PagePicture
from db.documents.kinds.datasheet import DatasheetResult
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
        """What a job's parameters ask of the reader."""
        return cls(params.package, params.mechanical_page, params.land_page, params.units, params.reader)


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """What reading one document may take: processor seconds, and address space in bytes."""

    cpu_s: int = 120
    memory_bytes: int = 3 << 30


@dataclass(frozen=True, slots=True)
class DocumentReading:
    """What the vector reader found, the pages it or another reader needs, rendered and as text, and all pages small."""

    result: DatasheetResult
    pictures: dict[int, PagePicture]
    texts: dict[int, str]
    thumbnails: tuple[PagePicture, ...] = ()


def pages_shown(result: DatasheetResult, request: ReadingRequest) -> list[int]:
    """The outline's page and the land pattern's, which another reader looks at too: those asked for, else those found."""
    asked = ((request.mechanical_page, result.mechanical_pages), (request.land_page, result.land_pages))
    return list(dict.fromkeys(n for page, found in asked for n in ([page] if page else found[:1]))) or [1]


OnProgress = Callable[[ReadingProgress], None]
