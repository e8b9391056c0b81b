"""What a file is that we did not write, in plain words: for the reader, never for the verdict."""

from certgen.core.errors import Text
from verify.opinion import Opinions
from verify.pdf import MAX_PDF
from verify.report import UnsureError

_REACH = 1024  # octets in which readers look for a header
_NOT_PDF = Text("这不是 PDF 文件", "this is not a PDF")
_EMPTY = Text("文件是空的", "the file is empty")
_LARGE = Text("文件比我们签发的任何证照都大", "the file is larger than any document of ours")
_LOCKED = Text("这是加密的 PDF；我们签发的证照从不加密", "this is an encrypted PDF; documents of ours never are")
_BROKEN = Text("这个 PDF 已损坏或不完整，无法读取", "this PDF is damaged or cut short and cannot be read")
_UNSIGNED = Text(
    "这个 PDF 没有电子签名：可能是扫描件、打印件或另存的副本，请索取原件",
    "this PDF is not signed: it may be a scan, a print-out or a copy saved anew; ask for the original",
)
_OTHERS = Text(
    "这个 PDF 有电子签名，但不是按我们的格式签的：由他人签发，或签发后被改存过",
    "this PDF is signed, but not in our form: somebody else signed it, or it was saved anew afterwards",
)
_SEVERAL = Text(
    "这个 PDF 有不止一个电子签名；我们签发的证照只有一个", "this PDF has several signatures; documents of ours have one"
)


def describe(pdf: bytes, opinions: Opinions) -> Text | None:
    """Say what a file is that is not built as ours are; None when nobody can tell now. Repeats nothing of it."""
    if not pdf:
        return _EMPTY
    if len(pdf) > MAX_PDF:
        return _LARGE
    if pdf.find(b"%PDF-", 0, _REACH) < 0:
        return _NOT_PDF
    try:
        sight = opinions.of(pdf)
    except UnsureError:
        return None
    if sight.opens in {"locked", "broken", "silent"}:
        return _LOCKED if sight.opens == "locked" else _BROKEN
    if sight.signatures > 1:
        return _SEVERAL
    return _OTHERS if sight.signatures else _UNSIGNED
