"""The first start: is the database up to date, and who may come in."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from db.access import tenants, users
from db.commands import command
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
        raise DatabaseBehind(f"the database is behind this version: run `{command('db migrate')}`, then start again")
    with database.write() as session:
        token = tenants.first_admin_key(session, datetime.now(UTC))
    with database.write() as session:
        password = users.first_admin(session, datetime.now(UTC))
    embedded = settings.data_dir if database.is_sqlite else None
    _hand_over("Admin key", token, embedded and embedded / KEY_FILE)
    _hand_over(f"Dashboard login (user {users.ADMIN_NAME}), password", password, embedded and embedded / PASSWORD_FILE)


def welcome(url: str, settings: Settings) -> str:
    """What a person needs to come in: the address, and where an embedded installation keeps its first secrets."""
    lines = [f"BM3-VL is ready: {url}"]
    if (settings.data_dir / PASSWORD_FILE).exists():
        lines.append(f"  dashboard: user {users.ADMIN_NAME}, first password in {settings.data_dir / PASSWORD_FILE}")
    if (settings.data_dir / KEY_FILE).exists():
        lines.append(f"  API key: in {settings.data_dir / KEY_FILE}")
    lines.append(f"  lost one? {command(f'db add-user {users.ADMIN_NAME}')}, {command('db admin-key')}")
    return "\n".join(lines)


def _hand_over(what: str, secret: str | None, path: Path | None) -> None:
    """A secret that was just made goes into its file; to stdout, which is often kept, only where there is none."""
    if secret is None:
        return
    if path is None:
        print(f"\n{what} (shown once): {secret}\n", flush=True)
    else:
        write_secret(path, secret)


def write_secret(path: Path, text: str) -> None:
    """A file that only its owner may read, from its first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text + "\n")
