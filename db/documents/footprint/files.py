"""The files of a result: the document, the pads drawn over the pages, and the footprint where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from db.documents.footprint import kicad, overlay
from db.documents.footprint.overlay import PagePicture
from db.documents.kinds.datasheet import DatasheetResult, Files

DOCUMENT = "footprint.json"
OVERLAY = "overlay.svg"
INCOMPLETE = "_INCOMPLETE"  # ends the name of a footprint that lacks pads or sizes


@dataclass(frozen=True, slots=True)
class File:
    """A file's name, text and media type."""

    name: str
    text: str
    media_type: str


def write(result: DatasheetResult, pictures: Sequence[PagePicture]) -> tuple[DatasheetResult, list[File]]:
    """The result, which now names its files, and the files."""
    verdict = result.verdict
    name = kicad.safe_name(result.package or result.mpn or "footprint") + (
        INCOMPLETE if verdict and verdict.lacking else ""
    )
    refused = verdict is not None and verdict.state == "no_footprint"
    footprint = None if refused else kicad.write(result, name)
    kicad_mod = f"{name}.kicad_mod" if footprint else None
    done = result.model_copy(update={"files": Files(footprint_json=DOCUMENT, kicad_mod=kicad_mod, overlay_svg=OVERLAY)})
    files = [
        File(DOCUMENT, done.model_dump_json(indent=1), "application/json"),
        File(OVERLAY, overlay.draw(done, pictures), "image/svg+xml"),
    ]
    if footprint and kicad_mod:
        files.append(File(kicad_mod, footprint.text, "text/plain"))
    return done, files
