"""`certgen card`: a registered card for the card printer, or for the card sheets of a print shop."""

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from certgen.cli_import import no_document
from certgen.console import HomeOption, JsonOption, LangOption, answer, begin, desk, fail, make_folder
from certgen.core.chinese import shown, unprintable
from certgen.core.errors import SettingsError, Text
from certgen.core.status import LABELS

if TYPE_CHECKING:
    from certgen.core.model import Registered

FORMAT = "certgen-card-1"
SIDES = ("front", "back")


def card(
    number: Annotated[str, typer.Argument(metavar="NUMBER|SID")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the files.")] = Path(),
    dpi: Annotated[int, typer.Option("--dpi", help="Dots an inch of the card printer.", min=150, max=1200)] = 300,
    sheet_input: Annotated[
        bool, typer.Option("--sheet-input", help="A file a side and a manifest, for sheets of cards.")
    ] = False,
    home: HomeOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the pages that a card printer takes, from the card as it was issued; only of cards in force."""
    begin(home, lang, as_json)
    with desk() as opened:
        found = () if unprintable(number) else opened.register.find(number)
        cards = [one for one in found if one.paper == "plain"]
        if not cards:
            fail(no_document(opened, number), 1)
        for one in cards:
            _check_issued(one)
        pdfs = [opened.register.pdf(one.pdf_digest) for one in cards]
    make_folder(out)
    files = [
        file
        for one, pdf in zip(cards, pdfs, strict=True)
        for file in (_sheet_input(one, pdf, out, dpi) if sheet_input else _printed(one, pdf, out, dpi))
    ]
    answer([str(file) for file in files], [str(file) for file in files])


def _check_issued(one: "Registered") -> None:
    if one.status != "issued":
        label = LABELS[one.status]
        fail(
            SettingsError(
                Text(
                    f"{shown(one.number)} 的状态为“{label.zh}”：只打印有效的卡片",
                    f"{shown(one.number)} is {label.en}: only a card in force is printed",
                )
            )
        )


def _printed(one: "Registered", pdf: bytes, out: Path, dpi: int) -> list[Path]:
    from certgen.batch import file_name
    from certgen.card import render

    file = out / file_name(one.number, one.copy, one.paper).replace(".pdf", "-printer.pdf")
    return [_written(file, render(pdf, dpi))]


def _sheet_input(one: "Registered", pdf: bytes, out: Path, dpi: int) -> list[Path]:
    """Write `front.pdf`, `back.pdf` and `manifest.json` into a folder of the card's own; the manifest last."""
    from certgen.batch import file_name
    from certgen.card import HEIGHT_MM, WIDTH_MM, pages_of, render

    folder = out / file_name(one.number, one.copy, one.paper).removesuffix(".pdf")
    make_folder(folder)
    files, sides = [], dict[str, Any]()
    for at, side in zip(range(pages_of(pdf)), SIDES, strict=False):
        data = render(pdf, dpi, [at])
        files.append(_written(folder / f"{side}.pdf", data))
        sides[side] = {"file": f"{side}.pdf", "sha256": hashlib.sha256(data).hexdigest()}
    manifest = {
        "format": FORMAT,
        "number": one.number,
        "sid": one.sid,
        "kind": one.kind,
        "trim_mm": [WIDTH_MM, HEIGHT_MM],
        "bleed_mm": 0,
        "dpi": dpi,
        "document_sha256": one.pdf_digest.hex(),
        "sides": sides,
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    return [*files, _written(folder / "manifest.json", text.encode())]


def _written(file: Path, data: bytes) -> Path:
    try:
        file.write_bytes(data)
    except OSError as error:
        raise SettingsError(
            Text(f"无法写入 {file.name}：{error.strerror}", f"{file.name} cannot be written: {error.strerror}")
        ) from error
    return file
