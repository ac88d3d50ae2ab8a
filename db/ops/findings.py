"""What a look at the service or at a machine found, and how it is said."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """One thing looked at; `advice` says what to do where it is not fine."""

    level: Level
    subject: str
    words: str
    advice: str = ""

    def __str__(self) -> str:
        sign = self.level.upper() if self.level is Level.FAIL else self.level
        advice = f"\n      -> {self.advice}" if self.advice else ""
        return f"{sign:<4}  {self.subject}: {self.words}{advice}"
