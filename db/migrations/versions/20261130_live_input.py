"""Live input: when somebody asked for its good end, and what its recordings take in the object store."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("stop_requested_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("jobs", sa.Column("recorded_bytes", sa.BigInteger(), server_default="0", nullable=False))
    recorded = sa.text("recorded_bytes > 0")
    op.create_index(
        "ix_jobs_recorded", "jobs", ["tenant_id"], postgresql_where=recorded, sqlite_where=recorded, unique=False
    )


def downgrade() -> None:
    op.drop_index("ix_jobs_recorded", table_name="jobs")
    op.drop_column("jobs", "recorded_bytes")
    op.drop_column("jobs", "stop_requested_at")
