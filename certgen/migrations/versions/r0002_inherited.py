"""Licences of older systems: a new table, which the release before this one does not look at."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of inherited licences; the numbers themselves stay in `used_numbers`."""
    op.create_table(
        "inherited",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("credit_code", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Text(), nullable=True),
        sa.Column("valid_until", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["number", "kind"], ["used_numbers.number", "used_numbers.kind"]),
        sa.PrimaryKeyConstraint("number", "kind"),
        sqlite_with_rowid=False,
    )
