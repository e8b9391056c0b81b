"""A kind that changes another one: `extends = "snack-stall"` at the top of its `template.toml`.

Its folder lies over the other's. Tables are overridden key by key – fields, copies and forms by their names – and a
file it does not have is the other's: layouts, art, common characters, records. Lists are replaced as a whole.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

from certgen.tomlfile import Table

SHIPPED = Path(__file__).parent.parent / "templates"
FILE = "template.toml"
_SLUG = "[a-z0-9][a-z0-9-]{0,39}"
_DEEPEST = 5  # overlays of overlays; more is a mistake


def load_layers(folder: Path, shipped: Path = SHIPPED) -> tuple[Table, tuple[Path, ...]]:
    """Read `template.toml` with everything under it; gives the table, and the folders from the top down.

    The kind that is extended lies beside the folder or among the shipped ones; an overlay may bear its name. Raises
    TemplateError when there is none.
    """
    layers, tables = [folder], [Table.load(folder / FILE)]
    while tables[-1].has("extends"):
        name = tables[-1].text("extends", shape=_SLUG)
        places = [root / name for root in (layers[-1].parent, shipped)]
        seen = {layer.resolve() for layer in layers}
        under = next((p for p in places if (p / FILE).is_file() and p.resolve() not in seen), None)
        if under is None or len(layers) == _DEEPEST:
            zh, en = f"没有可供扩展的种类“{name}”", f"there is no kind {name!r} to extend"
            raise tables[-1].fault("extends", zh, en)
        layers.append(under)
        tables.append(Table.load(under / FILE))
    top = tables[-1]
    for table in reversed(tables[:-1]):
        top = table.over(top)
    return top, tuple(layers)


def digest_of(layers: tuple[Path, ...], digest: Callable[[Path], str]) -> str:
    """Give the digest of a kind: its folder's own, or one over those of all its layers."""
    digests = [digest(layer) for layer in layers]
    return digests[0] if len(digests) == 1 else hashlib.sha256("\n".join(digests).encode()).hexdigest()


def find(layers: tuple[Path, ...], name: str) -> Path:
    """Find a file of a kind in its topmost layer that has it; where it would be, when none has."""
    return next((layer / name for layer in layers if (layer / name).is_file()), layers[0] / name)
