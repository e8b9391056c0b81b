"""Status lists from files: what a stranger has fetched, or was handed on a stick."""

from collections.abc import Iterable
from pathlib import Path

from certgen.core import statuslist
from certgen.core.errors import CertgenError, FormatError, SettingsError, Text
from certgen.core.statuslist import MAX_BYTES, StatusList
from certgen.core.trustlist import TrustList

SUFFIX = ".cwt"


def load_lists(paths: Iterable[Path], trust: TrustList) -> tuple[StatusList, ...]:
    """Read status lists from files, and from folders all their `*.cwt` (a published folder has them in `status/`).

    Raises SettingsError for a path that cannot be read or a folder without lists, FormatError naming the file for one
    that is no status list of this trust list: whoever was handed such a file should know.
    """
    return tuple(_load(file, trust) for path in paths for file in _files(path))


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted([*path.glob(f"*{SUFFIX}"), *path.glob(f"status/*{SUFFIX}")])
    if not found:
        raise SettingsError(
            Text(f"{path} 中没有状态列表（*{SUFFIX}）", f"there is no status list (*{SUFFIX}) in {path}")
        )
    return found


def _load(file: Path, trust: TrustList) -> StatusList:
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)  # one more is enough to be refused
    except OSError as fault:
        raise SettingsError(
            Text(f"状态列表 {file} 读不出来", f"the status list {file} cannot be read: {fault.strerror}")
        ) from fault
    try:
        return statuslist.decode(data, trust)
    except CertgenError as fault:
        raise FormatError(
            Text(f"{file.name} 不可用：{fault.message.zh}", f"{file.name} cannot be used: {fault.message.en}")
        ) from fault
