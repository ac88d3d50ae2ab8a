"""The first start: is the database up to date, and who may come in."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from db.access import tenants, users
from db.ops import migrate
from db.session import Database
from db.settings import Settings

KEY_FILE = "admin-key"
PASSWORD_FILE = "admin-password"  # noqa: S105 - a file name


class DatabaseBehind(RuntimeError):
    """Migrations are missing and this is not ours to decide."""


def prepare(database: Database, settings: Settings) -> None:
    """Embedded SQLite is migrated here; any other database has to be current. A new installation gets its admin key and user."""
    if database.is_sqlite:
        migrate.upgrade(database)
    elif not migrate.is_current(database):
        raise DatabaseBehind("the database is behind this version: run `python -m db migrate`, then start again")
    with database.write() as session:
        token = tenants.first_admin_key(session, datetime.now(UTC))
    with database.write() as session:
        password = users.first_admin(session, datetime.now(UTC))
    _tell("Admin key", token, settings.data_dir / KEY_FILE if database.is_sqlite else None)
    _tell(
        f"Dashboard login (user {users.ADMIN_NAME}), password",
        password,
        settings.data_dir / PASSWORD_FILE if database.is_sqlite else None,
    )


def _tell(what: str, secret: str | None, path: Path | None) -> None:
    """Print a secret that was just made, and keep it where an embedded installation finds it."""
    if secret is None:
        return
    print(f"\n{what} (shown once): {secret}\n", flush=True)
    if path is not None:
        write_secret(path, secret)
        print(f"also written to {path}", file=sys.stderr, flush=True)


def write_secret(path: Path, text: str) -> None:
    """A file that only its owner may read, from its first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text + "\n")
