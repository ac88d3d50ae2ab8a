"""The first start: is the database up to date, and who may come in."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from db import migrate, tenants
from db.session import Database
from db.settings import Settings

KEY_FILE = "admin-key"


class DatabaseBehind(RuntimeError):
    """Migrations are missing and this is not ours to decide."""


def prepare(database: Database, settings: Settings) -> None:
    """Embedded SQLite is migrated here; any other database has to be current. A new installation gets its admin key."""
    if database.is_sqlite:
        migrate.upgrade(database)
    elif not migrate.is_current(database):
        raise DatabaseBehind("the database is behind this version: run `python -m db migrate`, then start again")
    with database.write() as session:
        token = tenants.first_admin_key(session, datetime.now(UTC))
    if token is None:
        return
    print(f"\nAdmin key (shown once): {token}\n", flush=True)
    if database.is_sqlite:
        write_secret(settings.data_dir / KEY_FILE, token)
        print(f"also written to {settings.data_dir / KEY_FILE}", file=sys.stderr, flush=True)


def write_secret(path: Path, text: str) -> None:
    """A file that only its owner may read, from its first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text + "\n")
