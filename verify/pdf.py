"""Reading the record inside our own PDFs, and no others.

No general parser: each object is found through the one cross-reference table and must be written as our
press writes it. Everything else is refused.

    catalog  … /AF[n 0 R] …
    n        <</Type/Filespec/F(record.json)/UF(record.json)/AFRelationship/Data/Desc(…)/EF<</F m 0 R/UF m 0 R>>>>
    m        <</Type/EmbeddedFile/Subtype/application#2Fjson/Params<<…>>/Filter/FlateDecode/Length L>> stream …
"""

import re
import zlib

from certgen.core.errors import FormatError, Text, VerificationError
from certgen.core.gap import Tail

MAX_PDF = 16 * 2**20  # octets; the largest document of ours is a few hundred kilobytes
MAX_RECORD = 256 * 1024  # octets, inflated
_MAX_OBJECT = 64 * 1024  # octets of a dictionary; ends a search through a file that never closes one
_NUMBER = rb"([1-9][0-9]{0,6})"
_AF = re.compile(rb"/AF\[" + _NUMBER + rb" 0 R\]")
_FILESPEC = re.compile(
    rb"<</Type/Filespec/F\(record\.json\)/UF\(record\.json\)/AFRelationship/Data(?:/Desc\([^()\\]{0,200}\))?"
    rb"/EF<</F " + _NUMBER + rb" 0 R/UF " + _NUMBER + rb" 0 R>>>>\nendobj\n"
)
_FILE = re.compile(
    rb"<</Type/EmbeddedFile/Subtype/application#2Fjson/Params<<[^<>]{0,200}>>/Filter/FlateDecode/Length "
    + _NUMBER
    + rb">>\nstream\n"
)


def read_record(pdf: bytes, tail: Tail) -> bytes:
    """Take `record.json` out: catalog, associated file, file specification, embedded file.

    Raises VerificationError (M1) when one of them is not as the press writes it.
    """
    try:
        return _inflate(_embedded(pdf, tail))
    except FormatError as fault:
        raise VerificationError("M1", Text("文件内的记录读不出来", f"the record cannot be read: {fault}")) from fault


def _embedded(pdf: bytes, tail: Tail) -> bytes:
    start = _object(pdf, tail, tail.root)
    end = pdf.find(b"endobj", start, start + _MAX_OBJECT)
    attached = _AF.findall(pdf, start, max(start, end))
    if len(attached) != 1:
        raise FormatError(f"{len(attached)} lists of associated files in the catalog, wanted one")
    filespec = _FILESPEC.match(pdf, _object(pdf, tail, int(attached[0])))
    if filespec is None or filespec[1] != filespec[2]:
        raise FormatError("the file specification is not as the press writes it")
    file = _FILE.match(pdf, _object(pdf, tail, int(filespec[1])))
    if file is None:
        raise FormatError("the embedded file is not as the press writes it")
    end = file.end() + int(file[1])
    if not pdf.startswith(b"\nendstream\nendobj\n", end):
        raise FormatError("the embedded file is not as long as it says")
    return pdf[file.end() : end]


def _object(pdf: bytes, tail: Tail, number: int) -> int:
    """Give the offset of an object's value."""
    at, opening = tail.offset(pdf, number), b"%d 0 obj\n" % number
    if not pdf.startswith(opening, at):
        raise FormatError(f"object {number} is not where the table says")
    return at + len(opening)


def _inflate(data: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        out = inflater.decompress(data, MAX_RECORD)
    except zlib.error as fault:
        raise FormatError(f"the embedded file does not inflate: {fault}") from fault
    if not inflater.eof or inflater.unused_data:
        raise FormatError("the embedded file is cut short, too large, or followed by something")
    return out
