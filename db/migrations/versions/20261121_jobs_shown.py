"""An index that the dashboard's jobs page counts by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SHOWN = sa.text("deleted_at IS NULL AND parent_id IS NULL")


def upgrade() -> None:
    op.create_index(
        "ix_jobs_shown",
        "jobs",
        ["tenant_id", "created_at"],
        unique=False,
        postgresql_include=["state"],
        postgresql_where=SHOWN,
        sqlite_where=SHOWN,
    )


def downgrade() -> None:
    op.drop_index("ix_jobs_shown", table_name="jobs")
