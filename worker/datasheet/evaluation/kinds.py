"""Names the kind of every failure, so that the commonest one is worked on first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from worker.datasheet.result import score

Pad = dict[str, Any]
PAGE, FOREIGN, MISSING, NUMBERS, SIZES, HOLES, PLACES, DENIED, INVENTED, FAILED = (
    "land page not found", "foreign shapes among the pads", "pads missing", "numbers wrong", "sizes wrong or not stated",
    "holes wrong", "positions wrong", "called not in the document, but drawn", "pads where none are drawn", "not read",
)  # fmt: skip
BODY_PAGE, BODY_NONE, BODY_PART, BODY_WRONG = (
    "body from another page", "body not found", "body limits missing", "body values wrong",
)  # fmt: skip


def of_land(truth: dict[str, Any], result: dict[str, Any], tol: float = 0.05) -> str | None:
    """The kind of failure of a land pattern, None for an exact one; pads in mm, frames as in `score`."""
    want, have = ((d.get("land_pattern") or {}).get("pads") or [] for d in (truth, result))
    have = [p for p in have if p.get("role") not in score.UNCOUNTED]
    if not want:
        return INVENTED if have else None
    if not have:
        return DENIED if result.get("land_pattern_status") == "not_in_document" else FAILED
    got = score.score_pads(want, have, tol)
    if got.exact:
        return None
    if (result["land_pattern"].get("page") or 0) not in truth["pages"]["land_pattern"]:
        return PAGE
    if len(have) != len(want):
        return FOREIGN if len(have) > len(want) else MISSING
    if got.f1_position < 1.0:
        return PLACES
    return _of_placed(want, have, tol)


def _of_placed(want: list[Pad], have: list[Pad], tol: float) -> str:
    """All pads stand where they should: what else is wrong with them."""
    if score.score_pads([dict(p, accept_numbers=["*"]) for p in want], have, tol).exact:
        return NUMBERS
    plain = [dict(p, accept_numbers=["*"], drill=None, accept_types=["smd", "thru_hole", "np_thru_hole"]) for p in want]
    return HOLES if score.score_pads(plain, have, tol).exact else SIZES


def of_body(truth: dict[str, Any], result: dict[str, Any]) -> str | None:
    """The kind of failure of the body values, None when every printed limit was read."""
    fields = score.body_fields(truth["body"], result.get("body") or {})
    if all(ok for _, ok in fields):
        return None
    sides = [side for side in (result.get("body") or {}).values() if side.get("status") != "not_stated"]
    if not sides:
        return BODY_NONE
    pages = {side["page"] for side in sides if side.get("page")}
    if pages and not pages & set(truth["pages"]["mechanical"]):
        return BODY_PAGE
    given = {f"{n}.{k}" for n, s in result["body"].items() for k in ("min", "nom", "max") if s.get(k) is not None}
    return BODY_WRONG if any(name in given for name, ok in fields if not ok) else BODY_PART


def confusion(kinds: Iterable[str | None]) -> dict[str, int]:
    """How often each kind occurs, the commonest first."""
    return dict(Counter(k for k in kinds if k is not None).most_common())
