"""Puts into a result what follows from its values, whether a reader read them or a person corrected them."""

from __future__ import annotations

from db.footprint import checks, courtyard, ipc7351, padstacks
from db.kinds.datasheet import DatasheetResult, Level


def derive(result: DatasheetResult, level: Level) -> DatasheetResult:
    """The result with its padstacks, checks, the land patterns by IPC-7351B and the courtyard of the density level."""
    land = padstacks.stack(result.land_pattern) if result.land_pattern else None
    checked = checks.look(result.model_copy(update={"land_pattern": land}))
    pads = land.pads if land else []
    return checked.model_copy(
        update={
            "ipc": ipc7351.patterns(checked),
            "ipc_name": ipc7351.name_of(checked, level),
            "courtyard": courtyard.courtyard(pads, courtyard.body_rect(checked), level),
        }
    )
