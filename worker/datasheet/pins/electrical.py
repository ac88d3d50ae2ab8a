"""Gives a pin KiCad's electrical type, from what the document prints for it, else from its name."""

from __future__ import annotations

import re

from db.documents.kinds.datasheet_pin import PinType

_PRINTED: list[tuple[str, PinType]] = [
    (r"n\.?/?c\.?|no[\s\-]connect.*|not?\s+connect.*|reserved", "no_connect"),
    (r".*open[\s\-]?(?:drain|collector).*|o\.?[dc]\.?(?:/o)?|o\s*\(od\)|od", "open_collector"),
    (r".*tri[\s\-]?state.*|.*3[\s\-]state.*|oz", "tri_state"),
    (r"(?:p|pwr|power|supply|s|ps|g|gnd|ground|power\s*/\s*ground|dgnd|agnd)(?:\s*(?:input|supply|in|pin))?", "power_in"),
    (r"(?:po|power\s*out(?:put)?|supply\s*out(?:put)?)", "power_out"),
    (r".*\bi\s*/?\s*o\b.*|.*\bo\s*/\s*i\b.*|.*bi-?directional.*|input\s*/\s*output|in\s*/\s*out|b", "bidirectional"),
    (r"(?:[ad][\s\-_]?)?i(?:n|nput)?|(?:analog|digital|clock|logic)\s*(?:input|in|i)|[ad]i|input.*", "input"),
    (r"(?:[ad][\s\-_]?)?o(?:ut|utput)?|(?:analog|digital|clock|logic)\s*(?:output|out|o)|[ad]o|output.*", "output"),
    (r"passive", "passive"),
]  # fmt: skip
_NAMED: list[tuple[str, PinType]] = [
    (r"n\.?/?c\.?|dnc|nic|do\s*not\s*connect|no(?:t|n)?\s*connect(?:ed|ion)?", "no_connect"),
    (r"(?:[adp]|ana|dig)?_?(?:v?gnd|vss|vee|ground)\w{0,5}(?:[_\s]?\d+)?", "power_in"),
    (r"(?:exposed|thermal)[\s\-]*pad|e-?pad|ep|ppad", "power_in"),
    (r"(?:[adp])?_?v(?:dd|cc|bat)(?:io|a|d|_\w+|\(\w\)|\d|\s.*)?", "power_in"),
]  # fmt: skip


def type_of(printed: str, name: str) -> PinType:
    """The type that a table prints in words or letters; without such, what names like GND and NC say."""
    said = " ".join(printed.split()).strip(" .").lower()
    called = " ".join(name.split()).lower()
    named = next((kind for pattern, kind in _NAMED if re.fullmatch(pattern, called)), None)
    told = next((kind for pattern, kind in _PRINTED if re.fullmatch(pattern, said)), None) if said else None
    if told in (None, "input") and named is not None:
        return named  # supplies are inputs in the tables of some makers
    return told or "unspecified"


def unconnected(name: str) -> bool:
    """Whether a name says that nothing is connected to the pin."""
    return type_of("", name) == "no_connect"
