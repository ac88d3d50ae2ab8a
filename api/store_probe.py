"""The state of the object store for whoever asks, looked at now and then: a look writes a file, and anybody may ask."""

from __future__ import annotations

import threading
import time

from db.storage.objects import ObjectError, ObjectStore

EVERY_S = 10.0


class StoreProbe:
    """Remembers how the last look went."""

    def __init__(self, store: ObjectStore, every_s: float = EVERY_S) -> None:
        self._store, self._every_s = store, every_s
        self._lock = threading.Lock()
        self._next_at = 0.0
        self._error: ObjectError | OSError | None = None

    def check(self) -> None:
        """Raises what the last look raised, which is `every_s` old at most."""
        with self._lock:
            if time.monotonic() >= self._next_at:
                self._error = self._look()
                self._next_at = time.monotonic() + self._every_s
            if self._error is not None:
                raise self._error

    def _look(self) -> ObjectError | OSError | None:
        try:
            self._store.check()
        except (ObjectError, OSError) as error:
            return error
        return None
