"""Makes a register of a million documents in two minutes, with the rows that the office would have written.

A few hundred licences are issued by the office itself, with their strikes: they are the sample whose PDFs can be
fetched. Their rows are then written again and again under new numbers, codes, sids, salts, digests and places in the
status lists, with a chain of events that `check_events` follows. One licence in twenty has a later event. The
workspace is kept in `bench/.cache`; it is made anew when the tables or this script change (EDITION).
"""

import json
import random
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

from _workspace import KIND, NOW, ORIGIN, office, records

from certgen import events, schema, settings, wiring
from certgen.core import codes, sid
from certgen.core.model import Application
from certgen.database import seconds, sqlite_driver
from certgen.reservations import SLOTS
from certgen.settings import Settings
from certgen.slots import SHARD, shard

CACHE = Path(__file__).parent / ".cache"
EDITION = 1  # raise when what is made changes
_ISSUED = 300  # licences that the office issues itself
_CHUNK = 10_000
_LATER = ("suspended", "cancelled", "cancelled", "superseded", "superseded", "superseded", "withdrawn", "revoked")


def million(count: int = 1_000_000) -> Settings:
    """Give a workspace whose register holds `count` documents; made when there is none yet."""
    home = CACHE / f"register-{schema.REVISION}-{count}-{EDITION}"
    if not (home / "made").exists():
        shutil.rmtree(home, ignore_errors=True)
        chosen = wiring.make_workspace(home, origin=ORIGIN, clock=lambda: NOW)
        _issue(chosen)
        with closing(_open(chosen)) as db:
            _fill(db, count)
        (home / "high-water.jsonl").unlink()  # the office's first few would look like a register gone astray
        (home / "made").touch()
    return settings.load(home)


def sids(chosen: Settings, count: int, seed: int = 1) -> list[str]:
    """Draw sids that the register has, from all over it."""
    chance = random.Random(seed)
    with closing(_open(chosen)) as db:
        (most,) = db.execute("SELECT max(id) FROM requests").fetchone()
        ask = "SELECT sid FROM identities WHERE request_id = ? AND ordinal = ?"
        return [db.execute(ask, (chance.randint(1, most), chance.randrange(2))).fetchone()[0] for _ in range(count)]


def _open(chosen: Settings) -> Any:
    return sqlite_driver().connect(chosen.register.removeprefix("sqlite:///"), isolation_level=None)


def _issue(chosen: Settings) -> None:
    with office(chosen=chosen) as opened:
        list(opened.issuer.issue([Application(KIND, r, f"first-{i}") for i, r in enumerate(records(_ISSUED))]))


def _fill(db: Any, count: int) -> None:
    for pragma in ("synchronous=OFF", "cache_size=-2000000", "wal_autocheckpoint=200000", "foreign_keys=OFF"):
        db.execute(f"PRAGMA {pragma}")
    made = db.execute("SELECT count(*) FROM documents").fetchone()[0]
    writer = _Writer(db)
    while made < count:
        step = min(_CHUNK, (count - made) // 2)
        writer.write(step)
        made += 2 * step
    writer.close()
    db.execute("ANALYZE")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class _Writer:
    """Writes licences after the pattern of those that are there."""

    def __init__(self, db: Any) -> None:
        self.db, self.chance = db, random.Random(7)
        self.requests = db.execute("SELECT * FROM requests ORDER BY id").fetchall()
        self.papers = {
            request[0]: db.execute(
                "SELECT * FROM documents WHERE request_id = ? ORDER BY ordinal", (request[0],)
            ).fetchall()
            for request in self.requests
        }
        self.codes = {r[0]: json.loads(r[12]).get("credit_code", "") for r in self.requests}
        self.counters = dict(db.execute("SELECT scope, highest FROM counters").fetchall())
        self.request, self.document = len(self.requests), db.execute("SELECT max(id) FROM documents").fetchone()[0]
        self.event, self.chain = db.execute("SELECT id, digest FROM events ORDER BY id DESC LIMIT 1").fetchone()
        self.keys = dict(db.execute("SELECT shard, key FROM status_shards").fetchall())

    def write(self, licences: int) -> None:
        """Write some, in one transaction."""
        rows: dict[str, list[tuple[Any, ...]]] = {
            name: [] for name in ("requests", "identities", "documents", "events")
        }
        for _ in range(licences):
            self._licence(rows)
        self.db.execute("BEGIN")
        for table, lines in rows.items():
            marks = ",".join("?" * len(lines[0]))
            self.db.executemany(f"INSERT INTO {table} VALUES ({marks})", lines)
        self.db.execute("COMMIT")

    def close(self) -> None:
        """Write down how far the counters have run."""
        self.db.executemany(
            "UPDATE counters SET highest = ? WHERE scope = ?", [(n, s) for s, n in self.counters.items()]
        )
        self.db.executemany("INSERT OR IGNORE INTO status_shards VALUES (?, ?)", list(self.keys.items()))

    def _licence(self, rows: dict[str, list[tuple[Any, ...]]]) -> None:
        self.request += 1
        old = self.requests[self.request % len(self.requests)]
        counter = old[7]
        self.counters[counter] += 1
        number = codes.make_jy(int(counter[2]), counter[3:], self.counters[counter])
        head = (self.request, f"million-{self.request}", self.chance.randbytes(32), *old[3:8])
        data = old[12]
        rows["requests"].append((*head, self.counters[counter], number, 1, *old[11:12], data))
        code = self.codes[old[0]]
        ours = codes.make_uscc("9", "1", counter[3:], f"M{self.request:08d}"[-8:]) if len(code) == 18 else code
        for ordinal, paper in enumerate(self.papers[old[0]]):
            self._document(rows, ordinal, paper, (code, ours))
        if self.request % 20 == 0:
            status = self.chance.choice(_LATER)
            self._append(rows, (None, None, status, status), "", "")

    def _document(
        self, rows: dict[str, list[tuple[Any, ...]]], ordinal: int, paper: tuple[Any, ...], code: tuple[str, str]
    ) -> None:
        self.document += 1
        name = sid.make(self.chance.getrandbits(60))
        copy = ("original", "duplicate")[ordinal]
        rows["identities"].append((self.request, ordinal, name, copy, self.chance.randbytes(16), *self._slot()))
        pdf, record = self.chance.randbytes(32), self.chance.randbytes(32)
        public = paper[15].replace(*code) if code[0] else paper[15]
        rows["documents"].append((self.document, self.request, *paper[2:11], pdf, record, *paper[13:15], public))
        self._append(rows, (ordinal, self.document, "issued", "issued"), record.hex(), pdf.hex())

    def _slot(self) -> tuple[int, int]:
        self.counters[SLOTS] += 1
        number, position = divmod(self.counters[SLOTS], SHARD)
        key = self.keys.setdefault(number, self.chance.randbytes(32))
        return number, shard(bytes(key)).slot(position)

    def _append(self, rows: dict[str, list[tuple[Any, ...]]], what: tuple[Any, ...], record: str, pdf: str) -> None:
        self.event += 1
        at = seconds(NOW)
        line = (self.event, self.request, *what, at, at, "bench", "", "")
        digests = bytes.fromhex(record) or None, bytes.fromhex(pdf) or None
        self.chain = events.link(bytes(self.chain), line, *digests)
        rows["events"].append((*line, self.chain))


if __name__ == "__main__":
    import time

    begun = time.perf_counter()
    made = million()
    print(f"{made.home}: {time.perf_counter() - begun:.0f} s")
