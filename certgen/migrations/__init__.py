"""The register's schema through time: forward only, each step harmless to the release before it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring a register to the newest revision (or to one before it) inside the caller's transaction.

    Raises alembic.util.CommandError when the register carries a revision this release does not know.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
