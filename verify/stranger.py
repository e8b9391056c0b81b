"""The second parser: a program of its own that opens strangers' PDFs with qpdf and says what it sees.

Parsers of PDF have holes, so nothing is parsed where anything could be harmed. The program reads an octet
count (8 octets, big-endian) and a file, and forks; the fork alone parses, in 512 MiB of address space and 2 s of
processor time, with no way to open a file or a connection, and is gone after that one file. Its answer comes
back behind a count of 4 octets; none means that it died. `verify.opinion` is the other end of the pipe. This
file imports nothing of ours, and runs with an empty environment.
"""

import contextlib
import ctypes
import json
import os
import resource
import signal
import sys
from importlib import import_module
from io import BytesIO
from typing import Any, BinaryIO

MEMORY_BYTES = 512 * 2**20  # address space
CPU_S = 2
ALARM_S = 2.0  # of the clock on the wall
MAX_ANSWER = 4096  # octets
_MAX_OBJECTS = 20_000
_MAX_VALUES = 400_000
_NEW_NETWORK = 0x50000000  # CLONE_NEWUSER | CLONE_NEWNET
# Keys under which a reader is told to do, fetch, play or hide something. Our press writes none of them.
ACTIVE = frozenset(
    [
        *("/A", "/AA", "/Next", "/OpenAction", "/PA", "/URI", "/JS", "/JavaScript", "/Launch", "/Win", "/Unix", "/Mac"),
        *("/SubmitForm", "/ImportData", "/XFA", "/Requirements", "/Collection", "/Threads", "/PresSteps"),
        *("/Movie", "/Sound", "/Rendition", "/Renditions", "/RichMediaContent", "/RichMediaSettings", "/3DA", "/3DD"),
        *("/OC", "/OCGs", "/OCProperties", "/FFilter", "/FDecodeParms", "/Alternates", "/OPI", "/Ref", "/PS"),
    ]
)


def look(data: bytes, qpdf: Any) -> dict[str, object]:
    """Say what stands in a file: whether it opens, its signatures, and what is active in it."""
    try:
        pdf = qpdf.open(BytesIO(data), attempt_recovery=False, suppress_warnings=True, inherit_page_attributes=False)
    except qpdf.PasswordError:
        return {"opens": "locked"}
    except qpdf.PdfError:
        return {"opens": "broken"}
    with pdf:
        seen = _Sight()
        for obj in _objects(pdf, seen):
            seen.take(obj, qpdf)
        found: dict[str, object] = {"opens": "whole", "signatures": seen.signatures, "active": sorted(seen.active)[:1]}
        found |= _signature(pdf, qpdf)
        found["attached"] = _attached(pdf, seen)
        if pdf.is_encrypted:
            found["opens"] = "locked"
        elif pdf.get_warnings():
            found["opens"] = "doubtful"
        return found


class _Sight:
    """What a walk over all objects has met."""

    def __init__(self) -> None:
        self.values = self.signatures = self.files = self.specs = self.annotations = 0
        self.active: set[str] = set()

    def take(self, obj: Any, qpdf: Any) -> None:
        waiting = [obj]
        while waiting:
            value = waiting.pop()
            self.values += 1
            if self.values > _MAX_VALUES:
                self.active.add("/TooMuch")
                return
            if isinstance(value, qpdf.Array):
                waiting.extend(one for one in value if _is_direct(one, qpdf))
            elif isinstance(value, (qpdf.Dictionary, qpdf.Stream)):
                self._take_keys(value, qpdf, waiting)

    def _take_keys(self, value: Any, qpdf: Any, waiting: list[Any]) -> None:
        held = dict(value.items())
        self.active.update(ACTIVE.intersection(held))
        kind = str(held.get("/Type", ""))
        if isinstance(value, qpdf.Stream):
            self.files += kind == "/EmbeddedFile"
            if "/F" in held:  # the stream stands in a file elsewhere
                self.active.add("/F")
        self.signatures += kind == "/Sig" or "/ByteRange" in held
        self.specs += "/EF" in held
        if kind == "/Annot" or ("/Rect" in held and "/Subtype" in held):
            self.annotations += 1
            if str(held.get("/Subtype")) != "/Widget":
                self.active.add("/Annots")
        waiting.extend(one for one in held.values() if _is_direct(one, qpdf))


def _is_direct(value: Any, qpdf: Any) -> bool:
    return isinstance(value, qpdf.Object) and not value.is_indirect


def _objects(pdf: Any, seen: _Sight) -> list[Any]:
    objects = pdf.objects
    if len(objects) > _MAX_OBJECTS:
        seen.active.add("/TooMuch")
        return []
    return [*objects, pdf.trailer]


def _signature(pdf: Any, qpdf: Any) -> dict[str, object]:
    """Say what this parser takes for the one signature: its range, its container, whether it certifies at level 1."""
    root = pdf.Root
    form, perms = root.get("/AcroForm"), root.get("/Perms")
    fields = list(form.get("/Fields", [])) if isinstance(form, qpdf.Dictionary) else []
    found: dict[str, object] = {"fields": len(fields), "certifies": False, "range": [], "contents": ""}
    if len(fields) != 1 or not isinstance(fields[0], qpdf.Dictionary):
        return found
    value = fields[0].get("/V")
    if str(fields[0].get("/FT")) != "/Sig" or "/Kids" in fields[0] or not isinstance(value, qpdf.Dictionary):
        return found
    found["range"] = [int(one) for one in value.get("/ByteRange", [])][:5]
    found["contents"] = bytes(value.get("/Contents", b"")).hex()[:64]
    named = perms.get("/DocMDP") if isinstance(perms, qpdf.Dictionary) and set(perms.keys()) == {"/DocMDP"} else None
    references = value.get("/Reference", [])
    if isinstance(named, qpdf.Dictionary) and named.objgen == value.objgen != (0, 0) and len(references) == 1:
        method, how = references[0].get("/TransformMethod"), references[0].get("/TransformParams")
        found["certifies"] = str(method) == "/DocMDP" and how is not None and how.get("/P") == 1
    return found


def _attached(pdf: Any, seen: _Sight) -> bool:
    """Say whether `record.json` is attached, and nothing else is, and whether no annotation is but the seal."""
    associated = list(pdf.Root.get("/AF", []))
    name = str(associated[0].get("/UF", "")) if len(associated) == 1 else ""
    return (name, seen.files, seen.specs, seen.annotations) == ("record.json", 1, 1, 1)


def answer(data: bytes, qpdf: Any) -> bytes:
    """Look, and write what was seen; whatever goes wrong means that the file cannot be read."""
    try:
        said = look(data, qpdf)
    except Exception:  # border control: a malformed object ends up here
        said = {"opens": "broken"}
    return json.dumps(said).encode()[:MAX_ANSWER]


def _in_fork(data: bytes, qpdf: Any) -> bytes:
    """Look in a process that dies of it."""
    out, into = os.pipe()
    child = os.fork()
    if not child:
        with contextlib.suppress(BaseException):
            signal.setitimer(signal.ITIMER_REAL, ALARM_S)
            used = resource.getrusage(resource.RUSAGE_SELF)
            seconds = int(used.ru_utime + used.ru_stime) + CPU_S
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
            resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))  # no file, no connection from here on
            os.close(0)
            os.close(1)
            os.write(into, answer(data, qpdf))
        os._exit(0)
    os.close(into)
    with open(out, "rb") as pipe:  # noqa: PTH123 - a descriptor
        said = pipe.read(MAX_ANSWER)
    os.waitpid(child, 0)
    return said


def _limit() -> None:
    ctypes.CDLL(None).unshare(_NEW_NETWORK)  # where the kernel lets us; else the limit on descriptors must do
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def serve(asked: BinaryIO, said: BinaryIO) -> None:
    """Answer files until nobody asks any more."""
    try:
        qpdf = import_module("pikepdf")
    except ImportError:
        said.write(b"-")
        said.flush()
        return
    blank = qpdf.Pdf.new()
    blank.save(held := BytesIO())
    answer(held.getvalue(), qpdf)  # whatever is loaded late is loaded now
    _limit()
    said.write(b"+")
    said.flush()
    while len(count := asked.read(8)) == 8:
        data = asked.read(int.from_bytes(count, "big"))
        out = _in_fork(data, qpdf)
        del data
        said.write(len(out).to_bytes(4, "big") + out)
        said.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
