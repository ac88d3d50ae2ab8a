"""Parameters given on the command line as NAME=JSON."""

from __future__ import annotations

import json
from typing import Any

import typer


def changed(params: dict[str, Any], entries: list[str] | None) -> dict[str, Any]:
    """`params` with NAME=JSON entries put in; a dotted name reaches into a part (`window.vision_ms=8000`)."""
    for entry in entries or []:
        name, mark, text = entry.partition("=")
        if not name or not mark:
            raise typer.BadParameter("parameters are NAME=JSON")
        *parts, last = name.split(".")
        place = params
        for part in parts:
            place = place.setdefault(part, {})
        place[last] = _value(text)
    return params


def _value(text: str) -> Any:
    """What the text says in JSON; text that is none stands for itself, so that a shell's quotes suffice."""
    try:
        return json.loads(text)
    except ValueError:
        return text
