"""Brings a database to the current revision, and tells whether it is there."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from db.session import Database

LOCK = 0x626D33  # "bm3": any number, as long as all use the same


def configuration() -> Config:
    """Alembic's configuration, found beside this file so that an installed package works like a checkout."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def upgrade(database: Database, revision: str = "head") -> None:
    """Run the missing migrations; of several processes that start at once one does it and the others wait."""
    config = configuration()
    with database.engine.connect() as connection:
        connection = connection.execution_options(bm3_begin="IMMEDIATE")
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()


def is_current(database: Database) -> bool:
    """True when no migration is missing."""
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head
