"""What jobs and attempts cost, where a price is set."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("cost", sa.Double(), nullable=True))
    op.add_column("job_attempts", sa.Column("cost", sa.Double(), nullable=True))


def downgrade() -> None:
    op.drop_column("job_attempts", "cost")
    op.drop_column("jobs", "cost")
