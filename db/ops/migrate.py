"""Brings a database to the current revision, and tells whether it is there."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from db.commands import command as shell_command
from db.session import Database

LOCK = 0x626D33  # "bm3": any number, as long as all use the same

WAIT_S = 0.3
log = logging.getLogger(__name__)


def configuration() -> Config:
    """Alembic's configuration, found beside this file so that an installed package works like a checkout."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent.parent / "migrations"))
    return config


def upgrade(database: Database, revision: str = "head") -> None:
    """Run the missing migrations; of several processes that start at once one does it and the others wait.

    A database that a newer version has migrated stays as it is: see `is_current`.
    """
    config = configuration()
    with database.engine.connect() as connection:
        connection = connection.execution_options(bm3_begin="IMMEDIATE")
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        if _is_newer(connection):
            log.info("the database was migrated by a newer version; it is used as it is")
            return
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()


def is_current(database: Database) -> bool:
    """True when no migration is missing.

    That holds for a database that a newer version has migrated, too: during an upgrade its processes and ours work side
    by side. A migration therefore only adds what the version before can do without; what that version needs is dropped
    one version later.
    """
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    with database.engine.connect() as connection:
        return _revision(connection) == head or _is_newer(connection)


def is_newer(database: Database) -> bool:
    """Whether a newer version has migrated the database."""
    with database.engine.connect() as connection:
        return _is_newer(connection)


def _is_newer(connection: Connection) -> bool:
    """A revision that we have never heard of: ours are never renamed."""
    known = {script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()}
    return (_revision(connection) or next(iter(known))) not in known


def is_known(name: str) -> bool:
    """Whether a revision is one of this version's."""
    return name in {script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()}


def revision(connection: Connection) -> str:
    """The revision of a migrated database. Raises ValueError for one that never was."""
    found = _revision(connection)
    if found is None:
        raise ValueError("the database was never migrated")
    return found


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def wait_until_current(database: Database) -> None:
    """Return once the database can be reached and no migration is missing: a worker may start before the api has migrated."""
    said = False
    while not _is_current_now(database):
        if not said:
            log.info("waiting for the database to be migrated (%s)", _who_migrates(database))
            said = True
        time.sleep(WAIT_S)


def _who_migrates(database: Database) -> str:
    """Embedded SQLite is migrated by the api that owns it; any other database is for a person to change."""
    return "the api does it at its start" if database.is_sqlite else shell_command("db migrate")


def _is_current_now(database: Database) -> bool:
    try:
        return is_current(database)
    except SQLAlchemyError as error:
        log.debug("database not reachable: %s", error)
        return False
