"""What other systems call our statuses: `templates/_shared/status-codes.toml`, and over it the workspace's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from certgen.core.errors import Text
from certgen.core.status import STATUSES, Standing
from certgen.tomlfile import Table

FILE = "status-codes.toml"
_WORDS = frozenset({*STATUSES, "expired"})


@dataclass(frozen=True, slots=True)
class Outward:
    """One other system: its name, and its code for each of our words that it knows."""

    id: str
    title: Text
    codes: Mapping[str, str]

    def code(self, standing: Standing) -> str | None:
        """Give its code for what a document is; None when it has none."""
        return self.codes.get("expired" if standing.status == "issued" and standing.is_over else standing.status)


def load_outward(*files: Path) -> tuple[Outward, ...]:
    """Read systems from files; a later file overrides a system. Raises TemplateError naming file, line and field."""
    systems: dict[str, Outward] = {}
    for file in files:
        top = Table.load(file)
        for name in top.rest():
            systems[name] = _system(name, top.table(name))
        top.close()
    return tuple(systems.values())


def _system(name: str, table: Table) -> Outward:
    title, codes = table.label("title"), table.map("codes")
    table.close()
    if strange := [word for word in codes if word not in _WORDS]:
        wanted = ", ".join(sorted(_WORDS))
        raise table.fault("codes", f"没有状态“{strange[0]}”", f"no status is called {strange[0]!r}; there are {wanted}")
    return Outward(name, title, codes)
