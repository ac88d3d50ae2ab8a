"""Says once in the log that something is away, and once that it is back, however often it is tried in between."""

from __future__ import annotations

from collections.abc import Callable


class Outage:
    """One thing that may be away. `warn` and `tell` write a line to the log."""

    def __init__(self, warn: Callable[[str], object], tell: Callable[[str], object], what: str) -> None:
        self._warn, self._tell, self._what = warn, tell, what
        self._away = False

    def began(self, error: Exception, how: str = "is not reachable") -> None:
        """It failed, for the first time or again."""
        if not self._away:
            self._away = True
            self._warn(f"{self._what} {how}: {str(error) or type(error).__name__}")

    def over(self) -> None:
        """It worked."""
        if self._away:
            self._away = False
            self._tell(f"{self._what} is back")
