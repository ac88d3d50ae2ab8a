"""`python -m db`: migrate, examine, back up and restore, run the embedded Redis, make admin keys and users."""

from __future__ import annotations

import argparse
import secrets
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from db.names import DEFAULT_TENANT, Role

# Each command imports what it needs: the help needs nothing, and Redis at a start should not wait for SQLAlchemy.
if TYPE_CHECKING:
    from db.ops.backup import Manifest
    from db.settings import Settings

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m db", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("migrate", help="bring the database to this version")
    commands.add_parser("doctor", help="say what is misconfigured; exit status 1 if something must be mended")
    commands.add_parser("redis", help="run the embedded Redis in the foreground")
    admin_key = commands.add_parser("admin-key", help="make and print a new admin key")
    admin_key.add_argument("--tenant", default=DEFAULT_TENANT, help="default: %(default)s")
    admin_key.add_argument("--name", default="admin key from the command line")
    add_user = commands.add_parser("add-user", help="add a dashboard user, or give one a new password, and print it")
    add_user.add_argument("name")
    add_user.add_argument("--role", choices=[role.value for role in Role], default=Role.VIEWER)
    add_user.add_argument("--tenant", default=DEFAULT_TENANT, help="default: %(default)s")
    backup = commands.add_parser(
        "backup", help="copy the database and every object into a folder, while the service runs"
    )
    restore = commands.add_parser("restore", help="put such a copy into an empty database and store")
    for copy in (backup, restore):
        copy.add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    from db.settings import Settings, read

    return COMMANDS[options.command](read(Settings), options)


def _migrate(settings: Settings, _: argparse.Namespace) -> int:
    from db.ops import migrate
    from db.session import Database

    database = Database(settings.database())
    migrate.upgrade(database)
    print("the database is up to date")
    return 0


def _backup(settings: Settings, options: argparse.Namespace) -> int:
    from db.ops import backup

    return _copy(settings, options, backup.back_up, "copied")


def _restore(settings: Settings, options: argparse.Namespace) -> int:
    from db.ops import backup

    return _copy(settings, options, backup.restore, "restored")


def _copy(settings: Settings, options: argparse.Namespace, work: Callable[..., Manifest], said: str) -> int:
    from db.ops.backup import BackupRefused
    from db.session import Database
    from db.storage.open import open_store

    try:
        done = work(Database(settings.database()), open_store(settings), options.folder)
    except BackupRefused as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    rows = sum(done.rows.values())
    print(
        f"{said}: {rows} rows of {done.made_at:%Y-%m-%d %H:%M:%S} UTC, {done.objects} objects, {done.object_bytes} bytes"
    )
    return 0


def _doctor(settings: Settings, _: argparse.Namespace) -> int:
    from db.ops.doctor import examine, patient
    from db.ops.findings import Level

    findings = examine(patient(settings))
    for one in findings:
        print(one)
    return 1 if any(one.level is Level.FAIL for one in findings) else 0


def _redis(settings: Settings, _: argparse.Namespace) -> int:
    """Become the server, or stand by where one answers already, so that `honcho start` works in both cases."""
    from db.broker.embedded import run_redis

    address = urlsplit(settings.redis_url)
    if _answers(settings.redis_url):
        print("redis: one answers already; standing by", flush=True)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        signal.pause()
    if address.hostname not in LOOPBACK:
        print("redis: BM3_REDIS_URL names another machine, which does not answer", file=sys.stderr)
        return 1
    return run_redis(address.port or 6379, settings.data_dir / "redis")


def _admin_key(settings: Settings, options: argparse.Namespace) -> int:
    from db.access import keys, tenants
    from db.session import Database

    database, now = Database(settings.database()), datetime.now(UTC)
    with database.write() as session:
        tenant = next((one for one in tenants.listed(session) if one.name == options.tenant), None)
        if tenant is None and options.tenant != DEFAULT_TENANT:
            print(f"there is no tenant {options.tenant}", file=sys.stderr)
            return 1
        tenant = tenant or tenants.default(session, now)
        print(keys.create(session, now, tenant.id, options.name, [keys.Scope.ADMIN]).token)
    return 0


def _add_user(settings: Settings, options: argparse.Namespace) -> int:
    from db.access import tenants, users
    from db.session import Database

    database, now, password = Database(settings.database()), datetime.now(UTC), secrets.token_urlsafe(15)
    kept = users.hashed(password)
    with database.write() as session:
        tenant = next((one for one in tenants.listed(session) if one.name == options.tenant), None)
        if tenant is None:
            print(f"there is no tenant {options.tenant}", file=sys.stderr)
            return 1
        user = users.by_name(session, options.name)
        if user is None:
            users.create(session, now, users.NewUser(tenant.id, options.name, kept, Role(options.role)))
        else:
            users.set_password(session, user, kept)
    print(password)
    return 0


def _answers(redis_url: str) -> bool:
    import redis

    from db.redis_client import redis_client

    try:
        return bool(redis_client(redis_url).ping())
    except (redis.RedisError, OSError):
        return False


COMMANDS: dict[str, Callable[[Settings, argparse.Namespace], int]] = {
    "migrate": _migrate,
    "backup": _backup,
    "restore": _restore,
    "doctor": _doctor,
    "redis": _redis,
    "admin-key": _admin_key,
    "add-user": _add_user,
}

if __name__ == "__main__":
    raise SystemExit(main())
