"""How large status lists are, and how long they take: a million documents, four bits each.

    python bench/lists.py                 sizes and times from an array of statuses
    python bench/lists.py --register      and from a register of a million documents (SQLite; made first, half a minute)

Documents lie in shards of 131,072 places in random order, so a million fill seven and 63 % of an eighth; the other
places of that one say *never issued*. What is not in force is assumed to be, of a hundred: 62 superseded (renewed,
changed, replaced), 20 cancelled, 7 void, 4 revoked, 3 suspended, 2 withdrawn, 2 annulled. The peer is zlib at its
highest level, as the draft recommends; the limit is the entropy of the statuses, which no code goes below.
"""

import argparse
import random
import sys
import tempfile
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import numpy as np
from _timing import interleave, row, say
from cryptography.hazmat.primitives.asymmetric import ec

from certgen.core import statuslist, trustlist
from certgen.core.errors import Text
from certgen.core.status import Status
from certgen.core.statuslist import ENTRIES, StatusList
from certgen.register import Register
from keys.signer import signer_of

DOCUMENTS = 1_000_000
NOW = datetime(2026, 11, 23, 1, 12, tzinfo=UTC)
MIX: dict[Status, int] = {
    "superseded": 62, "cancelled": 20, "void": 7, "revoked": 4, "suspended": 3, "withdrawn": 2, "annulled": 2,
}  # fmt: skip
KEY = signer_of(ec.derive_private_key(421200, ec.SECP256R1()), b"", (), specimen=True, name="bench")
WANTED_BYTES, WANTED_S = 90_000, 2.0


def shards(share: float) -> list[list[tuple[int, Status]]]:
    """Draw a million documents into shards; the same ones in every run."""
    chance = random.Random(2026)
    words: list[Status] = ["issued", *MIX]
    weights = [1 - share, *(share * part / 100 for part in MIX.values())]
    drawn = []
    for begin in range(0, DOCUMENTS, ENTRIES):
        places = chance.sample(range(ENTRIES), min(ENTRIES, DOCUMENTS - begin))
        drawn.append(list(zip(places, chance.choices(words, weights, k=len(places)), strict=True)))
    return drawn


def build(shard: int, packed: bytes) -> bytes:
    """Deflate and sign one list."""
    uri = statuslist.uri_of("https://licence.example.cn", shard)
    return statuslist.encode(StatusList(uri, NOW, NOW + timedelta(days=1), 3600, packed), KEY)


def entropy_bytes(packed: bytes) -> float:
    """Give the bytes that the statuses of one list need, told independently of each other."""
    pairs = np.frombuffer(packed, np.uint8)
    counts = np.bincount(np.concatenate([pairs & 15, pairs >> 4]))
    shares = counts[counts > 0] / ENTRIES
    return float(-(shares * np.log2(shares)).sum()) * ENTRIES / 8


def measure(share: float) -> None:
    """Print size and time for a share of documents that are not in force."""
    drawn = shards(share)
    packed = [statuslist.pack(one) for one in drawn]
    lists = [build(i, one) for i, one in enumerate(packed)]
    took = interleave(
        {
            "pack": lambda: [statuslist.pack(one) for one in drawn],
            "build": lambda: [build(i, one) for i, one in enumerate(packed)],
            "peer": lambda: [zlib.compress(one, 9) for one in packed],
        },
        5,
    )
    size, peer = sum(map(len, lists)), sum(len(zlib.compress(one, 9)) for one in packed)
    limit, wanted = sum(map(entropy_bytes, packed)), f"must {WANTED_BYTES:,}" if share == 0.05 else ""
    print(
        f"{share:>4.0%} not in force: all lists, bytes           {size:>9,}   peer {peer:>9,}   {peer / size:>6.2f}x"
        f"   limit {limit:>9,.0f}   {size / limit:>5.2f} of it   {wanted}".rstrip()
    )
    full, last = len(lists[0]), len(lists[-1])
    print(f"      one full list {full:,} bytes, the last (37 % never issued) {last:,}; raw {len(packed) * 65_536:,}")
    print(row("      from the array of statuses: packed", took["pack"]))
    print(row("      deflated and signed; peer zlib -9 alone", took["build"], took["peer"]))
    whole = took["pack"] + took["build"]
    print(row("      built, both together", whole, wanted=f"must {WANTED_S:g} s" if share == 0.05 else ""))
    if share == 0.05 and (size > WANTED_BYTES or whole > WANTED_S):
        raise SystemExit("the lists are larger or slower than they must be")


def read() -> None:
    """Print how long a reader needs for one list, and for one place in it."""
    entry = trustlist.entry_of(
        use="status", algorithm="ES256", authority="service", authority_name=Text("中心", "centre"), kinds=("*",),
        spki=KEY.public_key, certificate=b"", chain=(), not_before=NOW, not_after=NOW, compromised_at=None,
        specimen=True,
    )  # fmt: skip
    trust = trustlist.TrustList(NOW, 3600, ("licence.example.cn",), (entry,))
    data = build(0, statuslist.pack(shards(0.05)[0]))
    found = statuslist.decode(data, trust)
    took = interleave({"decode": lambda: statuslist.decode(data, trust), "ask": lambda: found.status(77_777)}, 30)
    print(row("a reader: signature, inflating, one full list", took["decode"]))
    print(row("a reader: one place", took["ask"]))


def from_register() -> None:
    """Print how long it takes to read the statuses of a million documents from a register."""
    with tempfile.TemporaryDirectory() as folder:
        register = Register.open(f"sqlite:///{folder}/register.db", high_water=Path(folder) / "high-water.jsonl")
        started = perf_counter()
        _fill(register)
        print(f"(a register of {DOCUMENTS:,} documents, 5 % not in force, made in {say(perf_counter() - started)})")
        times: dict[str, float] = {}
        started = perf_counter()
        packed = [statuslist.pack(register.slots(shard, NOW)) for shard in register.shards()]
        times["read"] = perf_counter() - started
        for i, one in enumerate(packed):
            build(i, one)
        times["whole"] = perf_counter() - started
        print(row("from the register: statuses read and packed", times["read"]))
        print(row("from the register: all eight lists, built", times["whole"]))
        started = perf_counter()
        build(7, statuslist.pack(register.slots(7, NOW)))
        print(row("after one document: its shard read and built", perf_counter() - started))
        took = interleave({"seen": lambda: register.shards_changed(register.last_event(), NOW, NOW)}, 3)
        print(row("nothing happened: finding that out", took["seen"]))
        register.close()


def _fill(register: Register) -> None:
    """Put a million documents into a register by plain SQL: what statuses are read from, and what must be there."""
    at = int(NOW.timestamp())
    drawn = [(shard, *one) for shard, places in enumerate(shards(0.05)) for one in places]
    fixed: dict[str, dict[str, object]] = {
        "requests": {
            "body_digest": b"", "kind": "food-business", "form": "2023", "authority": "421200", "template_digest": "",
            "counter": "JY1421200", "version": 1, "reserved_at": at, "data": b"",
        },
        "identities": {"ordinal": 0, "copy": "original", "salt": b""},
        "documents": {
            "ordinal": 0, "paper": "plain", "title_zh": "", "title_en": "", "authority_name": "", "issued_at": at,
            "issued_on": "2026-01-01", "valid_from": "2026-01-01", "record_digest": b"", "signer": b"",
            "plate": b"plate", "public": "[]",
        },
        "events": {"at": at, "effective_at": at, "actor": "", "basis": "", "reason": "", "digest": b""},
    }  # fmt: skip
    with register._database.writing() as db:
        db.run("INSERT INTO counters (scope, first, highest, shapes) VALUES ('JY1421200', 1, ?, '[]')", (DOCUMENTS,))
        db.run("INSERT INTO plates (digest, content) VALUES (?, ?)", (b"plate", b""))
        db.run_many("INSERT INTO status_shards (shard, key) VALUES (?, ?)", [(n, bytes(32)) for n in range(8)])

        def insert(table: str, columns: str, rows: list[tuple[object, ...]]) -> None:
            same = fixed[table]
            names = [*columns.split(), *same]
            places = ", ".join("?" * len(names))
            statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})"
            db.run_many(statement, [(*one, *same.values()) for one in rows])

        for begin in range(0, DOCUMENTS, 50_000):
            part = list(enumerate(drawn[begin : begin + 50_000], begin + 1))
            insert("requests", "id request_key sequence number", [(i, f"r{i}", i, f"JY{i:014}") for i, _ in part])
            insert("identities", "request_id sid shard slot", [(i, f"{i:012}", *one[:2]) for i, one in part])
            insert("documents", "id request_id pdf_digest", [(i, i, b"%d" % i) for i, _ in part])
            insert("events", "id request_id action status", [(i, i, "issued", "issued") for i, _ in part])
        ended = [(i, status) for i, (_, _, status) in enumerate(drawn, 1) if status != "issued"]
        insert("events", "id request_id action status", [(DOCUMENTS + n, i, s, s) for n, (i, s) in enumerate(ended, 1)])


def main() -> None:
    """Print one line a figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--register", action="store_true", help="measure from a register too")
    arguments = parser.parse_args()
    for share in (0.05, 0.20):
        measure(share)
    read()
    if arguments.register:
        from_register()
    sys.stdout.flush()


if __name__ == "__main__":
    main()
