"""What a check found, and how it is said."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    GOOD = "ok"
    DOUBTFUL = "warn"
    BAD = "FAIL"


@dataclass(frozen=True)
class CheckFinding:
    """One thing looked at; `advice` says what to do where it is not fine."""

    grade: Grade
    subject: str
    words: str
    advice: str = ""

    def __str__(self) -> str:
        advice = f"\n      -> {self.advice}" if self.advice else ""
        return f"{self.grade:<4}  {self.subject}: {self.words}{advice}"


def gib(number: float) -> str:
    """Bytes as a person reads them."""
    return f"{number / (1 << 30):.1f} GiB"
