"""The life of licences: new tables for new versions and for what only one licence may have, and an index of changes.

Nothing of the release before is altered; it does not look at what is new.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

big_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables of successions and holds, and find changes without reading what was merely issued."""
    op.create_table(
        "successions",
        sa.Column("request_id", big_id, autoincrement=False, nullable=False),
        sa.Column("previous_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"]),
        sa.ForeignKeyConstraint(["previous_id"], ["requests.id"]),
        sa.PrimaryKeyConstraint("request_id"),
    )
    op.create_index("successions_of_previous", "successions", ["previous_id"], unique=False)
    op.create_table(
        "holds",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"]),
        sa.PrimaryKeyConstraint("digest", "request_id"),
        sqlite_with_rowid=False,
    )
    op.create_table("hold_rules", sa.Column("rule", sa.LargeBinary(), nullable=False), sa.PrimaryKeyConstraint("rule"))
    op.create_index(
        "events_of_changes",
        "events",
        ["request_id"],
        unique=False,
        sqlite_where=sa.text("action != 'issued'"),
        postgresql_where=sa.text("action != 'issued'"),
    )
