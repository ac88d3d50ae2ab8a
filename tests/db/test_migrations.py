"""Migrations: up from nothing and from each earlier revision, down again, and the tables are what the code says."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

import db.schema.models
from db.ops import migrate
from db.schema.cue_words import is_declared
from db.session import Database

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = (
        f"sqlite:///{tmp_path / 'a.sqlite3'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    )
    opened = Database(url)
    yield opened
    opened.dispose()


def revisions() -> list[str]:
    return [script.revision for script in ScriptDirectory.from_config(migrate.configuration()).walk_revisions()][::-1]


# SQLite cannot tell the expression in the claim index; on PostgreSQL it is compared.
UNSEEN = pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")


def differences(database: Database) -> list[object]:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": is_declared})
        found = compare_metadata(context, db.schema.models.Base.metadata)
    return [one for one in found if not (database.is_sqlite and "ix_jobs_claim" in repr(one))]


@UNSEEN
def test_the_tables_are_what_the_code_says(database: Database) -> None:
    assert not migrate.is_current(database)
    migrate.upgrade(database)
    assert migrate.is_current(database)
    assert differences(database) == []


@UNSEEN
def test_every_revision_leads_to_the_same_tables(database: Database) -> None:
    for revision in revisions():
        migrate.upgrade(database, revision)
    assert differences(database) == []
    migrate.upgrade(database)


def test_the_way_down_leaves_nothing(database: Database) -> None:
    migrate.upgrade(database)
    config = migrate.configuration()
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert set(inspect(database.engine).get_table_names()) <= {"alembic_version"}


@pytest.mark.slow
def test_processes_that_start_at_once_migrate_once(database: Database) -> None:
    environment = {**os.environ, "BM3_DATABASE_URL": database.url}
    command_line = [sys.executable, "-m", "db", "migrate"]
    starts = [subprocess.Popen(command_line, cwd=ROOT, env=environment) for _ in range(3)]
    assert [process.wait(60) for process in starts] == [0, 0, 0]
    assert migrate.is_current(database)


def test_a_worker_started_first_waits_for_the_migration(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'late.sqlite3'}")
    waiting = threading.Thread(target=migrate.wait_until_current, args=(database,), daemon=True)
    waiting.start()
    waiting.join(0.5)
    assert waiting.is_alive()
    migrate.upgrade(database)
    waiting.join(60)
    assert not waiting.is_alive()
    database.dispose()


def test_a_database_that_a_newer_version_has_migrated_is_not_behind(database: Database) -> None:
    """As in a rolling upgrade: processes of this version go on, and may be started again."""
    migrate.upgrade(database)
    assert not migrate.is_newer(database)
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert migrate.is_newer(database)
    assert migrate.is_current(database)
    migrate.upgrade(database)
    migrate.wait_until_current(database)
    with database.read() as session:
        assert session.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "9999"


def test_a_database_of_an_earlier_version_is_behind_but_not_newer(database: Database) -> None:
    assert not migrate.is_newer(database)
    migrate.upgrade(database, revisions()[0])
    assert not migrate.is_current(database)
    assert not migrate.is_newer(database)
