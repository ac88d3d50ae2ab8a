"""Which holes of a through-hole part are its contacts, and which only hold it: tabs of a shield, and pegs without copper."""

from __future__ import annotations

from collections import defaultdict

from worker.datasheet.land.pads import Solved
from worker.datasheet.thresholds.land import (
    CONTACT_LINE_MM,
    CONTACTS_LEAST,
    HOLDER_RATIO,
    LONE_RATIO,
    MOST_HOLDERS,
    PEG_RATIO,
)


def holders(solved: Solved, widths: dict[int, float]) -> dict[int, bool]:
    """Holes that hold the part, and whether they are pegs: few, and wider (mm) than the many equal ones."""
    classes: dict[tuple[int, float], list[int]] = defaultdict(list)
    for i, width in widths.items():
        classes[solved.model.size[i][0], width].append(i)
    contacts = max(classes.values(), key=len)
    if len(contacts) < CONTACTS_LEAST:
        return {}
    found: dict[int, bool] = {}
    for own in classes.values():
        if own is contacts or len(own) > MOST_HOLDERS or len(own) >= len(contacts):
            continue
        ratio = widths[own[0]] / widths[contacts[0]]
        lone = len(own) == 1 and ratio > LONE_RATIO and _off_line(own[0], contacts, solved)
        if lone or (ratio > HOLDER_RATIO and len(own) > 1):
            found |= dict.fromkeys(own, lone or ratio > PEG_RATIO)
    return found


def _off_line(i: int, contacts: list[int], solved: Solved) -> bool:
    """Whether a hole stands beside the single row or column that the contacts form."""
    for axis in (0, 1):
        line = [solved.place(k)[axis] for k in contacts]
        if max(line) - min(line) < CONTACT_LINE_MM and abs(solved.place(i)[axis] - line[0]) > CONTACT_LINE_MM:
            return True
    return False
