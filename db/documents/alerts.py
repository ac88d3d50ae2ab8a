"""Alerts: whether a rule of a job names a caption, and what is told of it."""

from __future__ import annotations

from typing import Any

from db.documents import search_query
from db.documents.kinds.video import AlertRule, Cue

LONGEST_TEXT, LONGEST_CUE = 4000, 16_000  # characters of an event; the cue itself has all of it


def fits(rule: AlertRule, cue: Cue) -> bool:
    """Whether a cue is one that the rule names."""
    if rule.match is not None:
        return search_query.parse(rule.match).fits(cue.text)
    value = _value(cue.data, rule.field or "")
    if rule.equals is not None:
        return bool(value == rule.equals) and isinstance(value, bool) == isinstance(rule.equals, bool)  # true is no 1
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return (rule.at_least is None or value >= rule.at_least) and (rule.at_most is None or value <= rule.at_most)


def _value(data: Any, pointer: str) -> Any:
    """What a JSON pointer names; None where there is nothing."""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(data, dict):
            data = data.get(name)
        elif isinstance(data, list) and name.isascii() and name.isdigit() and int(name) < len(data):
            data = data[int(name)]
        else:
            return None
    return data


def event_payload(rule: AlertRule, cue: Cue) -> dict[str, Any]:
    """The event: the cue, without what would make a thin payload thick."""
    shown = cue.model_copy(update={"text": cue.text[:LONGEST_TEXT]})
    if len(shown.model_dump_json()) > LONGEST_CUE:
        shown = shown.model_copy(update={"data": None})
    return {"rule": rule.name, "cue": shown.model_dump(mode="json")}
