"""Issue a batch of 10,000 records, durable and with self-verification, on one process; files are not written out.

    python bench/batch.py [--rows N] [--one-copy]

A record of a licence makes two documents, 正本 and 副本; with `--one-copy` it makes the 副本 alone. The batch runs in a
process of its own, so that its memory is not that of the peer; after every few chunks it waits while the peer
(obvious.py) makes a document. What the peer would take for the batch is its median times the documents. Time runs
from opening the ledger to the last commit, without the waiting.
"""

import argparse
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from statistics import median

from _timing import say
from _workspace import KIND, as_drawn_by_peer, engrave, office, promise, read, records

_PAUSE = 2  # chunks between two documents of the peer
_FIRST = 500  # rows that name every authority and form


def work(rows: int, *, one_copy: bool) -> None:
    """Be the process that issues: report a chunk a line, and wait for a line when the peer is to have its turn."""
    from certgen import batch
    from certgen.issue import Issued
    from certgen.sheet import Row, Sheet

    with office(one_copy=one_copy) as opened:
        made = tuple(Row(i, record) for i, record in enumerate(records(rows), 2))
        table = Sheet(made, sha256(repr((rows, one_copy)).encode()).digest(), {}, Path())
        engraved, plates = time.perf_counter(), engrave(opened.issuer, (row.values for row in made[:_FIRST]))
        engraved = time.perf_counter() - engraved
        before = _peak_kb()
        _report(ready=True)
        cpu = time.process_time()
        began, waited, documents, stored, refused = time.perf_counter(), 0.0, 0, 0, 0
        ledger = batch.open_batch(opened.issuer, KIND, table, ("plain",))
        for turn, results in enumerate(batch.run(opened.issuer, ledger, ("plain",)), 1):
            for result in results:
                if isinstance(result.outcome, Issued):
                    documents += len(result.outcome.documents)
                    stored += sum(len(d.strike) for d in result.outcome.documents)
                else:
                    refused += 1
            if turn % _PAUSE == 0:
                asked = time.perf_counter()
                _report(documents=documents, took=asked - began - waited)
                waited += time.perf_counter() - asked
        took = time.perf_counter() - began - waited
        size = sum(file.stat().st_size for file in opened.settings.home.glob("register.db*"))
        _report(
            documents=documents, refused=refused, took=took, cpu=time.process_time() - cpu, plates=plates,
            engraved=engraved, strike=stored / max(documents, 1), register=size / max(documents, 1), before_kb=before,
            peak_kb=_peak_kb(), done=True,
        )  # fmt: skip


def _report(**facts: object) -> None:
    print(json.dumps(facts), flush=True)
    sys.stdin.readline()


def _peak_kb() -> int:
    """Read the most memory this process has held; getrusage would count that of the process it was forked from."""
    status = Path("/proc/self/status").read_text("ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


def peers() -> Iterator[float]:
    """Make documents the obvious way, a record each; give the seconds that each takes."""
    import obvious

    key, certificate, chain = obvious.make_identity()
    with office() as opened:
        readies = [read(opened.issuer, record, f"peer-{i}") for i, record in enumerate(records(20, seed=2))]
    drawn = [
        as_drawn_by_peer(ready, promise(ready, i, random.Random(i)), obvious.SAMPLE["qr"])
        for i, ready in enumerate(readies)
    ]
    obvious.make_document(drawn[0], key, certificate, chain)  # warm
    while True:
        for one in drawn:
            began = time.perf_counter()
            obvious.make_document(one, key, certificate, chain)
            yield time.perf_counter() - began


def main() -> None:
    """Run the batch beside its peer and print one line a figure."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--rows", type=int, default=10_000, help="records to issue")
    parser.add_argument("--one-copy", action="store_true", help="make the 副本 alone")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.work:
        work(chosen.rows, one_copy=chosen.one_copy)
        return
    command = [sys.executable, __file__, "--work", "--rows", str(chosen.rows), *(["--one-copy"] * chosen.one_copy)]
    peer = peers()
    taken: list[float] = []
    speeds: list[float] = []
    done = before = 0.0
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdin and worker.stdout
        for line in worker.stdout:
            facts = json.loads(line)
            if facts.get("done"):
                worker.stdin.close()
                break
            if "took" in facts:
                speeds.append((facts["documents"] - done) / (facts["took"] - before))
                done, before = facts["documents"], facts["took"]
                taken += [next(peer)]
                print(f"\r{done:,.0f} documents, {done / before:,.0f}/s", end="", file=sys.stderr, flush=True)
            worker.stdin.write("\n")
            worker.stdin.flush()
    print(file=sys.stderr)
    _print(facts, median(taken or [next(peer)]), speeds)


def _print(facts: dict[str, float], peer: float, speeds: list[float]) -> None:
    count, took = int(facts["documents"]), facts["took"]
    speed, theirs = count / took, 1 / peer
    print(f"{count:,} documents recorded, {facts['refused']} records refused, {took:.1f} s, CPU {facts['cpu']:.1f} s")
    against = f"peer {theirs:.1f} ({say(peer)} each), {speed / theirs:.0f}x"
    print(f"documents a second         {speed:>8,.0f}   {against}   must 1,000, aim 1,500")
    if speeds:
        spread = f"median {median(speeds):,.0f}, slowest {min(speeds):,.0f}"
        print(f"  fastest {_PAUSE} chunks         {max(speeds):>8,.0f}   {spread}")
    print(f"documents a second of CPU  {count / facts['cpu']:>8,.0f}   what a core of its own would give")
    before, peak = facts["before_kb"] / 1024, facts["peak_kb"] / 1024
    print(f"peak memory, MB            {peak:>8,.0f}   {before:.0f} before the batch   must 300, aim 200")
    print(f"bytes of a strike          {facts['strike']:>8,.0f}   must 40,000, aim 20,000")
    print(f"register bytes a document  {facts['register']:>8,.0f}")
    print(f"plates engraved beforehand {facts['plates']:>8,.0f}   {facts['engraved']:.1f} s")


if __name__ == "__main__":
    main()
