"""Everything into a folder and back: the rows of one moment as JSON lines, then every object; on either database and store.

    FOLDER/manifest.json       revision, rows of each table, objects; written last: without it the copy is not whole
    FOLDER/tables/NAME.jsonl   a row a line
    FOLDER/objects/KEY         an object's bytes; one that is there already is not copied again

Redis holds nothing worth keeping. Jobs that ran go on at their last checkpoint.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import JSON, Connection, Enum, TableClause, Uuid, column, func, insert, select, table
from sqlalchemy.types import TypeEngine

from db.ops import migrate
from db.schema.base import UtcDateTime
from db.schema.models import Base
from db.session import Database
from db.storage.objects import ObjectStore

MANIFEST = "manifest.json"
BATCH_ROWS = 500


class BackupRefused(Exception):
    """It cannot be done, for a reason that says what to do."""


class Manifest(BaseModel):
    """What a copy holds."""

    revision: str
    made_at: datetime
    rows: dict[str, int]
    objects: int
    object_bytes: int


def back_up(database: Database, objects: ObjectStore, folder: Path) -> Manifest:
    """Copy everything into the folder, which may hold an earlier copy: only new objects are fetched then.

    Raises BackupRefused for a database that is behind this version.
    """
    if not migrate.is_current(database) or migrate.is_newer(database):
        raise BackupRefused("the database is of another version than this program: use the program that serves it")
    (folder / "tables").mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / MANIFEST).unlink(missing_ok=True)
    began = datetime.now(UTC)
    with database.engine.connect() as connection:
        if not database.is_sqlite:  # one moment for all tables; SQLite's transactions are that anyway
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        rows = {one.name: _dump(connection, one, folder) for one in map(_plain, Base.metadata.sorted_tables)}
        revision = migrate.revision(connection)
    count, size = _fetch_objects(objects, folder / "objects")
    manifest = Manifest(revision=revision, made_at=began, rows=rows, objects=count, object_bytes=size)
    _write(folder / MANIFEST, manifest.model_dump_json(indent=1))
    return manifest


def restore(database: Database, objects: ObjectStore, folder: Path) -> Manifest:
    """Put a copy into an empty database and store. Broken off, it can be run again.

    Raises BackupRefused when the copy is not whole or of a newer version, or the database holds something.
    """
    if not (folder / MANIFEST).exists():
        raise BackupRefused(f"{folder} holds no whole copy: there is no {MANIFEST}")
    manifest = Manifest.model_validate_json((folder / MANIFEST).read_text("utf-8"))
    if not migrate.is_known(manifest.revision):
        raise BackupRefused("the copy was made by a newer version: install that one")
    migrate.upgrade(database, manifest.revision)
    tables = [_plain(one) for one in Base.metadata.sorted_tables if one.name in manifest.rows]
    with database.read() as session:
        filled = [one.name for one in tables if session.execute(select(func.count()).select_from(one)).scalar_one()]
    if filled:
        raise BackupRefused(f"the database is not empty ({', '.join(filled)}): restore into a new one")
    _put_objects(objects, folder / "objects")
    with database.write() as session:
        for one in tables:
            for rows in _batches(one, folder):
                session.execute(insert(one), rows)
    migrate.upgrade(database)
    return manifest


def _plain(declared: Any) -> TableClause:
    """A table without defaults, in which nothing is NULL and not JSON's null."""
    return table(declared.name, *(column(one.name, _type(one.type)) for one in declared.columns))


def _type(declared: TypeEngine[Any]) -> TypeEngine[Any]:
    return JSON(none_as_null=True) if isinstance(declared, JSON) else declared


def _dump(connection: Connection, one: TableClause, folder: Path) -> int:
    """A table's rows into its file; how many."""
    rows = 0
    with (folder / "tables" / f"{one.name}.jsonl").open("w", encoding="utf-8") as file:
        result = connection.execution_options(yield_per=BATCH_ROWS).execute(select(one))
        for row in result.mappings():
            file.write(json.dumps(dict(row), default=_said, ensure_ascii=False) + "\n")
            rows += 1
    return rows


def _said(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def _batches(one: TableClause, folder: Path) -> Iterator[list[dict[str, Any]]]:
    with (folder / "tables" / f"{one.name}.jsonl").open(encoding="utf-8") as file:
        while lines := [*islice(file, BATCH_ROWS)]:
            yield [_row(one, json.loads(line)) for line in lines]


def _row(one: TableClause, said: dict[str, Any]) -> dict[str, Any]:
    return {name: _read(one.c[name].type, value) for name, value in said.items()}


def _read(kind: TypeEngine[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, Uuid):
        return UUID(value)
    if isinstance(kind, UtcDateTime):
        return datetime.fromisoformat(value)
    if isinstance(kind, Enum) and kind.enum_class is not None:
        return kind.enum_class(value)
    return value


def _fetch_objects(objects: ObjectStore, folder: Path) -> tuple[int, int]:
    """Every object that is not here already; how many there are, and their bytes. What is gone meanwhile was purged."""
    count = size = 0
    for info in objects.list_prefix(""):
        path = folder / info.key
        if not path.exists() or path.stat().st_size != info.size_bytes:
            path.parent.mkdir(parents=True, exist_ok=True)
            part = folder.parent / "incoming"
            with objects.open_range(info.key) as body, part.open("wb") as file:
                file.writelines(body)
            part.replace(path)
        count, size = count + 1, size + info.size_bytes
    return count, size


def _put_objects(objects: ObjectStore, folder: Path) -> None:
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        key = path.relative_to(folder).as_posix()
        if not objects.exists(key):
            objects.put_file(key, path, "application/octet-stream")  # the true type stands in the database


def _write(path: Path, text: str) -> None:
    """A file that is there whole or not at all, and on the disk."""
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
