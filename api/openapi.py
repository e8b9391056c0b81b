"""The OpenAPI 3.1 description of the public service: every address a program may ask, and every answer it may get.

Written by hand, since routes answer in two media types and refuse in one way. `tests/api/test_openapi.py` holds it to
the truth: every route is here and nothing else, every example is what the service says, and schemathesis finds no
answer that is not declared.
"""

from collections.abc import Mapping
from typing import Any

from api import examples
from api.problems import MEDIA_TYPE, NOT_PUBLISHED, OF_STATUS, RESTING, UNKNOWN, UNKNOWN_FILE, UNKNOWN_LICENCE, Kind

Json = dict[str, Any]

_TEXT: Json = {"type": "string"}
_DAY: Json = {"type": "string", "format": "date"}
_MOMENT: Json = {"type": "string", "format": "date-time"}
_BOTH: Json = {"$ref": "#/components/schemas/Text"}


def describe(origin: str) -> Json:
    """Write the description for a service whose codes open `origin`."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "证照查验 · Licence check",
            "version": "1",
            "summary": "Is this licence genuine, and is it in force?",
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": origin}],
        "paths": _paths(),
        "components": {"schemas": _SCHEMAS, "parameters": _PARAMETERS},
    }


_ABOUT = (
    "Answers hold what a template lets anybody see, and nothing else. A sid that is malformed, unknown or was never "
    "given out gets one answer. Every answer is by the register as of `as_of`; `signature_checked` says whether the "
    "signature of what you hold was looked at. Answers in JSON never depend on the language; the titles of problems do "
    "(Accept-Language, or lang=zh|en). Nothing about a request is logged. A network that asks too often gets 429 with "
    "Retry-After. Frozen test vectors for other verifiers are listed at /vectors/."
)


def _object(required: str, optional: Mapping[str, Json] | None = None, **members: Json) -> Json:
    """Describe an object that has these members and no others."""
    properties = {**members, **(optional or {})}
    return {"type": "object", "properties": properties, "required": required.split(), "additionalProperties": False}


def _or_null(schema: Json) -> Json:
    return {"anyOf": [schema, {"type": "null"}]}


def _list(of: str) -> Json:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{of}"}}


_DOCUMENT: dict[str, Json] = {
    "sid": {"type": "string", "pattern": "^[0-9A-HJKMNP-TV-Z]{12}$"},
    "number": _TEXT,
    "kind": _TEXT,
    "title": _BOTH,
    "copy": _BOTH,
    "authority": _TEXT,
    "authority_id": _TEXT,
    "issued_at": _MOMENT,
    "record_digest": {
        "type": "string",
        "pattern": "^[0-9a-f]{32}$",
        "description": "The first 16 bytes of the digest of the record inside the PDF, as the code carries them.",
    },
    "issued_on": _DAY,
    "valid_until": {**_or_null(_DAY), "description": "The last day in force, Asia/Shanghai; null: without end."},
    "status": {"type": "string", "description": "What the authority did last; expiry is not among it."},
    "state": {"type": "string", "description": "The status, or that the period is over or has not begun."},
    "in_force": {"type": "boolean"},
    "specimen": {"type": "boolean", "description": "Issued with a key for trying things out: no legal effect."},
    "as_of": _MOMENT,
    "signature_checked": {"const": False},
    "public": {
        "type": "array",
        "items": _object("label value", label=_BOTH, value=_TEXT),
        "description": "In the order of the paper, to compare with it.",
    },
}
_ALL = " ".join(_DOCUMENT)
_COPY = _object("copy sid state", copy=_BOTH, sid=_TEXT, state=_TEXT)

_SCHEMAS: dict[str, Json] = {
    "Text": _object("zh en", zh=_TEXT, en=_TEXT),
    "Document": _object(_ALL, **_DOCUMENT),
    "Licence": _object(
        f"{_ALL} copies picture", **_DOCUMENT, copies={"type": "array", "items": _COPY}, picture=_or_null(_TEXT)
    ),
    "Licences": _object("licences", licences=_list("Licence")),
    "Finding": _object(
        "rule ok message",
        rule=_TEXT,
        ok={"type": ["boolean", "null"], "description": "null: could not be asked, or nobody here can tell."},
        message=_BOTH,
    ),
    "Judgement": _object(
        "verdict rule title meaning findings document original",
        verdict={"enum": ["PASSED", "INDETERMINATE", "FAILED"]},
        rule={"type": ["string", "null"], "description": "The rule that names the verdict."},
        title=_BOTH,
        meaning=_BOTH,
        findings=_list("Finding"),
        document={**_or_null({"$ref": "#/components/schemas/Document"}), "description": "The register's data."},
        original={
            "type": ["string", "null"],
            "description": "Where to fetch the clean original of a file that only begins with it.",
        },
    ),
    "Health": _object("status", status={"const": "ok"}),
    "Vectors": _object(
        "vectors",
        vectors={
            "type": "array",
            "items": _object("path sha256 bytes", path=_TEXT, sha256=_TEXT, bytes={"type": "integer"}),
        },
    ),
    "Problem": _object(
        "type title status",
        {"detail": _TEXT},
        type={"type": "string", "format": "uri", "description": "urn:certgen:problem:NAME"},
        title=_TEXT,
        status={"type": "integer"},
    ),
}

_PARAMETERS: dict[str, Json] = {
    "lang": {
        "name": "lang",
        "in": "query",
        "schema": {"enum": ["zh", "en"]},
        "description": "Overrides Accept-Language.",
    },
    "sid": {
        "name": "sid",
        "in": "path",
        "required": True,
        "schema": _TEXT,
        "example": examples.SID,
        "description": "As it stands in the code or under it; blanks, hyphens and lower case are read too.",
    },
    "sha256": {
        "name": "sha256",
        "in": "path",
        "required": True,
        "schema": _TEXT,
        "example": "0" * 64,
        "description": "Of the whole file, 64 hexadecimal digits in lower case.",
    },
}


def _paths() -> dict[str, Json]:
    json_of = {"application/json": None}
    return {
        "/{sid}.json": _get(
            "documentBySid",
            "What the register says of a document, by its sid alone",
            _said("Document", examples.DOCUMENT),
            [UNKNOWN],
            ["sid", "lang"],
        ),
        "/check/{sha256}.json": _get(
            "checkByDigest",
            "Judge a registered file by its SHA-256; 404 for one that must be sent",
            _said("Judgement", examples.JUDGEMENT),
            [UNKNOWN_FILE],
            ["sha256", "lang"],
        ),
        "/check/{sha256}.pdf": _get(
            "originalByDigest",
            "The original with this SHA-256, where its kind lets it be fetched",
            _bytes("application/pdf", "The PDF, byte for byte."),
            [UNKNOWN_FILE],
            ["sha256", "lang"],
        ),
        "/check.json": _check(),
        "/find.json": _get(
            "findLicences",
            "Licences that hang in public, by exact number or credit code; never cards",
            _said("Licences", examples.LICENCES),
            [UNKNOWN_LICENCE],
            [_query("q", "A licence number or a unified social credit code, all of it.", examples.NUMBER), "lang"],
        ),
        "/find/{kind}/{number}.png": _get(
            "pictureOfLicence",
            "The picture of a licence in force, marked 公示, its codes painted over",
            _bytes("image/png", "1,100 pixels wide."),
            [UNKNOWN_LICENCE, OF_STATUS[503]],
            [_path("kind", examples.KIND), _path("number", examples.NUMBER), "lang"],
        ),
        "/trust.cose": _file(
            "trustList", "The trust list, signed by the root", 'application/cose; cose-type="cose-sign1"'
        ),
        "/root.crt.pem": _file("rootCertificate", "The root certificate", "application/x-pem-file"),
        "/status/{shard}": _file(
            "statusList",
            "A status list (IETF Token Status List, CWT); its number stands in the code",
            "application/statuslist+cwt",
            [_path("shard", "0")],
        ),
        "/vectors/": _get(
            "listVectors", "Frozen test vectors, for writers of verifiers", _said("Vectors", examples.VECTORS), [], []
        ),
        "/vectors/{name}": _file("vectors", "One file of vectors", "application/json", [_path("name", "codes.json")]),
        "/healthz": _get("health", "Whether the register answers", _said("Health", {"status": "ok"}), [], []),
        "/openapi.json": _get(
            "openapi", "This description", {"description": "OpenAPI 3.1.", "content": _any(json_of)}, [], []
        ),
    }


def _any(of: Mapping[str, Any]) -> Json:
    return {media: {"schema": {"type": "object"}} for media in of}


def _get(name: str, summary: str, said: Json, refusals: list[Kind], parameters: list[str | Json]) -> Json:
    return {"get": _operation(name, summary, said, refusals, parameters)}


def _operation(name: str, summary: str, said: Json, refusals: list[Kind], parameters: list[str | Json]) -> Json:
    named = [{"$ref": f"#/components/parameters/{p}"} if isinstance(p, str) else p for p in parameters]
    answers = {"200": said}
    kinds = [*refusals, OF_STATUS[429], RESTING]
    for status in sorted({kind.status for kind in kinds}):
        answers[str(status)] = _refused([kind for kind in kinds if kind.status == status])
    return {"operationId": name, "summary": summary, "parameters": named, "responses": answers}


def _refused(kinds: list[Kind]) -> Json:
    shown = {kind.name: {"value": kind.as_json("en")} for kind in kinds}
    refused: Json = {
        "description": " or ".join(kind.title.en for kind in kinds),
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": shown}},
    }
    if kinds[0].status == 429:
        refused["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
    return refused


def _said(schema: str, example: object) -> Json:
    content = {"schema": {"$ref": f"#/components/schemas/{schema}"}, "example": example}
    return {"description": schema, "content": {"application/json": content}}


def _bytes(media: str, about: str) -> Json:
    return {"description": about, "content": {media: {}}}


def _file(name: str, summary: str, media: str, parameters: list[str | Json] | None = None) -> Json:
    """Describe a file with a tag: sent once, then 304 until it changes."""
    tagged = {"ETag": {"schema": _TEXT}, "Cache-Control": {"schema": _TEXT}}
    said = {**_bytes(media, summary), "headers": tagged}
    operation = _operation(
        name, summary, said, [NOT_PUBLISHED] if parameters else [], [*(parameters or []), _IF_NONE_MATCH, "lang"]
    )
    operation["responses"]["304"] = {"description": "As you have it.", "headers": tagged}
    return {"get": operation}


_IF_NONE_MATCH: Json = {"name": "If-None-Match", "in": "header", "schema": _TEXT, "description": "The ETag you have."}


def _path(name: str, example: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": _TEXT, "example": example}


def _query(name: str, about: str, example: str) -> Json:
    return {"name": name, "in": "query", "required": True, "schema": _TEXT, "description": about, "example": example}


def _check() -> Json:
    kinds = [OF_STATUS[status] for status in (400, 408, 413, 415, 503)]
    operation = _operation(
        "check", "Judge a PDF or the text of a code", _said("Judgement", examples.JUDGEMENT), kinds, ["lang"]
    )
    operation["requestBody"] = {
        "required": True,
        "description": "The file as it is, at most 25 MB, or the text of a QR code.",
        "content": {
            "application/pdf": {"schema": {}},
            "text/plain": {"schema": {"type": "string"}, "example": examples.CODE},
        },
    }
    return {"post": operation}
