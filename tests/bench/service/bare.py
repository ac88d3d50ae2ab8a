"""What a bare Celery task and its caller share: where it says that it has begun, and the row each of them commits."""

from __future__ import annotations

import sqlite3
from functools import lru_cache

BEGAN = "bare:began"


def commit_row(file: str) -> None:
    """Store a row that survives a power cut."""
    with _rows(file) as rows:
        rows.execute("INSERT INTO begun DEFAULT VALUES")


@lru_cache
def _rows(file: str) -> sqlite3.Connection:
    rows = sqlite3.connect(file, check_same_thread=False)
    for setup in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL"):
        rows.execute(setup)
    rows.execute("CREATE TABLE IF NOT EXISTS begun (id INTEGER PRIMARY KEY)")
    return rows
