"""The files of a result: the document, the pads drawn over the pages, and footprint and symbol where there are such."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from db.documents.footprint import kicad, overlay, symbol
from db.documents.footprint.overlay import PagePicture
from db.documents.kinds.datasheet import DatasheetResult, Files

DOCUMENT = "footprint.json"
OVERLAY = "overlay.svg"
PAGES = "pages.svg"  # the pages of the document, small; written by the reader alone
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
    drawn = symbol.write(result, symbol_name(result), name if footprint else None)
    kicad_sym = f"{symbol_name(result)}.kicad_sym" if drawn else None
    written = Files(footprint_json=DOCUMENT, kicad_mod=kicad_mod, kicad_sym=kicad_sym, overlay_svg=OVERLAY)
    done = result.model_copy(update={"files": written})
    files = [
        File(DOCUMENT, done.model_dump_json(indent=1), "application/json"),
        File(OVERLAY, overlay.draw(done, pictures), "image/svg+xml"),
    ]
    if footprint and kicad_mod:
        files.append(File(kicad_mod, footprint.text, "text/plain"))
    if drawn and kicad_sym:
        files.append(File(kicad_sym, drawn, "text/plain"))
    return done, files


def symbol_name(result: DatasheetResult) -> str:
    """What the symbol of a part is called, as a file and inside it."""
    return kicad.safe_name(result.package or result.mpn or "symbol")
