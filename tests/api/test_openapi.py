"""The description of the service is true: every route, every answer, every example.

After a deliberate change of what is said: `python -m tests.api.test_openapi` writes the examples anew.
"""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import checks

from api import examples
from api.openapi import describe
from api.public import make_app
from certgen import wiring
from certgen.visitors import from_table
from tests._place import PDF, Place
from tests._web import Web
from tests.house import House, sample_2023

FILE = Path(examples.__file__).with_name("examples.json")
DESCRIPTION = describe("https://licence.example")
OPERATIONS = [(path, method) for path, item in DESCRIPTION["paths"].items() for method in item]


def say(house: House) -> dict[str, Any]:
    """Let a fresh service say what the examples are."""
    first, second = house.issue(sample_2023()).documents
    web = Web(make_app(wiring.Desk(house.settings, house.register, house.clock)))
    return {
        "document": web.get(f"/{first.sid}.json").json,
        "judgement": web.post("/check.json", second.pdf, PDF).json,
        "licences": web.get(f"/find.json?q={first.number}").json,
    }


def test_the_examples_are_what_the_service_says(house: House) -> None:
    said = say(house)
    assert said == {key: value for key, value in json.loads(FILE.read_text("utf-8")).items() if key != "code"}


def resolved(schema: Any) -> Any:
    """Put what `$ref` names in its place: a validator of JSON Schema knows no components."""
    if isinstance(schema, dict) and "$ref" in schema:
        return resolved(DESCRIPTION["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if isinstance(schema, dict):
        return {key: resolved(value) for key, value in schema.items()}
    return [resolved(value) for value in schema] if isinstance(schema, list) else schema


def contents() -> Iterator[tuple[str, Any, Any]]:
    for path, method in OPERATIONS:
        for status, answer in DESCRIPTION["paths"][path][method]["responses"].items():
            for content in answer.get("content", {}).values():
                shown = [one["value"] for one in content.get("examples", {}).values()]
                for example in [*shown, *([content["example"]] if "example" in content else [])]:
                    yield f"{method} {path} {status}", content["schema"], example


def test_every_example_fits_its_schema() -> None:
    some = list(contents())
    assert len(some) > 30
    for name, schema, example in some:
        problems = [error.message for error in jsonschema.Draft202012Validator(resolved(schema)).iter_errors(example)]
        assert not problems, name


def test_every_route_for_programs_is_described_and_no_other(place: Place) -> None:
    app: Any = place.web.app
    while not hasattr(app, "routes"):
        app = app._app
    for_people = {"/", "/check", "/find", "/scan", "/shell", "/sw.js", "/{path:path}"}
    routed = {route.path for route in app.routes} - for_people
    routed = {path for path in routed if not path.startswith("/static/")}
    told = {path.replace(".json", "").replace(".pdf", "").replace(".png", "") for path in DESCRIPTION["paths"]}
    known = {re.sub(r"\{\w+\}", "{}", path.replace(".json", "")) for path in routed}
    assert {re.sub(r"\{\w+\}", "{}", path) for path in told if path != "/{sid}"} - {"/check", "/find"} == known - {
        "/check",
        "/find",
    }


def test_the_service_hands_out_its_description(place: Place) -> None:
    answer = place.web.get("/openapi.json")
    assert answer.json == describe(place.house.settings.public_origin)
    assert answer.headers["cache-control"].startswith("public")


# Tried by machine: whatever is sent, the answer is one that is declared, and never a 5xx but "busy" and "resting".

CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture(scope="module")
def described(opened: Place) -> Any:
    """The running service with what it says of itself; it counts nobody."""
    unlimited = from_table({"lookups_a_minute": 0, "checks_a_minute": 0, "finds_a_minute": 0})
    chosen = replace(opened.house.settings, visitors=unlimited)
    app = make_app(wiring.Desk(chosen, opened.book, opened.clock))  # type: ignore[arg-type]
    return schemathesis.openapi.from_asgi("/openapi.json", app)


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_no_answer_is_undeclared(described: Any, path: str, method: str) -> None:
    operation = described[path][method.upper()]

    @given(case=operation.as_strategy())
    @settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def attempt(case: Any) -> None:
        case.call_and_validate(checks=CHECKS)

    attempt()


def write() -> None:
    """Write the examples anew."""
    with TemporaryDirectory() as folder, House(Path(folder) / "home") as house:
        said = say(house)
        (known, *_) = house.register.find(said["document"]["number"])
        said["code"] = f"https://licence.example/{known.sid}#" + str(
            int.from_bytes(b"\x01" + sha256(b"x").digest() * 6, "big")
        )
        FILE.write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(write())
