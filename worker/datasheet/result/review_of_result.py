"""Says what a person should look at in a finished result: what nothing confirms, and where readers or a model differ.

Beside `review`, which writes the reasons of the vector reader, and without the reader: a worker reads no document itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from db.documents.kinds.datasheet import DatasheetResult, Disagreement, Review
from worker.datasheet.thresholds.result import CLEAR

_ONLY_MODEL = Review(field="land_pattern", reason="only the model read a land pattern; no printed number was checked")


def of_confidence(result: DatasheetResult) -> list[Review]:
    """What nothing but one printed number stands for, or less."""
    sides = ((name, getattr(result.body, name)) for name in ("length", "width", "height"))
    found = [
        Review(field=f"body.{name}", reason=f"no second source confirms {value.printed}")
        for name, value in sides if value.status != "not_stated" and value.confidence < CLEAR
    ]  # fmt: skip
    pads = result.land_pattern.pads if result.land_pattern else []
    unsure = [p for p in pads if p.confidence < CLEAR]
    if unsure:
        reason = f"no second source confirms all numbers of {len(unsure)} of {len(pads)} pads"
        found.append(Review(field="land_pattern.pads", reason=reason))
    return found


def of_readers(differences: Iterable[Disagreement], only_model: bool) -> list[Review]:
    """Where two readers disagree, and a land pattern that only the model read."""
    found = [Review(field=d.field, reason=f"the readers disagree: {d.vector} and {d.vlm}") for d in differences]
    return found + ([_ONLY_MODEL] if only_model else [])


def of_count(counted: int, placed: int) -> list[Review]:
    """A model that places another number of pads than it counted."""
    if counted == placed:
        return []
    reason = f"the model counted {counted} pads and then placed {placed}"
    return [Review(field="land_pattern.pads", reason=reason)]
