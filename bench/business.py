"""Issue the business licences of the first year of 27 certificates in one: 15,044 records, 正本 and 副本, in one run.

    python bench/business.py [--rows N]

One process issues, durable and with self-verification; after every tenth chunk it waits while the peer (obvious.py)
makes a document of the same fields and does the least that anybody must (two signatures, one hash of the file). Time
is the issuing process's, without the waiting. Memory is told along the run: it must not grow with it.
"""

import argparse
import json
import random
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path
from statistics import median

from _licences import KIND, licences
from _timing import say
from _workspace import NOW, as_drawn_by_peer, office, promise

LICENCES = 15_044
_PAUSE = 10  # chunks between two turns of the peer
_FIRST = 600  # rows that name every authority, form and copy


def work(rows: int) -> None:
    """Be the process that issues: report a line, and wait for a line when it is the peer's turn."""
    from certgen import batch
    from certgen.core.model import Application
    from certgen.issue import Issued
    from certgen.sheet import Row, Sheet

    with office() as opened:
        made = tuple(Row(i, record) for i, record in enumerate(licences(rows), 2))
        table = Sheet(made, sha256(repr(rows).encode()).digest(), {}, Path())
        for row in made[:_FIRST]:
            ready = opened.issuer.read(Application(KIND, row.values, "engraving"))
            for job in ready.jobs:
                opened.issuer.workshop.plate(job.face, job.engraving, ready.template)
        _report(ready=True)
        cpu = time.process_time()
        began, waited, documents, refused, memory = time.perf_counter(), 0.0, 0, 0, list[int]()
        ledger = batch.open_batch(opened.issuer, KIND, table, ("plain",))
        for turn, results in enumerate(batch.run(opened.issuer, ledger, ("plain",)), 1):
            for result in results:
                done = isinstance(result.outcome, Issued)
                documents += len(result.outcome.documents) if done else 0  # type: ignore[union-attr]
                refused += not done
            if turn % _PAUSE == 0:
                asked = time.perf_counter()
                memory.append(_rss_kb())
                _report(documents=documents, rss_kb=memory[-1])
                waited += time.perf_counter() - asked
        took = time.perf_counter() - began - waited
        _report(
            documents=documents,
            refused=refused,
            took=took,
            cpu=time.process_time() - cpu,
            memory=[*memory, _rss_kb()],
            done=True,
        )


def _report(**facts: object) -> None:
    print(json.dumps(facts), flush=True)
    sys.stdin.readline()


def _rss_kb() -> int:
    status = Path("/proc/self/status").read_text("ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


class Peers:
    """What the figure is held against: the obvious way, and the least that anybody must do."""

    def __init__(self) -> None:
        """Read a few records, and make the first document unmeasured."""
        import obvious

        from certgen.core.model import Application

        self.make, self.identity = obvious.make_document, obvious.make_identity()
        with office() as opened:
            readies = [opened.issuer.read(Application(KIND, r, f"peer-{i}")) for i, r in enumerate(licences(20, 2))]
            promised = [(ready, promise(ready, i, random.Random(i))) for i, ready in enumerate(readies)]
            self.drawn = [as_drawn_by_peer(*each, obvious.SAMPLE["qr"]) for each in promised]
            signed = next(iter(opened.issuer.render(promised[:1], NOW)))
            self.pdf = signed.page.struck.plate.content + signed.strike
            at = readies[0].reading.authority.id
            self.signers = (opened.issuer.seal_of(at).signer, opened.issuer.qr_key_of(at).signer)
            self.took: list[float] = []
            self.least: list[float] = []
            for turn in range(4):
                self.turn(turn)
            self.took.clear()

    def turn(self, turn: int) -> None:
        """Make one document, and sign and hash as often as one document needs it."""
        began = time.perf_counter()
        self.make(self.drawn[turn % len(self.drawn)], *self.identity)
        middle = time.perf_counter()
        for signer in self.signers:
            signer.sign(sha256(self.pdf).digest() if signer is self.signers[0] else bytes(32))
        self.took.append(middle - began)
        self.least.append(time.perf_counter() - middle)


def main() -> None:
    """Run the licences beside the peer and print one line a figure."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--rows", type=int, default=LICENCES, help="licences to issue")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.work:
        work(chosen.rows)
        return
    peers, turn = Peers(), 0
    command = [sys.executable, __file__, "--work", "--rows", str(chosen.rows)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdin and worker.stdout
        for line in worker.stdout:
            facts = json.loads(line)
            if facts.get("done"):
                worker.stdin.close()
                break
            if "documents" in facts:
                peers.turn(turn)
                turn += 1
                print(f"\r{facts['documents']:,} documents", end="", file=sys.stderr, flush=True)
            worker.stdin.write("\n")
            worker.stdin.flush()
    print(file=sys.stderr)
    _print(facts, peers)


def _print(facts: dict[str, float], peers: Peers) -> None:
    count, each = int(facts["documents"]), facts["took"] / facts["documents"]
    spent = f"{facts['took']:.1f} s, CPU {facts['cpu']:.1f} s"
    print(f"{count:,} documents recorded, {facts['refused']} records refused, {spent}; must 30,088 and 0")
    if peers.took:
        theirs, least = median(peers.took), median(peers.least)
        print(f"documents a second  {1 / each:,.0f}   peer {1 / theirs:.1f} ({say(theirs)} each), {theirs / each:.0f}x")
        print(f"of the limit        {each / least:.1f}   two signatures and a hash take {say(least)}")
    memory = [kb / 1024 for kb in facts["memory"]]  # type: ignore[attr-defined]
    tenths = [memory[len(memory) * i // 10] for i in range(10)] + [memory[-1]]
    print("memory along the run, MB: " + " ".join(f"{mb:.0f}" for mb in tenths))


if __name__ == "__main__":
    main()
