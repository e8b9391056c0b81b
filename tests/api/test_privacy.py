"""Every public answer and every PDF of the samples: nothing of a person that the paper does not print."""

import csv
import io
import json
import re
import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from api.public import make_app
from certgen import wiring
from certgen.core import record
from certgen.core.model import Application
from certgen.issue import Issued
from certgen.settings import SHIPPED
from tests._place import PDF
from tests._web import Web
from tests.house import House

ROWS = 6  # of each table of samples
KINDS = sorted(file.parent.name for file in SHIPPED.glob("*/template.toml"))
_ID = re.compile(r"(?<![0-9A-Z])[1-9]\d{5}(?:19|20)\d{9}[\dX](?![0-9A-Z])")


@pytest.fixture(scope="module")
def registry(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("privacy") / "home"
    shutil.copytree(model_home, folder)
    with House(folder) as house:
        yield house


def applications(house: House, kind: str) -> list[Application]:
    """The sample and the first rows of the table, with the photographs that lie beside them."""
    folder, template = SHIPPED / kind, house.issuer.templates[kind]
    records = [json.loads((folder / "sample.json").read_text("utf-8"))]
    with (folder / "samples.csv").open(encoding="utf-8-sig", newline="") as file:
        records += [{k: v for k, v in row.items() if v} for row in islice(csv.DictReader(file), ROWS)]
    return [Application(kind, template.with_photos(data, folder), f"{kind}-{i}") for i, data in enumerate(records)]


def contents(pdf: bytes) -> str:
    """What a reader sees, and what lies in the file beside it: text, metadata, attachments."""
    reader = PdfReader(io.BytesIO(pdf))
    texts = [page.extract_text() for page in reader.pages]
    metadata = reader.trailer["/Root"].get("/Metadata")
    texts += [metadata.get_object().get_data().decode("utf-8")] if metadata else []
    texts += [attached.decode("utf-8") for some in reader.attachments.values() for attached in some]
    texts += [str(reader.metadata), pdf.decode("latin-1")]
    return "\n".join(texts)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_a_person_leaves_that_the_paper_does_not_print(registry: House, kind: str) -> None:
    template = registry.issuer.templates[kind]
    issued = [one for one in registry.try_to_issue(*applications(registry, kind)) if isinstance(one, Issued)]
    assert issued, "no sample of this kind can be issued"
    web = Web(make_app(wiring.Desk(registry.settings, registry.register, registry.clock)))
    for one in issued:
        (row,) = rows(registry, one.number, kind)
        unmasked: dict[str, str] = json.loads(row)
        for document in one.documents:
            attached = record.decode(attachment(document.pdf))
            printed = dict(attached.fields)
            # 1 what is masked on paper is whole nowhere in the file
            hidden = {unmasked[name] for name, value in printed.items() if "*" in value and name in unmasked}
            inside = contents(document.pdf)
            assert not [value for value in hidden if value in inside]
            # 2 what the template keeps from the public, and what it masks for it, stands in no answer
            shown = {value for _, value in registry.register.by_sid(document.sid)[0].public}
            private = {
                value
                for field in template.fields
                for value in (unmasked.get(field.name, ""), printed.get(field.name, ""))
                if len(value) > 1 and value not in shown and not any(value in other for other in shown)
                if not field.public or field.type in ("photo", "telephone") or printed.get(field.name) not in shown
            }
            private |= hidden
            private -= {one.number, attached.authority_name, attached.issued_on.isoformat()}
            for answer in answers(web, document.sid, one.number, document.pdf):
                said = re.sub(r"<[^>]*>", "", answer)
                assert not [value for value in private if value in said and not is_common(value, attached)]
                assert not [found for found in _ID.findall(said) if found not in shown | {one.number}]


def is_common(value: str, attached: Any) -> bool:
    """Tell whether a value says nothing of anybody: a word for a choice, or a day that stands there anyway."""
    return len(value) < 3 or value in (attached.issued_on.isoformat(), str(attached.valid_until))


def rows(house: House, number: str, kind: str) -> list[bytes]:
    with house.register._database.reading() as db:
        found = db.rows("SELECT data FROM requests WHERE number = ? AND kind = ?", (number, kind))
    return [bytes(row[0]) for row in found]


def attachment(pdf: bytes) -> bytes:
    (some,) = PdfReader(io.BytesIO(pdf)).attachments.values()
    return bytes(some[0])


def answers(web: Web, sid: str, number: str, pdf: bytes) -> Iterator[str]:
    for target in (f"/{sid}", f"/{sid}?lang=en", f"/{sid}.json", f"/find?q={number}", f"/find.json?q={number}"):
        yield web.get(target, accept="*/*" if target.endswith("json") else "text/html").text
    yield web.post("/check", pdf, PDF, accept="text/html").text
    yield web.post("/check.json", pdf + b"\n", PDF).text
