"""Runs migrations against the database of the settings, or against the connection a test hands in."""

from __future__ import annotations

from typing import Literal

from alembic import context
from sqlalchemy import JSON, Connection

import db.schema.models
from db.schema import cue_words
from db.schema.base import UtcDateTime
from db.session import Database
from db.settings import settings

target = db.schema.models.Base.metadata


def render_item(kind: str, item: object, _: object) -> str | Literal[False]:
    """Write our column types as plain SQLAlchemy, so that old migrations do not depend on today's code."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, JSON):
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=target,
        render_as_batch=connection.dialect.name == "sqlite",  # SQLite cannot ALTER in place
        compare_type=True,
        include_name=cue_words.is_declared,
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()


def offline() -> None:
    context.configure(url=settings().database(), target_metadata=target, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    offline()
elif (given := context.config.attributes.get("connection")) is not None:
    run(given)
else:
    database = Database(settings().database())
    with database.engine.connect() as opened:
        run(opened)
        opened.commit()
    database.dispose()
