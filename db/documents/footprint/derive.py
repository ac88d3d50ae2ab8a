"""Puts into a result what follows from its values, whether a reader read them or a person corrected them."""

from __future__ import annotations

from db.documents.footprint import checks, courtyard, ipc7351, names, packages, padstacks, patterns, verdict
from db.documents.kinds.datasheet import DatasheetResult, Level


def derive(result: DatasheetResult, level: Level, allow_incomplete: bool = False) -> DatasheetResult:
    """The result with its padstacks, checks, verdict, the land patterns by IPC-7351B and the courtyard of the level."""
    land = padstacks.stack(result.land_pattern) if result.land_pattern else None
    checked = checks.look(result.model_copy(update={"land_pattern": land}))
    pads = land.pads if land else []
    excess = ipc7351.excess("balls" if packages.has_balls(checked) else packages.goals_of(checked), level)
    return checked.model_copy(
        update={
            "verdict": verdict.judge(checked, allow_incomplete),
            "ipc": patterns.patterns(checked),
            "ipc_name": names.name_of(checked, level),
            "courtyard": courtyard.courtyard(pads, courtyard.body_rect(checked), excess),
        }
    )
