"""What a datasheet job comes to: a footprint to trust, one to check, or none."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from .base import Document

VerdictState = Literal["verified", "check", "no_footprint"]
STATES: tuple[VerdictState, ...] = get_args(VerdictState)
EXIT_CODES: dict[str, int] = {"verified": 0, "check": 3, "no_footprint": 4}  # of the commands; 1 and 2 are errors
Reason = Annotated[str, Field(max_length=2000)]


class FootprintVerdict(Document):
    """`verified`: every number has a second source and nothing is open; `check`: a person should look at `items` first."""

    state: VerdictState
    items: Annotated[int, Field(ge=0, description="How many entries `needs_review` has")] = 0
    reason: Reason = Field("", description="Why there is no footprint, or what to look at first")
    lacking: list[Reason] = Field([], description="What the footprint lacks; not empty: it is incomplete")


def line(verdict: dict[str, Any]) -> str:
    """The verdict in one line, from its document as JSON."""
    state, items, reason = str(verdict["state"]).replace("_", " "), verdict["items"], verdict["reason"]
    counted = f" {items} item{'' if items == 1 else 's'}" if verdict["state"] == "check" else ""
    return f"{state}{counted}{f': {reason}' if reason else ''}"


def exit_code(result: dict[str, Any]) -> int:
    """What a command ends with after it has shown this result; one of an old version has no verdict and is to check."""
    made: VerdictState = "check" if (result.get("files") or {}).get("kicad_mod") else "no_footprint"
    return EXIT_CODES[(result.get("verdict") or {"state": made})["state"]]


def of_result(result: dict[str, Any] | None) -> dict[str, Any] | None:
    """The verdict in a job's result as JSON; None where there is none, as for the other kinds."""
    return result.get("verdict") if result else None
