"""Notes on holes in words, brought into one spelling: "Eight, 1 dia. holes", "HOLES 8 REQ'D", "Ø1.0-28", "2-Ø1 HOLE"."""

from __future__ import annotations

import re

_COUNTS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_WORDED = re.compile(rf"^\(?({'|'.join(_COUNTS)})\b(?:\s*\(\d+\))?[\s,:-]*(?=[Ø\d.])", re.IGNORECASE)
_OF_HOLES = re.compile(r"\bholes?\b|\bdia(?:m(?:eter)?)?\b|\bdrill(?:ed)?\b|Ø|\bth?ru\b|\breq'?d\b", re.IGNORECASE)
_BEFORE = re.compile(
    r"^\(?(\d{1,3})\s*[-–,:]?\s*(?:holes?\s*[-–,:]?\s*)?(?=Ø)", re.IGNORECASE
)  # "2-Ø1", "8 HOLES Ø1.0"
_HOLES_OF = re.compile(r"^(\d{1,3})\s*[-–,:]\s*(?=\d*[.,]?\d+\s*(?:mm)?\s*(?:dia|drill))", re.IGNORECASE)
_BEHIND = re.compile(
    r"(?<=\d)\s*[-–xX*,]\s*(\d{1,3})(?:\s*(?:holes?|places?|plcs?|req'?d|required))?\.?$", re.IGNORECASE
)
_TOLD = re.compile(
    r"[\s,(-]*(?:\(?\b(\d{1,3})\s*[-–]?\s*(?:holes|places|plcs?\b|req'?d|required)|\bholes?\s*[-–,:(]?\s*(\d{1,3})(?:\s*(?:req'?d|required|places|plcs?))?)"
    r"\.?\)?$",
    re.IGNORECASE,
)
_SPELT = re.compile(r"\b(?:diameter|diam|dia)\b\.?", re.IGNORECASE)
_DRILLED, _PLAIN = re.compile(r"\bdrill|\bholes?\b", re.IGNORECASE), re.compile(r"\d*[.,]?\d")
_NOISE = re.compile(
    r"\b(?:through[\s-]*holes?|finished|plated|non[\s-]*plated|npth|pth|holes?|drill(?:ed)?|size|mounting)\b[.:]?",
    re.IGNORECASE,
)


def canonical(text: str) -> str:
    """The note as "8X Ø1"; a text that speaks of no hole as it is."""
    if not _OF_HOLES.search(text):
        return text
    count, rest = _counted(text)
    body = _NOISE.sub("", rest).strip(" ,:;-–")
    if _SPELT.search(body) or (_DRILLED.search(rest) and _PLAIN.match(body)):
        body = "Ø" + _SPELT.sub("", body).replace("Ø", "").strip(" ,:;-–")
    return f"{count}X {body}" if count else body


def _counted(text: str) -> tuple[int | None, str]:
    """The number of holes that a note says, and the note without it."""
    if m := _WORDED.match(text):
        return _COUNTS.index(m[1].lower()) + 1, text[m.end() :]
    if m := (_BEFORE.match(text) or _HOLES_OF.match(text)):
        return int(m[1]), text[m.end() :]
    if m := _TOLD.search(text):
        return int(m[1] or m[2]), text[: m.start()]
    if text.startswith("Ø") and (m := _BEHIND.search(text)):
        return int(m[1]), text[: m.start()]
    return None, text


def bare_count(text: str) -> int | None:
    """The count of a line that says nothing but how many holes: "HOLES 8 REQ'D", "(2 places)"."""
    m = _TOLD.fullmatch(text) or re.fullmatch(r"\(?(\d{1,3})()\s*req'?d\.?\)?", text, re.IGNORECASE)
    return int(m[1] or m[2]) if m else None
