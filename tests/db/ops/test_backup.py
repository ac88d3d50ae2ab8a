"""Back-up and restore: every row and object is there again, on the other database too; what cannot be done is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import JSON, Boolean, Enum, Integer, Table, Uuid, insert, select
from sqlalchemy.types import Double

from db.__main__ import main
from db.ops import migrate
from db.ops.backup import MANIFEST, BackupRefused, back_up, restore
from db.schema.base import UtcDateTime
from db.schema.models import Base
from db.session import Database
from db.storage.local import LocalObjects

TABLES = Base.metadata.sorted_tables
AT = datetime(2026, 11, 30, 12, 0, 0, 123456, tzinfo=UTC)


def value(column: Any, number: int) -> Any:
    """Something of the column's type; a foreign key leads to the row of the same number."""
    kind = column.type
    if isinstance(kind, Uuid):
        return UUID(int=number)
    if isinstance(kind, UtcDateTime):
        return AT + timedelta(seconds=number)
    if isinstance(kind, JSON):
        return {"text": "ümläut \u2028 'quotes'", "list": [1, None, {"a": number}]}
    if isinstance(kind, Boolean):
        return bool(number % 2)
    if isinstance(kind, Enum):
        return next(iter(kind.enum_class)) if kind.enum_class else "x"
    if isinstance(kind, Integer):
        return number
    if isinstance(kind, Double):
        return number + 0.1
    return f"{number}: \u0416\n\\"


def row(table: Table, number: int) -> dict[str, Any]:
    """A row; every second one has nothing where nothing may stand."""
    return {
        column.name: None if number % 2 and column.nullable and not column.foreign_keys else value(column, number)
        for column in table.columns
    }


def fill(database: Database) -> None:
    with database.write() as session:
        for table in TABLES:
            session.execute(insert(table), [row(table, 1)])
            session.execute(insert(table), [row(table, 2)])


def content(database: Database) -> dict[str, list[Any]]:
    with database.read() as session:
        return {
            table.name: sorted(session.execute(select(table)).all(), key=lambda one: str(tuple(one)))
            for table in TABLES
        }


@pytest.fixture
def other(tmp_path: Path, request: pytest.FixtureRequest, each_database: Database) -> Iterator[Database]:
    """A fresh database of the other kind."""
    url = request.getfixturevalue("postgres_url") if each_database.is_sqlite else f"sqlite:///{tmp_path / 'other.db'}"
    fresh = Database(url)
    yield fresh
    fresh.dispose()


@pytest.mark.slow
def test_nothing_is_lost_on_the_way_to_a_fresh_place_of_the_other_kind(
    each_database: Database, other: Database, tmp_path: Path
) -> None:
    store, there = LocalObjects(tmp_path / "store"), LocalObjects(tmp_path / "there")
    store.put("assets/a/video.mp4", b"bytes", "video/mp4")
    store.put("jobs/1/2/captions.vtt", b"WEBVTT\n", "text/vtt")
    fill(each_database)
    made = back_up(each_database, store, tmp_path / "copy")
    assert made.rows == {table.name: 2 for table in TABLES}
    assert (made.objects, made.object_bytes) == (2, 12)
    restore(other, there, tmp_path / "copy")
    assert content(other) == content(each_database)
    assert migrate.is_current(other)
    for info in store.list_prefix(""):
        with store.open_range(info.key) as body, there.open_range(info.key) as again:
            assert b"".join(body) == b"".join(again)


def test_a_second_copy_fetches_only_what_is_new(database: Database, tmp_path: Path) -> None:
    store, copy = LocalObjects(tmp_path / "store"), tmp_path / "copy"
    store.put("jobs/1/a", b"first", "text/plain")
    back_up(database, store, copy)
    kept = (copy / "objects/jobs/1/a").stat().st_mtime_ns
    store.put("jobs/2/b", b"second", "text/plain")
    assert back_up(database, store, copy).objects == 2
    assert (copy / "objects/jobs/1/a").stat().st_mtime_ns == kept


def test_what_cannot_be_restored_is_refused_and_nothing_is_changed(database: Database, tmp_path: Path) -> None:
    store, copy = LocalObjects(tmp_path / "store"), tmp_path / "copy"
    fill(database)
    back_up(database, store, copy)
    before = content(database)
    with pytest.raises(BackupRefused, match="the database is not empty"):
        restore(database, store, copy)
    manifest = (copy / MANIFEST).read_text()
    (copy / MANIFEST).write_text(manifest.replace('"revision": "', '"revision": "of-next-year-'))
    with pytest.raises(BackupRefused, match="newer version"):
        restore(database, store, copy)
    (copy / MANIFEST).unlink()
    with pytest.raises(BackupRefused, match="no whole copy"):
        restore(database, store, copy)
    assert content(database) == before


def test_a_copy_that_broke_off_is_not_taken_for_a_whole_one(database: Database, tmp_path: Path) -> None:
    class Broken(LocalObjects):
        def open_range(self, key: str, start: int = 0, end: int | None = None) -> Any:
            raise OSError("the disk is full")

    copy = tmp_path / "copy"
    back_up(database, LocalObjects(tmp_path / "store"), copy)
    store = Broken(tmp_path / "store")
    store.put("jobs/1/a", b"new", "text/plain")
    with pytest.raises(OSError, match="full"):
        back_up(database, store, copy)
    assert not (copy / MANIFEST).exists()


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("BM3_DATA_DIR", str(tmp_path / "old"))
    assert main(["migrate"]) == 0
    assert main(["admin-key"]) == 0
    assert main(["backup", str(tmp_path / "copy")]) == 0
    monkeypatch.setenv("BM3_DATA_DIR", str(tmp_path / "new"))
    assert main(["restore", str(tmp_path / "copy")]) == 0
    assert "restored: " in capsys.readouterr().out
    assert main(["restore", str(tmp_path / "copy")]) == 1
    assert capsys.readouterr().err.startswith("error: the database is not empty")
