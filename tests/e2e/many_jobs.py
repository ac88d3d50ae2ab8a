"""A tenant with many ended jobs in PostgreSQL, six seconds apart."""

from __future__ import annotations

from sqlalchemy import text

from tests.e2e.job_seeder import JobSeeder

MANY = """
INSERT INTO jobs (id, tenant_id, kind, queue, state, priority, params, labels, created_at, queued_at, started_at,
  finished_at, attempt, epoch, setbacks, losses_here, memory_setbacks, done_ms, total_ms, checkpoint_ms, cue_count,
  event_seq)
SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 19))::uuid,
  tenant_id, kind, queue,
  (ARRAY['succeeded', 'succeeded', 'succeeded', 'failed', 'canceled'])[1 + n % 5], 0, params, labels, at, at, at,
  at + interval '20 s', 1, 1, 0, 0, 0, 60000, 60000, 0, 12, 3
FROM jobs, LATERAL (SELECT n, now() - (n * interval '1 s') * 6 AS at FROM generate_series(1, :jobs) AS n) AS spread
WHERE jobs.id = :like
"""


def many_jobs(seeder: JobSeeder, count: int) -> None:
    """Write them as one statement, and let the planner know."""
    like = seeder.video("like.mp4", labels={"site": "north"})
    database = seeder.inside.services.database
    with database.write() as session:
        session.execute(text(MANY), {"jobs": count, "like": like})
    with database.engine.connect() as link:
        link.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE jobs"))
