"""Transactions: one short block of SQL each, never open while anything slow runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from db.broker.signals import NoSignals, Signals


class Database:
    """Opens read and write blocks on PostgreSQL or SQLite.

    `write` takes SQLite's single writer lock at its start (BEGIN IMMEDIATE), so that a block which reads and then
    writes cannot fail half-way with "database is locked". The threads of this process queue up for it here: SQLite
    itself would let them sleep and try again, the unlucky ones for seconds.
    """

    def __init__(self, url: str, signals: Signals | None = None, *, pool_size: int = 10) -> None:
        self.url = url
        self.signals = signals or NoSignals()
        self.is_sqlite = url.startswith("sqlite")
        self.engine = _sqlite(url) if self.is_sqlite else _postgres(url, pool_size)
        self._turn: AbstractContextManager[object] = threading.Lock() if self.is_sqlite else nullcontext()

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that commits at the end of the block; signals left in it are sent after that."""
        with self._turn, Session(self.engine, expire_on_commit=False) as session:
            session.connection(execution_options={"bm3_begin": "IMMEDIATE"})
            yield session
            session.commit()
        if pending := session.info.pop("signals", []):
            self.signals.send(pending)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that only reads."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    def dispose(self) -> None:
        self.engine.dispose()


def database_now(session: Session) -> datetime:
    """The database's clock, which all workers share; leases are measured by it alone."""
    if session.get_bind().dialect.name == "sqlite":
        return datetime.now(UTC)  # same machine, same clock
    now: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
    return now.astimezone(UTC)


def _postgres(url: str, pool_size: int) -> Engine:
    return create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": 5,
            # A peer that vanished must not hold a worker: the kernel gives up after about 30 s.
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 30_000,
            "options": "-c statement_timeout=30000 -c idle_in_transaction_session_timeout=60000",
        },
    )


def _sqlite(url: str) -> Engine:
    path = url.removeprefix("sqlite:///")
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": 30})
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, see _begin_sqlite
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    mode = connection.get_execution_options().get("bm3_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")
