"""Run by Alembic: works on the connection that `certgen.migrations.upgrade` was handed, never on one of its own."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
