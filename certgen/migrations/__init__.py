"""The register's schema through time: forward only, each step harmless to the release before it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def upgrade(connection: Connection) -> None:
    """Bring a register to the newest revision inside the caller's transaction.

    Raises alembic.util.CommandError when the register carries a revision this release does not know.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
