"""Full text over the cues of a tenant: the newest job's first, in a job from its beginning on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, cast, func, or_, select, text
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session

from db.documents.search_query import Phrase, SearchQuery
from db.jobs.jobs import Filter, conditions
from db.schema.cue_words import INDEX, LAST_SEQ, NUMBERS, SEQ_BITS, WORDS
from db.schema.tables import CueRow, Job

# Read one by one before the index is asked: words of every other cue are found there at once, and the index, which
# has no order, would have to name them all.
RECENT, RECENT_JOBS = 10_000, 200
EVERY_JOB = Filter()


@dataclass(frozen=True)
class CuePlace:
    """A cue: its job and its number there."""

    job_id: UUID
    seq: int


@dataclass(frozen=True)
class SearchQuestion:
    """What to look for and where; `jobs` narrows it to some of the tenant's jobs, `after` is the last hit seen."""

    query: SearchQuery
    jobs: Filter = EVERY_JOB
    job_id: UUID | None = None
    after: CuePlace | None = None


@dataclass(frozen=True)
class FoundCue:
    """A hit with its job."""

    cue: CueRow
    job: Job


def find(session: Session, tenant_id: UUID, asked: SearchQuestion, limit: int) -> list[FoundCue]:
    """At most `limit` cues that fit. Deleted jobs and other tenants' have none."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    places = (_sqlite_places if is_sqlite else _postgres_places)(session, tenant_id, asked, limit)
    return _found(session, places)


def _found(session: Session, places: Sequence[CuePlace]) -> list[FoundCue]:
    """The cues at these places. Asked job by job: SQLite would read the whole table for a list of pairs."""
    if not places:
        return []
    by_job: dict[UUID, list[int]] = {}
    for place in places:
        by_job.setdefault(place.job_id, []).append(place.seq)
    wanted = [and_(CueRow.job_id == job_id, CueRow.seq.in_(numbers)) for job_id, numbers in by_job.items()]
    cues = {CuePlace(cue.job_id, cue.seq): cue for cue in session.scalars(select(CueRow).where(or_(*wanted)))}
    jobs = {job.id: job for job in session.scalars(select(Job).where(Job.id.in_([*by_job])))}
    return [FoundCue(cues[at], jobs[at.job_id]) for at in places if at in cues and at.job_id in jobs]


def _shown(tenant_id: UUID, asked: SearchQuestion) -> list[ColumnElement[bool]]:
    """The jobs in which to look."""
    tests = [Job.tenant_id == tenant_id, Job.deleted_at.is_(None), *conditions(asked.jobs)]
    return tests if asked.job_id is None else [*tests, Job.id == asked.job_id]


# PostgreSQL


def _postgres_places(session: Session, tenant_id: UUID, asked: SearchQuestion, limit: int) -> list[CuePlace]:
    """Each part is one scan of one index whatever the planner knows of the tables: fresh ones have no statistics."""
    query = cast(_tsquery(tenant_id, asked), TSQUERY)
    jobs = [asked.job_id] if asked.job_id is not None else _recent_jobs(session, tenant_id, asked)
    # Read whole before anything is compared, or the planner may take a common word's index instead.
    near = select(*WORDS.c).where(WORDS.c.job_id.in_(jobs), *_beyond_last(asked))
    recent = near.cte("recent").prefix_with("MATERIALIZED", dialect="postgresql")
    fitting = select(recent.c.job_id, recent.c.seq).join(Job, Job.id == recent.c.job_id)
    fitting = fitting.where(recent.c.words.op("@@")(query), *_shown(tenant_id, asked))
    found = _places(session, fitting.order_by(recent.c.job_id.desc(), recent.c.seq).limit(limit))
    if len(found) == limit or asked.job_id is not None:
        return found
    cues = select(WORDS.c.job_id, WORDS.c.seq).where(WORDS.c.words.op("@@")(query), *_beyond_last(asked))
    hits = cues.cte("hits").prefix_with("MATERIALIZED", dialect="postgresql")
    shown = select(hits.c.job_id, hits.c.seq).join(Job, Job.id == hits.c.job_id).where(*_shown(tenant_id, asked))
    return _places(session, shown.order_by(hits.c.job_id.desc(), hits.c.seq).limit(limit))


def _recent_jobs(session: Session, tenant_id: UUID, asked: SearchQuestion) -> list[UUID]:
    """The newest jobs to look in that have RECENT cues together."""
    jobs = select(Job.id, Job.cue_count).where(*_shown(tenant_id, asked), Job.cue_count > 0)
    if asked.after is not None:
        jobs = jobs.where(Job.id <= asked.after.job_id)
    chosen: list[UUID] = []
    cues = 0
    for job_id, count in session.execute(jobs.order_by(Job.id.desc()).limit(RECENT_JOBS)):
        if cues >= RECENT:
            break
        chosen.append(job_id)
        cues += count
    return chosen


def _beyond_last(asked: SearchQuestion) -> list[ColumnElement[bool]]:
    if asked.after is None:
        return []
    job_id, seq = asked.after.job_id, asked.after.seq
    return [WORDS.c.job_id <= job_id, or_(WORDS.c.job_id < job_id, WORDS.c.seq > seq)]


def _places(session: Session, statement: Select[Any]) -> list[CuePlace]:
    return [CuePlace(job_id, seq) for job_id, seq in session.execute(statement)]


def _tsquery(tenant_id: UUID, asked: SearchQuestion) -> str:
    """The query in PostgreSQL's language. Words of tenants and labels have a colon, which words of cues never have."""
    own = [_quoted(f"t:{tenant_id}")]
    if asked.jobs.label is not None:
        own.append(_quoted("l:{}:{}".format(*asked.jobs.label)))
    wanted = [_tsphrase(phrase) for phrase in asked.query.wanted]
    return " & ".join([*own, *wanted, *(f"!{_tsphrase(phrase)}" for phrase in asked.query.unwanted)])


def _tsphrase(phrase: Phrase) -> str:
    last = len(phrase.words) - 1
    words = [_tsword(word, prefix=phrase.prefix and n == last) for n, word in enumerate(phrase.words)]
    return f"({' <-> '.join(words)})"


def _tsword(word: str, *, prefix: bool) -> str:
    """A database without a locale lowers ASCII only: other words are looked for as they may stand there."""
    forms = [word] if word.isascii() else sorted({word, word.upper(), word.capitalize()})
    return f"({' | '.join(_quoted(form) + (':*' if prefix else '') for form in forms)})"


def _quoted(lexeme: str) -> str:
    return "'{}'".format(lexeme.replace("\\", "\\\\").replace("'", "''"))


# SQLite


def _sqlite_places(session: Session, tenant_id: UUID, asked: SearchQuestion, limit: int) -> list[CuePlace]:
    number = INDEX.c.rowid
    tests: list[Any] = [
        text("cue_words MATCH :words").bindparams(words=_fts_query(tenant_id, asked)),
        *_shown(tenant_id, asked),
    ]
    tests += [number >= low for low in _lowest(session, tenant_id, asked)]
    tests += [number < high for high in _beyond(session, tenant_id, asked)]
    statement = (
        select(NUMBERS.c.job_id, number)
        .select_from(INDEX)
        .join(NUMBERS, NUMBERS.c.number == number.op(">>")(SEQ_BITS))
        .join(Job, Job.id == NUMBERS.c.job_id)
        .where(*tests)
        .order_by(number.desc())
        .limit(limit)
    )
    return [CuePlace(job_id, LAST_SEQ - (found & LAST_SEQ)) for job_id, found in session.execute(statement)]


def _lowest(session: Session, tenant_id: UUID, asked: SearchQuestion) -> Iterable[int]:
    """Numbers below which no hit can be."""
    if asked.job_id is not None or asked.jobs.created_after is not None:
        first = session.scalar(_numbered(tenant_id, asked, func.min(NUMBERS.c.number)))
        yield (first if first is not None else 1) << SEQ_BITS


def _beyond(session: Session, tenant_id: UUID, asked: SearchQuestion) -> Iterable[int]:
    """Numbers at and above which no hit can be."""
    if asked.job_id is not None or asked.jobs.created_before is not None:
        last = session.scalar(_numbered(tenant_id, asked, func.max(NUMBERS.c.number)))
        yield (last + 1 if last is not None else 0) << SEQ_BITS
    if asked.after is not None:
        yield _number(session, asked.after)


def _numbered(tenant_id: UUID, asked: SearchQuestion, what: ColumnElement[int]) -> Select[Any]:
    return select(what).join(Job, Job.id == NUMBERS.c.job_id).where(*_shown(tenant_id, asked))


def _number(session: Session, place: CuePlace) -> int:
    """Where a cue stands in the index, or would, were its job not gone."""
    own = session.scalar(select(NUMBERS.c.number).where(NUMBERS.c.job_id == place.job_id))
    if own is not None:
        return (int(own) << SEQ_BITS) + LAST_SEQ - place.seq
    older = session.scalar(select(func.max(NUMBERS.c.number)).where(NUMBERS.c.job_id < place.job_id))
    return (int(older or 0) + 1) << SEQ_BITS


def _fts_query(tenant_id: UUID, asked: SearchQuestion) -> str:
    """The query in FTS5's language; only letters and digits stand in its quotes."""
    own = [f'"t{tenant_id.hex}"']
    if asked.jobs.label is not None:
        own.append(f'"l{"{}:{}".format(*asked.jobs.label).encode().hex()}"')
    wanted = " AND ".join(map(_fts_phrase, asked.query.wanted))
    found = f"{{scope}} : ({' AND '.join(own)}) AND {{text}} : ({wanted})"
    unwanted = " OR ".join(map(_fts_phrase, asked.query.unwanted))
    return f"({found}) NOT ({{text}} : ({unwanted}))" if unwanted else found


def _fts_phrase(phrase: Phrase) -> str:
    return f'"{" ".join(phrase.words)}"' + (" *" if phrase.prefix else "")
