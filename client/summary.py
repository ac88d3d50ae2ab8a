"""What a finished job found, in a few lines a person reads: the whole document is one `--json` away."""

from __future__ import annotations

from typing import Any

from client.show import clock

MOST_REVIEWS = 8


def summary(job: dict[str, Any]) -> list[str]:
    """Lines for the result of a job; none without one."""
    result = job["result"]
    if result is None:
        return []
    if job["kind"] == "video.caption":
        return _video(result)
    if job["kind"] == "datasheet.extract":
        return _datasheet(result)
    return [str(result["text"])]


def without_footprint(job: dict[str, Any]) -> str:
    """Why a datasheet job left no footprint file."""
    status = job["result"]["land_pattern_status"]
    if status == "not_in_document":
        return "no footprint: the document recommends no land pattern"
    if status == "not_read":
        return "no footprint: the land pattern could not be read"
    return "no footprint: a pad's size or hole is not stated in the document"


def _video(result: dict[str, Any]) -> list[str]:
    lines = [f"{result['cues']} captions in {clock(result['duration_ms'])} of video"]
    lines += [f"gap at {clock(gap['start_ms'])}: {gap['reason']}" for gap in result["gaps"]]
    lines += [f"{clock(chapter['start_ms'])}  {chapter['title']}" for chapter in result["chapters"]]
    return lines + ([result["summary"]] if result["summary"] else [])


def _datasheet(result: dict[str, Any]) -> list[str]:
    body = " x ".join(_value(result["body"][side]) for side in ("length", "width", "height"))
    reviews = result["needs_review"]
    lines = [f"body  {body} mm (length x width x height)", f"pads  {_pads(result)}"]
    lines += [f"review {entry['field']}: {entry['reason']}" for entry in reviews[:MOST_REVIEWS]]
    more = len(reviews) - MOST_REVIEWS
    return lines + ([f"and {more} more to review"] if more > 0 else [])


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
    sizes = sorted({_size(pad) for pad in land["pads"]})
    return f"{len(land['pads'])} ({', '.join(sizes)})"


def _size(pad: dict[str, Any]) -> str:
    size = "size not stated" if pad["w"] is None or pad["h"] is None else f"{pad['w']:g} x {pad['h']:g} mm"
    return f"{pad['shape']} {size}"
