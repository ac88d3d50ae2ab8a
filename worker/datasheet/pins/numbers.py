"""Pin numbers as tables print them: one, several, runs, balls, and words for the exposed pad."""

from __future__ import annotations

import re

EXPOSED = "EP"  # the number of an exposed pad that no number is printed for
MOST_PINS = 2000
_ROW = "[A-HJ-NPRT-WY]"  # letters of ball rows; JEDEC leaves out those that look like digits
BALL = re.compile(rf"(?:{_ROW}|A{_ROW})\d{{1,2}}")
_NUMBER = re.compile(r"\d{1,4}")
_RUN = re.compile(r"(\d{1,4})\s*(?:[-–−~]|to|\.\.+)\s*(\d{1,4})")
_PAD = re.compile(
    r"(?:the\s+)?(?:exposed|thermal|power|center|centre|central|bottom)[\s\-]?(?:thermal\s*|die\s*)?(?:pad|paddle|tab|slug)?"
    r"|e-?pad|ep|ppad|pad|paddle|tab|fin?|die\s*pad|epad|exp\.?\s*pad",
    re.IGNORECASE,
)
_NONE = re.compile(r"[-–−—‒―/*]*|n\.?/?a\.?|none", re.IGNORECASE)
_SPLIT = re.compile(r"\s*[,;&+]\s*|\s+and\s+|\s+")


def none_here(text: str) -> bool:
    """Whether a cell says that the package has no such pin."""
    return bool(_NONE.fullmatch(text.strip()))


def exposed(text: str) -> bool:
    """Whether words stand for the exposed pad: "EP", "Thermal pad", "Center"."""
    return bool(_PAD.fullmatch(text.strip().strip("()")))


def parse(text: str) -> list[str] | None:
    """The numbers that a cell prints, [] where it says that there are none, None where it is something else."""
    text = text.strip()
    if none_here(text):
        return []
    if exposed(text):
        return [EXPOSED]
    text = _RUN.sub(lambda m: _counted(m[1], m[2]), text)
    found = []
    for part in filter(None, _SPLIT.split(text.strip("()"))):
        if _NUMBER.fullmatch(part):
            found.append(str(int(part)))
        elif BALL.fullmatch(part):
            found.append(part)
        elif exposed(part):
            found.append(EXPOSED)
        else:
            return None
    return list(dict.fromkeys(found)) or None


def _counted(first: str, last: str) -> str:
    low, high = int(first), int(last)
    whole = range(low, high + 1) if low < high < low + MOST_PINS else (low, high)
    return ", ".join(map(str, whole))


def in_order(number: str) -> tuple[int, str, int]:
    """Sorts 1, 2, 10, A1, A10, B1, EP."""
    digits = re.search(r"\d+$", number)
    head = number[: digits.start()] if digits else number
    return (0 if number.isdigit() else 1 if digits else 2, f"{len(head)}{head}", int(digits[0]) if digits else 0)
