"""The words of cues, which a migration's triggers keep; no class of ours writes them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import TSVECTOR

_kept_by_triggers = MetaData()

# PostgreSQL: the words of a cue, with those of its tenant and labels.
WORDS = Table(
    "cue_words",
    _kept_by_triggers,
    Column("job_id", Uuid(), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("words", TSVECTOR),
)
# SQLite: an FTS5 index whose entries are numbered job by job, see SEQ_BITS.
INDEX = Table(
    "cue_words", MetaData(), Column("rowid", BigInteger, primary_key=True), Column("cue_words", Text), quote=False
)
NUMBERS = Table(
    "cue_words_jobs",
    _kept_by_triggers,
    Column("number", BigInteger, primary_key=True),
    Column("job_id", Uuid(), unique=True),
    Column("scope", String),
)
SEQ_BITS = 24
LAST_SEQ = (1 << SEQ_BITS) - 1


def is_declared(name: str | None, kind: str, *_: object) -> bool:
    """Whether a table of the database is one that `Base` declares: what alembic compares."""
    return kind != "table" or name is None or not name.startswith("cue_words")
