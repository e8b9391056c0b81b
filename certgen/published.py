"""What lies in the published folder, as a web server gives it away. Reads; writes nothing and opens no key.

<home>/published/
  status/<n>.cwt     status list of shard n                            GET /status/<n>
  trust.cose         the trust list                                    GET /trust.cose
  root.crt.pem       the root certificate                              GET /root.crt.pem
  vectors/*.json     frozen test vectors, for writers of verifiers     GET /vectors/<name>.json
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from certgen.core import statuslist
from certgen.core.errors import FormatError

TRUST, ROOT, STATUS, VECTORS = "trust.cose", "root.crt.pem", "status", "vectors"
MEDIA_TYPES = {
    STATUS: statuslist.MEDIA_TYPE,
    TRUST: 'application/cose; cose-type="cose-sign1"',  # RFC 9052, section 11.3
    ROOT: "application/x-pem-file",
    VECTORS: "application/json",
}
_MAX_AGE_S = {TRUST: 3600, ROOT: 86_400, VECTORS: 86_400}  # a key marked as stolen should be known within the hour
_LEAST_AGE_S = 60  # of a list that should have been signed anew by now
_PATH = re.compile(
    r"(status)/(0|[1-9][0-9]{0,9})|(trust\.cose)|(root\.crt\.pem)|(vectors)/([a-z0-9-]{1,64}\.json)", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Resource:
    """One answer. `etag` has its quotes and follows from the content alone; `last_modified` is UTC, whole seconds."""

    content: bytes
    media_type: str
    etag: str
    last_modified: datetime
    max_age_s: int


class Published:
    """The published folder. Files are read when they change."""

    __slots__ = ("_folder", "_known")

    def __init__(self, folder: Path) -> None:
        """Look into `<home>/published`, which need not be there yet."""
        self._folder = folder
        self._known: dict[str, tuple[tuple[int, int, int], Resource, datetime | None]] = {}

    def get(self, path: str, now: datetime) -> Resource | None:
        """Give what is published at a path without its leading slash, such as `status/0`; None for nothing.

        Only the paths above are looked for, so no path leads out of the folder.
        """
        match = _PATH.fullmatch(path)
        if match is None:
            return None
        kind = next(kind for kind in MEDIA_TYPES if kind in match.groups())
        try:
            resource, due = self._read(kind, path + (".cwt" if kind == STATUS else ""))
        except (OSError, FormatError):  # not published, or something else lies there
            return None
        if due is None:
            return resource
        left = int((due - now).total_seconds())
        age = max(_LEAST_AGE_S, min(left, resource.max_age_s))
        return Resource(resource.content, resource.media_type, resource.etag, resource.last_modified, age)

    def shards(self) -> tuple[int, ...]:
        """List the shards that have a status list."""
        names = (file.stem for file in (self._folder / STATUS).glob("*.cwt"))
        return tuple(sorted(int(name) for name in names if _PATH.fullmatch(f"{STATUS}/{name}")))

    def _read(self, kind: str, name: str) -> tuple[Resource, datetime | None]:
        """Read a file, or remember it; for a status list say too when a newer one is due."""
        file = self._folder / name
        found = file.stat()
        stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
        known = self._known.get(name)
        if known is None or known[0] != stamp:
            content = file.read_bytes()
            modified = datetime.fromtimestamp(int(found.st_mtime), UTC)
            max_age, due = _MAX_AGE_S.get(kind, 0), None
            if kind == STATUS:
                peeked = statuslist.peek(content)
                modified, max_age, due = peeked.issued_at, peeked.ttl_s, peeked.due_at
            etag = f'"{sha256(content).hexdigest()[:32]}"'
            known = self._known[name] = stamp, Resource(content, MEDIA_TYPES[kind], etag, modified, max_age), due
        return known[1], known[2]
