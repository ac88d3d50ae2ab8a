"""Judges a result: whether its footprint can be trusted, must be checked, or is none."""

from __future__ import annotations

from collections.abc import Iterator

from db.documents.kinds.datasheet import DatasheetResult, LandPattern, Pad
from db.documents.kinds.datasheet_verdict import FootprintVerdict

CONFIRMED = 0.9  # of a pad; below it no second source confirms its numbers
MOST_NAMED = 12
STATUS = {
    "not_in_document": "the document recommends no land pattern",
    "not_read": "a land pattern is drawn, but it could not be read",
}


def judge(result: DatasheetResult, allow_incomplete: bool) -> FootprintVerdict:
    """The verdict; an incomplete footprint is one only where it was asked for."""
    land, items = result.land_pattern, len(result.needs_review)
    if land is None or not land.pads:
        return FootprintVerdict(state="no_footprint", items=items, reason=_why_none(result)[:2000])
    lacking = [*_lacking(land)]
    if lacking and not allow_incomplete:
        return FootprintVerdict(
            state="no_footprint", items=items, reason=f"incomplete: {'; '.join(lacking)}", lacking=lacking
        )
    if items or lacking or not all(_is_sure(pad) for pad in land.pads):
        first = lacking[0] if lacking else result.needs_review[0].reason if items else "a pad has no second source"
        return FootprintVerdict(state="check", items=max(items, 1), reason=first, lacking=lacking)
    return FootprintVerdict(state="verified")


def _why_none(result: DatasheetResult) -> str:
    """The reader's own reasons about the land pattern, else what its status says."""
    reasons = [review.reason for review in result.needs_review if review.field == "land_pattern"]
    return "; ".join(reasons) or STATUS.get(result.land_pattern_status, "no pad was read")


def _lacking(land: LandPattern) -> Iterator[str]:
    """What a footprint made of these pads would lack."""
    if bare := unmade(land):
        yield named_unmade(bare, land)
    if few := too_few(land):
        yield few


def unmade(land: LandPattern) -> list[Pad]:
    """Pads whose size or hole the document does not state."""
    return [pad for pad in land.pads if not _can_be_made(pad)]


def named_unmade(bare: list[Pad], land: LandPattern) -> str:
    """The pads that cannot be made, by number, with a count of those that are not named."""
    names = ", ".join(pad.number or "without a number" for pad in bare[:MOST_NAMED])
    rest = f" and {len(bare) - MOST_NAMED} more" if len(bare) > MOST_NAMED else ""
    return f"{len(bare)} of {len(land.pads)} pads have no stated size or hole ({names}{rest})"


def too_few(land: LandPattern) -> str | None:
    """How many pins of the part have no pad; None where every one has."""
    numbered = len({pad.number for pad in land.pads if pad.role in ("signal", "thermal")})
    if land.pins is None or numbered >= land.pins:
        return None
    return f"the part has {land.pins} pins, the land pattern was read with {numbered} pads"


def _can_be_made(pad: Pad) -> bool:
    return bool(pad.w and pad.h) or (pad.type != "smd" and pad.drill is not None)


def _is_sure(pad: Pad) -> bool:
    return pad.confidence >= CONFIRMED and bool((pad.w and pad.h) or pad.type == "np_thru_hole")
