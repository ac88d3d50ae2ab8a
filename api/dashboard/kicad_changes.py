"""Puts corrected pads into a footprint that the worker wrote; everything else in the file stays as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

Pad = dict[str, Any]
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


def apply(text: str, before: list[Pad], after: list[Pad]) -> str:
    """The footprint with every pad that differs rewritten; one the file never held is left out."""
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    for old, new in changed:
        for start, end in _pads(text):
            if _is(text[start:end], old):
                text = text[:start] + _rewritten(text[start:end], old, new) + text[end:]
                break
    return text


def _pads(text: str) -> Iterator[tuple[int, int]]:
    """Where each pad expression begins and ends."""
    for match in re.finditer(r"\(pad\s", text):
        yield match.start(), _end(text, match.start())


def _end(text: str, start: int) -> int:
    depth, place = 0, start
    while place < len(text):
        if quoted := QUOTED.match(text, place):
            place = quoted.end()
            continue
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        place += 1
        if depth == 0:
            break
    return place


def _is(expression: str, pad: Pad) -> bool:
    at = re.search(r"\(at\s+(-?[\d.]+)\s+(-?[\d.]+)", expression)
    number = re.match(r'\(pad\s+("(?:[^"\\]|\\.)*"|[^\s()]+)', expression)
    if at is None or number is None:
        return False
    near = abs(float(at[1]) - pad["x"]) < 1e-4 and abs(float(at[2]) - pad["y"]) < 1e-4
    return near and number[1].strip('"') in ("", pad["number"])


def _rewritten(expression: str, old: Pad, new: Pad) -> str:
    at = f"(at {new['x']:g} {new['y']:g}" + (f" {new['rotation']:g})" if new.get("rotation") else ")")
    expression = re.sub(r"\(at\s[^()]*\)", at, expression, count=1)
    if new.get("w") is not None and new.get("h") is not None:
        expression = re.sub(r"\(size\s[^()]*\)", f"(size {new['w']:g} {new['h']:g})", expression, count=1)
    if new["number"] != old["number"]:
        quoted = '"' + new["number"].replace("\\", "\\\\").replace('"', '\\"') + '"'
        expression = re.sub(r'\(pad\s+("(?:[^"\\]|\\.)*"|[^\s()]+)', lambda _: f"(pad {quoted}", expression, count=1)
    return expression
