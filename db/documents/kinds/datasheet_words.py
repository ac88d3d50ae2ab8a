"""What a datasheet's result says, in a few lines a person reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from . import datasheet_verdict

MOST_REVIEWS = 8
MOST_PACKAGES = 8
CONFIRMED = 0.9


def lines(result: dict[str, Any]) -> Iterator[str]:
    """FootprintVerdict, body, pads, how many rules and equations hold, and what to review; `result` is the document as JSON."""
    if result.get("verdict"):
        yield f"verdict {datasheet_verdict.line(result['verdict'])}"
    body = " x ".join(_value(result["body"][side]) for side in ("length", "width", "height"))
    yield f"body    {body} mm (length x width x height)"
    yield f"pads    {_pads(result)}"
    if pins := result.get("pins"):
        confirmed = sum(pin["confidence"] >= CONFIRMED for pin in pins)
        yield f"pins    {len(pins)}, of them {confirmed} confirmed by a table and a figure"
    if result.get("ipc_name"):
        yield f"name    {result['ipc_name']} (IPC-7351B)"
    held = [one["passed"] for one in result.get("checks", [])], [one["held"] for one in result.get("equations", [])]
    if any(held):
        yield f"checks  {sum(held[0])} of {len(held[0])} rules and {sum(held[1])} of {len(held[1])} equations hold"
    reviews = result["needs_review"]
    yield from (f"review  {entry['field']}: {entry['reason']}" for entry in reviews[:MOST_REVIEWS])
    if len(reviews) > MOST_REVIEWS:
        yield f"and {len(reviews) - MOST_REVIEWS} more to review"


def _value(value: dict[str, Any]) -> str:
    limits = [value[name] for name in ("min", "nom", "max")]
    if all(limit is None for limit in limits):
        return "not stated"
    if limits[0] is None and limits[2] is None:
        return f"{limits[1]:g}"
    return "/".join("-" if limit is None else f"{limit:g}" for limit in limits)


def _pads(result: dict[str, Any]) -> str:
    land = result["land_pattern"]
    if land is None:
        return str(result["land_pattern_status"]).replace("_", " ")
    sizes = Counter(_size(pad) for pad in land["pads"])
    return f"{len(land['pads'])} ({', '.join(f'{count} {size}' for size, count in sizes.items())})"


def _size(pad: dict[str, Any]) -> str:
    size = "size not stated" if pad["w"] is None or pad["h"] is None else f"{pad['w']:g} x {pad['h']:g} mm"
    drill = f", hole {' x '.join(f'{mm:g}' for mm in sorted(set(pad['drill'])))} mm" if pad["drill"] else ""
    return f"{pad['shape']} {size}{drill}"


def wrong_package(asked: str | None, seen: list[str]) -> str:
    """Why a job for a package that no drawing names fails."""
    names = ", ".join(seen[:MOST_PACKAGES])
    return f"no drawing names the package {asked!r}; the document has: {names}"
