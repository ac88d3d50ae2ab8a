"""What the jobs page asks of many jobs in PostgreSQL is answered from indices; how fast, `bench_dashboard` measures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from db.jobs import overview
from db.jobs.jobs import Filter
from tests.api.running_app import running_app
from tests.e2e.job_seeder import JobSeeder
from tests.e2e.many_jobs import many_jobs


def test_neither_the_histogram_nor_a_look_for_changes_reads_the_whole_table(postgres_url: str, tmp_path: Path) -> None:
    with running_app(tmp_path, postgres_url, live=False) as here:
        seeder, now = JobSeeder(here), datetime.now(UTC)
        many_jobs(seeder, 20_000)
        with here.services.database.read() as session, _asked(here.services.database.engine) as asked:
            overview.histogram(session, seeder.tenant_id, Filter(), now - timedelta(hours=4), timedelta(minutes=5), now)
            overview.pulse(session, seeder.tenant_id)
            for statement, parameters in [*asked]:
                plan = session.connection().exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars().all()
                assert not [line for line in plan if re.search(r"Seq Scan on jobs", line)], "\n".join(plan)


@contextmanager
def _asked(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    """The statements that are sent meanwhile."""
    found: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Sequence[Any], *___: Any) -> None:
        found.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)
