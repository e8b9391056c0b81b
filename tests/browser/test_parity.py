"""The pages' own verifier against Python's: the same verdict and the same findings for every text and every list."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from api.facts import Showing
from certgen.core import cose, statuslist, trustlist
from certgen.core.errors import CertgenError, Text
from tests.browser.site import Site
from tests.verify.builder import CERTIFICATE, HOST, NOW, Book, Office, other
from tests.verify.test_qr_vectors import at_hand, bytes_of, frozen, judged, plain

pytestmark = pytest.mark.slow  # a browser and a service start first

STATUS_VECTORS = Path(__file__).parents[1] / "vectors" / "statuslist.json"

# Loads the modules that the page itself loads, and judges each row as the page would.
JUDGE = """async ({root, trust, lists, rows}) => {
  const folder = document.querySelector("link[rel=modulepreload]").href.replace(/[^/]*$/, "");
  const [cose, trusts, statuses, judge] = await Promise.all(
    ["cose.js", "trust.js", "statuslist.js", "judge.js"].map((name) => import(folder + name)));
  const pinned = cose.bytes(root);
  const believed = {};
  for (const [name, data] of Object.entries(trust)) believed[name] = await trusts.decode(cose.bytes(data), pinned);
  const answers = [];
  for (const row of rows) {
    const kept = new Map();
    for (const name of row.lists) {
      const list = await statuses.decode(cose.bytes(lists[name]), believed[row.trust]);
      if (!kept.has(list.shard) || kept.get(list.shard).issuedAt <= list.issuedAt) kept.set(list.shard, list);
    }
    const known = {
      trust: believed[row.trust], lists: kept, answer: row.answer || null, isLost: row.isLost || false, now: row.now};
    const {verdict, findings} = await judge.judge(row.text, known);
    answers.push({verdict, findings: findings.map((one) => [one.rule, one.ok])});
  }
  return answers;
}"""
READ = """async ({root, trust, data}) => {
  const folder = document.querySelector("link[rel=modulepreload]").href.replace(/[^/]*$/, "");
  const names = ["cose.js", "trust.js", "statuslist.js"];
  const [cose, trusts, statuses] = await Promise.all(names.map((name) => import(folder + name)));
  const believed = trust && await trusts.decode(cose.bytes(trust), cose.bytes(root));
  const read = async (one) => {
    if (!trust) return {hosts: (await trusts.decode(cose.bytes(one), cose.bytes(root))).hosts};
    const list = await statuses.decode(cose.bytes(one), believed);
    const found = {};
    for (let at = 0; at < 131072; at++) if (statuses.statusAt(list, at)) found[at] = statuses.statusAt(list, at);
    return {iat: list.issuedAt, exp: list.expiresAt, shard: list.shard, statuses: found};
  };
  return Promise.all(data.map((one) => read(one).catch((fault) => fault.message)));
}"""


@pytest.fixture
def bench(page: Page, site: Site) -> Page:
    """A page that has the modules at hand."""
    page.goto(f"{site.origin}/shell")
    return page


def rows_of(texts: list[str], **more: object) -> list[dict[str, Any]]:
    return [{"text": text, "trust": "current", "lists": [], "now": int(NOW.timestamp()), **more} for text in texts]


def ask(page: Page, vectors: Any, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    given = {"root": vectors["root_spki"], "trust": vectors["trust"], "lists": vectors["lists"], "rows": rows}
    answers: list[dict[str, Any]] = page.evaluate(JUDGE, given)
    return answers


def test_every_frozen_text_is_judged_as_python_judges_it(bench: Page) -> None:
    vectors = frozen()
    for case, found in zip(vectors["texts"], ask(bench, vectors, vectors["texts"]), strict=True):
        assert found == {"verdict": case["verdict"], "findings": case["findings"]}, case["name"]


def mutated(text: str, count: int) -> Iterator[str]:
    """Spoil a text in many ways: characters, bytes of the message, bits of it, pieces moved and doubled."""
    chance = random.Random(18004)
    head, _, _ = text.partition("#")
    message = bytes_of(text)
    for _ in range(count):
        at, way = chance.randrange(len(text)), chance.randrange(6)
        spoilt = bytearray(message)
        place = chance.randrange(len(spoilt))
        if way == 0:
            yield text[:at] + chance.choice("0123456789azAZ#/:.- ٣\u00e9😀") + text[at + 1 :]
        elif way == 1:
            yield text[:at] + text[at + 1 :]
        elif way == 2:
            yield text[:at] + chance.choice("0123456789") + text[at:]
        else:
            if way == 3:
                spoilt[place] ^= 1 << chance.randrange(8)
            elif way == 4:
                spoilt[place] = chance.randrange(256)
            else:
                spoilt[place : place + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
            yield f"{head}#{int.from_bytes(bytes(spoilt), 'big')}"


def test_hundreds_of_spoilt_texts_are_judged_as_python_judges_them(bench: Page) -> None:
    vectors = frozen()
    named = {case["name"]: case["text"] for case in vectors["texts"]}
    good = [named[name] for name in ("good", "rare characters", "a name cut")]
    texts = [spoilt for text in good for spoilt in mutated(text, 200)]
    rows = rows_of(texts, lists=["issued"])
    wanted = [judged(at_hand(vectors, row), row["text"]) for row in rows]
    for row, found, want in zip(rows, ask(bench, vectors, rows), wanted, strict=True):
        assert found == want, row["text"]
    assert sum(want["verdict"] == "PASSED" for want in wanted) < 30, "hardly anything was spoilt"


def test_every_trust_list_that_python_refuses_is_refused(bench: Page) -> None:
    vectors = frozen()
    data = [*vectors["refused_trust"], *vectors["trust"].values()]
    found = bench.evaluate(READ, {"root": vectors["root_spki"], "trust": None, "data": data})
    refused = len(vectors["refused_trust"])
    assert all(isinstance(answer, str) for answer in found[:refused])
    assert all(answer["hosts"] for answer in found[refused:])


def test_a_root_that_went_mad_makes_no_list_that_python_would_refuse(bench: Page) -> None:
    """Well signed, and wrong inside."""
    office = Office()
    root = office.signer_with(office.root, ())
    lists = list(mad_lists(office, root))
    wanted = []
    for data in lists:
        try:
            wanted.append(bool(trustlist.decode(data, office.root_spki)))
        except CertgenError:
            wanted.append(False)
    given = {"root": office.root_spki.hex(), "trust": None, "data": [data.hex() for data in lists]}
    found = [not isinstance(answer, str) for answer in bench.evaluate(READ, given)]
    assert found == wanted
    assert wanted[0] is True
    assert sum(wanted) < len(wanted) // 3


def mad_lists(office: Office, root: Any) -> Iterator[bytes]:
    """Sign trust lists with the root: the first good, the others each spoilt in one way."""
    protected = cose.protected_header(cose.ES256, sha256(office.root_spki).digest()[:4])

    def sign(payload: object) -> bytes:
        body = cose.encode_cbor(payload)  # type: ignore[arg-type]
        digest = sha256(cose.sig_structure(protected, trustlist.AAD, body)).digest()
        return cose.sign1(protected, body, root.sign(digest))

    data = trustlist.encode(office.trust, root)
    fields = cose.decode_cbor(cose.parse1(data).payload)
    assert isinstance(fields, dict)
    seal, key, status = fields[4]  # type: ignore[misc]
    yield sign(fields)
    for change in (
        {0: 2}, {1: -1}, {1: "now"}, {1: 253402300800}, {2: 0}, {2: 2**63}, {3: ()}, {3: ("",)}, {3: (1,)}, {4: ()},
        {4: (key, key)}, {4: (key, 5)}, {5: 1}, {"x": 1}, {3: "licence.example"},
    ):  # fmt: skip
        yield sign({**fields, **change})
    for change in (
        {1: 3}, {1: 0}, {1: True}, {2: -257}, {2: -8}, {3: ""}, {3: 5}, {4: ("one",)}, {4: (1, 2)}, {5: ()}, {5: ("",)},
        {5: ("*", "x")}, {5: ("x", "y")}, {6: b""}, {6: b"not a key"}, {6: "text"}, {7: b"x"}, {9: 2**40}, {10: 1},
        {9: -1}, {11: 5}, {11: None}, {12: 1}, {12: None}, {13: 0},
    ):  # fmt: skip
        yield sign({**fields, 4: (seal, {**key, **change}, status)})
    for change in ({2: -257}, {6: b"other"}, {7: b""}, {8: ()}, {8: (1,)}, {7: b"no key in it"}, {1: 1}):
        yield sign({**fields, 4: ({**seal, **change}, key, status)})
    yield sign({**fields, 4: ({k: v for k, v in seal.items() if k != 8}, key)})
    yield sign((1, 2))


def test_every_frozen_status_list_is_read_as_python_reads_it(bench: Page) -> None:
    vectors = json.loads(STATUS_VECTORS.read_text("utf-8"))
    data = [one["cwt"] for one in (*vectors["lists"], *vectors["refused"])]
    found = bench.evaluate(READ, {"root": vectors["root_spki"], "trust": vectors["trust"], "data": data})
    for vector, answer in zip(vectors["lists"], found, strict=False):
        uri = vector["uri"]
        assert answer == {k: vector[k] for k in ("iat", "exp", "statuses")} | {"shard": int(uri.rpartition("/")[2])}
    for vector, answer in zip(vectors["refused"], found[len(vectors["lists"]) :], strict=True):
        assert isinstance(answer, str), vector["name"]


def test_a_status_list_of_a_key_that_may_not_is_refused(bench: Page) -> None:
    office = Office()
    *rest, status = office.trust.entries
    data = office.status_list("issued", NOW)
    for change in ({"compromised_at": NOW}, {"not_after": NOW - timedelta(1)}, {"use": "qr"}):
        trust = replace(office.trust, entries=(*rest, replace(status, **change)))  # type: ignore[arg-type]
        with pytest.raises(CertgenError):
            statuslist.decode(data, trust)
        signed = trustlist.encode(trust, office.signer_with(office.root, ()))
        given = {"root": office.root_spki.hex(), "trust": signed.hex(), "data": [data.hex()]}
        assert isinstance(bench.evaluate(READ, given)[0], str)


LATER, EARLIER = (CERTIFICATE.issued_at + timedelta(days=days) for days in (1, -1))


def enter(book: Book, certificate: Any = CERTIFICATE, status: str = "issued") -> None:
    book.enter(b"%PDF", certificate, status)


# What the register may say, and the key behind the code: Python is given the register, the page its JSON.
REGISTERS: dict[str, tuple[Callable[[Book], Any], dict[str, Any]]] = {
    "in force": (lambda book: enter(book), {}),
    "another number": (lambda book: enter(book, other(number="JY14212020000099")), {}),
    "another record": (lambda book: enter(book, other(salt=bytes(16))), {}),
    "another authority": (lambda book: enter(book, other(authority="421281")), {}),
    "another day of issue": (lambda book: enter(book, other(issued_on=CERTIFICATE.valid_from - timedelta(1))), {}),
    "another end": (lambda book: enter(book, other(valid_until=None)), {}),
    "suspended": (lambda book: enter(book, status="suspended"), {}),
    "superseded": (lambda book: enter(book, status="superseded"), {}),
    "key stolen later": (lambda book: enter(book), {"compromised_at": LATER}),
    "key stolen earlier": (lambda book: enter(book), {"compromised_at": EARLIER}),
    "key not yet in force": (lambda book: enter(book), {"not_before": LATER}),
    "key no longer in force": (lambda book: enter(book), {"not_after": EARLIER}),
    "unknown": (lambda book: None, {}),
    "lost": (lambda book: book.__setattr__("lost", (CERTIFICATE.number,)), {}),
}


def test_with_a_register_the_page_says_what_python_says(bench: Page) -> None:
    office = Office()
    root = office.signer_with(office.root, ())
    showing = Showing(lambda known: Text(known.copy, known.copy), frozenset())
    for name, (tell, change) in REGISTERS.items():
        book = Book()
        tell(book)
        seal, key, status = office.trust.entries
        trust = replace(office.trust, entries=(seal, replace(key, **change), status))
        report = office.verifier(book, trust=trust).qr(office.qr())
        known = book.by_sid(CERTIFICATE.sid)
        answer = showing.show(known[-1], NOW).as_json() if known else {}
        vectors = {"root_spki": office.root_spki.hex(), "trust": {"current": trustlist.encode(trust, root).hex()}}
        (found,) = ask(bench, vectors | {"lists": {}}, rows_of([office.qr()], answer=answer, isLost=bool(book.lost)))
        assert found == plain(report), name


def test_the_facts_are_read_as_python_reads_them(bench: Page) -> None:
    text = next(case["text"] for case in frozen()["texts"] if case["name"] == "rare characters")
    facts = bench.evaluate(
        "async (text) => { const folder = document.querySelector('link[rel=modulepreload]').href.replace(/[^/]*$/, '');"
        " const {decode} = await import(folder + 'qrtext.js'); const {facts, host, sid} = decode(text);"
        " return [facts.number, facts.holder, facts.uscc, host, sid, facts.shard, facts.index] }",
        text,
    )
    assert facts == [CERTIFICATE.number, "䶮㐂𠮷𫖯𬭊鿏鿭", "92421200MA4A1B2C3D", HOST, CERTIFICATE.sid, 0, 77]
