"""What a finished job found, in a few lines a person reads: the whole document is one `--json` away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bm3vl.clock import clock

if TYPE_CHECKING:
    from bm3vl import JobView


def summary(job: JobView) -> list[str]:
    """Lines for the result of a job; none without one."""
    result = job.result
    if result is None:
        return []
    if job.kind == "video.caption":
        return _video(result)
    if job.kind == "datasheet.extract":
        from bm3vl.documents.kinds import datasheet_words  # here: help should not wait for pydantic

        return [*datasheet_words.lines(result)]
    return [str(result["text"])]


def without_footprint(job: JobView) -> str:
    """Why a datasheet job left no footprint file."""
    result = job.result or {}
    verdict = result.get("verdict")
    if verdict and verdict["state"] == "no_footprint":
        return f"no footprint: {verdict['reason']}"
    status = result.get("land_pattern_status")
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
