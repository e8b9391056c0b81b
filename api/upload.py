"""Reading what somebody hands in to be checked: bounded while it streams, kept in memory, never written.

application/pdf                     the file itself (what the page's script sends)
text/plain                          the text of a QR code
application/x-www-form-urlencoded   the same from a form: field `text`
multipart/form-data                 a form without script: field `file`
"""

import asyncio
import re
from dataclasses import dataclass
from urllib.parse import parse_qs

from fastapi import HTTPException, Request

MAX_BYTES = 25 * 2**20
MAX_TEXT_BYTES = 16 * 2**10  # the longest code of ours has some 700 characters
_WHOLE_S = 120  # for all of an upload
_BOUNDARY = re.compile(r'boundary="?([0-9A-Za-z\'()+_,./:=? -]{1,70}?)"?\s*(?:;|$)')
_FILE_PART = re.compile(rb'(?i)content-disposition:\s*form-data;[^\r\n]*\bname="file"')


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A PDF (or what is said to be one), or a text; the other is None."""

    pdf: bytes | None = None
    text: str | None = None


async def read_upload(request: Request) -> HandedIn:
    """Read the body by its type. Raises HTTPException 400, 408, 413 or 415."""
    media, _, parameters = request.headers.get("content-type", "").partition(";")
    match media.strip().lower():
        case "application/pdf":
            return _pdf(await _read(request, MAX_BYTES))
        case "text/plain":
            return _text(_utf8(await _read(request, MAX_TEXT_BYTES)))
        case "application/x-www-form-urlencoded":
            body = await _read(request, MAX_TEXT_BYTES)
            try:
                fields = parse_qs(_utf8(body), max_num_fields=8)
            except ValueError as fault:
                raise HTTPException(400) from fault
            return _text(fields.get("text", [""])[0])
        case "multipart/form-data":
            # A little over the limit for the file: the form's own lines around it.
            return _pdf(_file_of(await _read(request, MAX_BYTES + 4096), parameters))
    raise HTTPException(415)


async def _read(request: Request, most: int) -> bytes:
    """Read the body, and stop at once when it has or says it has more than `most` octets."""
    said = request.headers.get("content-length", "0")
    if not said.isascii() or not said.isdigit():
        raise HTTPException(400)
    if len(said) > 12 or int(said) > most:
        raise HTTPException(413)
    body = bytearray()
    try:
        async with asyncio.timeout(_WHOLE_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise HTTPException(413)
    except TimeoutError:
        raise HTTPException(408) from None
    return bytes(body)


def _utf8(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise HTTPException(400) from fault


def _pdf(body: bytes) -> HandedIn:
    if not body:
        raise HTTPException(400)
    return HandedIn(pdf=body)


def _text(text: str) -> HandedIn:
    if not text.strip():
        raise HTTPException(400)
    return HandedIn(text=text.strip())


def _file_of(body: bytes, parameters: str) -> bytes:
    """Take the file out of a form as browsers write it (RFC 7578); nothing else in the form is read."""
    found = _BOUNDARY.search(parameters)
    if found is None:
        raise HTTPException(400)
    mark = b"\r\n--" + found[1].encode()
    for part in (b"\r\n" + body).split(mark)[1:-1]:
        head, gap, content = part.partition(b"\r\n\r\n")
        if gap and len(head) < 4096 and _FILE_PART.search(head):
            return content
    raise HTTPException(400)
