"""Licences found by the credit code of who holds them: a new table, filled from what documents already show."""

import sqlalchemy as sa
from alembic import op

from certgen.documents import decode_public
from certgen.findable import codes_of

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


_SOME = sa.text("SELECT id, request_id, public FROM documents WHERE id > :last ORDER BY id LIMIT 1000")
_ENTER = sa.text("INSERT INTO credit_codes (code, request_id) VALUES (:code, :request) ON CONFLICT DO NOTHING")


def upgrade() -> None:
    """Make the table of codes and enter those of every document there is."""
    op.create_table(
        "credit_codes",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"]),
        sa.PrimaryKeyConstraint("code", "request_id"),
        sqlite_with_rowid=False,
    )
    connection, last = op.get_bind(), 0
    while rows := connection.execute(_SOME, {"last": last}).fetchall():
        last = rows[-1][0]
        pairs = {(code, request) for _, request, public in rows for code in codes_of(decode_public(public))}
        for code, request in sorted(pairs):
            connection.execute(_ENTER, {"code": code, "request": request})
