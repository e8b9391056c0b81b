"""What a card printer is given: the issued card, exact in size, black and dots."""

import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
import pytest
import zxingcpp
from typer.testing import CliRunner

from api.public import make_app
from certgen.author.exhibits import load_for
from certgen.card import DPI, HEIGHT_MM, WIDTH_MM, Grid, render
from certgen.cli import app
from certgen.core.errors import ApplicationError, SettingsError
from certgen.core.model import Application
from certgen.issue import Document
from certgen.reading import Publicity
from certgen.register import Change
from certgen.settings import SHIPPED
from certgen.template import load_template
from certgen.wiring import Desk
from tests._web import Web
from tests._workspace import command, live_home
from tests.house import House

KINDS = ("elderly-card", "residence-permit")
MM = 72 / 25.4


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with House(tmp_path_factory.mktemp("cards") / "home") as opened:
        yield opened


@pytest.fixture(scope="module")
def issued(house: House) -> dict[str, Document]:
    """Issue the sample of each kind of card."""
    made = {}
    for kind in KINDS:
        template = load_template(SHIPPED / kind)
        record = load_for(template, template.file("sample.json"))
        made[kind] = house.issue(record, kind=kind, key=kind).documents[0]
    return made


def raster(pdf: bytes, page: int) -> np.ndarray:
    """Rasterise without antialiasing at 300 dpi, as a printer's driver does."""
    with pypdfium2.PdfDocument(pdf) as document:
        bitmap = document[page].render(
            scale=DPI / 72, rev_byteorder=True, no_smoothtext=True, no_smoothimage=True, no_smoothpath=True
        )
        return bitmap.to_numpy()[:, :, :3].copy()


def place_of_code(house: House, document: Document, kind: str) -> tuple[int, tuple[float, float, float]]:
    template = house.issuer.templates[kind]
    form = next(f for f in template.forms if f.id == house.register.by_sid(document.sid)[0].form)
    found = house.issuer.workshop.layout(template, form, template.copies[0]).code_at
    assert found is not None
    return found[0], (found[1].x, found[1].y, found[1].size)


@pytest.mark.parametrize("kind", KINDS)
def test_the_pages_have_the_size_of_a_card_in_whole_dots_and_carry_nothing_else(
    kind: str, issued: dict[str, Document]
) -> None:
    with pikepdf.open(io.BytesIO(render(issued[kind].pdf))) as pdf:
        assert len(pdf.pages) == 2
        for page in pdf.pages:
            assert set(page.keys()) == {"/Type", "/Parent", "/MediaBox", "/Resources", "/Contents"}
            across, down = (float(side) for side in page.MediaBox[2:])
            assert (across / 72 * DPI, down / 72 * DPI) == pytest.approx((1011, 638), abs=1e-3)
            assert (across / MM, down / MM) == pytest.approx((WIDTH_MM, HEIGHT_MM), abs=0.04)
        assert set(pdf.Root.keys()) == {"/Type", "/Pages", "/ViewerPreferences"}
        assert pdf.Root.ViewerPreferences.PrintScaling == "/None"


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_card_gives_the_same_bytes(kind: str, issued: dict[str, Document], house: House) -> None:
    assert render(issued[kind].pdf) == render(house.register.pdf(issued[kind].pdf_digest))


@pytest.mark.parametrize("kind", KINDS)
def test_all_type_is_pure_black_in_grey_or_white_out_of_a_band(kind: str, issued: dict[str, Document]) -> None:
    with pikepdf.open(io.BytesIO(render(issued[kind].pdf))) as pdf:
        forms = [form for page in pdf.pages for form in page.Resources.XObject.values() if form.Subtype == "/Form"]
        shown = 0
        for stream in (*pdf.pages, *forms):
            fill: tuple[object, ...] = ()
            for operands, operator in pikepdf.parse_content_stream(stream):
                if str(operator) in {"g", "rg", "k"}:
                    fill = (str(operator), *(float(o) for o in operands))
                if str(operator) in {"Tj", "TJ"}:
                    shown += 1
                    assert fill in {("g", 0.0), ("rg", 1.0, 1.0, 1.0)}
        assert shown > 20


@pytest.mark.parametrize("kind", KINDS)
def test_black_pixels_are_exactly_black(kind: str, issued: dict[str, Document]) -> None:
    photo = (slice(170, 570), slice(40, 330)) if kind == "elderly-card" else (slice(170, 560), slice(690, 980))
    for page in (0, 1):
        pixels = raster(render(issued[kind].pdf), page).astype(int)
        if page == 0:
            pixels[photo] = 255
        dark = (pixels.max(axis=2) < 70).sum()
        assert dark > 2000
        assert dark == (pixels.sum(axis=2) == 0).sum()


@pytest.mark.parametrize("kind", KINDS)
def test_every_module_of_the_code_is_whole_dots_of_black_or_white(
    kind: str, issued: dict[str, Document], house: House
) -> None:
    pdf = render(issued[kind].pdf)
    at, (x, y, size) = place_of_code(house, issued[kind], kind)
    area = raster(pdf, at)[round(y / 72 * DPI) :, round(x / 72 * DPI) :][: round(size / 72 * DPI)]
    area = area[:, : round(size / 72 * DPI)]
    assert set(np.unique(area)) == {0, 255}
    black = area[:, :, 0] == 0
    rows, columns = np.flatnonzero(black.any(axis=1)), np.flatnonzero(black.any(axis=0))
    code = black[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    with pikepdf.open(io.BytesIO(pdf)) as document:
        modules = int(document.pages[at].Resources.XObject.Q.Width)
    assert code.shape[0] == code.shape[1]
    assert code.shape[0] % modules == 0
    dots = code.shape[0] // modules
    assert dots * 25.4 / DPI >= 0.38
    blocks = code.reshape(modules, dots, modules, dots).mean(axis=(1, 3))
    assert set(np.unique(blocks)) == {0.0, 1.0}
    (found,) = zxingcpp.read_barcodes(raster(pdf, at))
    house.verifier.qr(found.text).require()


@pytest.mark.parametrize("kind", KINDS)
def test_the_photograph_is_the_one_that_was_issued(kind: str, issued: dict[str, Document]) -> None:
    with (
        pikepdf.open(io.BytesIO(render(issued[kind].pdf))) as printed,
        pikepdf.open(io.BytesIO(issued[kind].pdf)) as signed,
    ):
        ours, theirs = (one.pages[0].Resources.XObject.I1.read_raw_bytes() for one in (printed, signed))
        assert ours == theirs


def test_the_seal_stays_where_it_was(issued: dict[str, Document]) -> None:
    document = issued["elderly-card"]
    with pypdfium2.PdfDocument(document.pdf) as signed:
        signed.init_forms()
        wanted = signed[1].render(scale=DPI / 72, rev_byteorder=True).to_numpy()[:, :, :3].astype(int)
    made = raster(render(document.pdf), 1).astype(int)
    seal = (slice(395, 545), slice(462, 615))
    red = [(part[seal][:, :, 0] - part[seal][:, :, 1] > 100).mean() for part in (made, wanted[: made.shape[0]])]
    assert red[0] > 0.1
    assert abs(red[0] - red[1]) < 0.06


def test_a_page_of_another_size_is_no_card(house: House) -> None:
    with pytest.raises(SettingsError) as refusal:
        render(house.issue().documents[0].pdf)
    assert "no card" in refusal.value.message.en


def test_a_printer_too_coarse_for_the_code_is_refused() -> None:
    with pytest.raises(SettingsError) as refusal:
        Grid(150, 153.0).snapped(160.0, 20.0, 73.2, 57)
    assert "0.34 mm" in refusal.value.message.en


def test_the_command_writes_the_pages_of_a_card_in_force(
    house: House, issued: dict[str, Document], tmp_path: Path
) -> None:
    number = issued["elderly-card"].number
    said = CliRunner().invoke(app, ["card", number, "--out", str(tmp_path), "--home", str(house.settings.home)])
    assert said.exit_code == 0, said.output
    (file,) = tmp_path.glob("*.pdf")
    assert file.name == f"{number}-card-printer.pdf"
    assert file.read_bytes() == render(issued["elderly-card"].pdf)


def test_an_unknown_number_is_said_to_be_unknown(house: House, tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["card", "4212999", "--out", str(tmp_path), "--home", str(house.settings.home)])
    assert said.exit_code == 1


def test_the_press_is_given_a_file_a_side_and_what_they_are(
    house: House, issued: dict[str, Document], tmp_path: Path
) -> None:
    document = issued["residence-permit"]
    command = ["card", document.sid, "--sheet-input", "--out", str(tmp_path), "--home", str(house.settings.home)]
    said = CliRunner().invoke(app, command)
    assert said.exit_code == 0, said.output
    folder = tmp_path / f"{document.number}-card"
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert (manifest["format"], manifest["sid"]) == ("certgen-card-1", document.sid)
    assert manifest["document_sha256"] == document.pdf_digest.hex()
    for at, side in enumerate(("front", "back")):
        data = (folder / manifest["sides"][side]["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == manifest["sides"][side]["sha256"]
        assert (raster(data, 0) == raster(render(document.pdf), at)).all()


def test_a_card_says_to_nobody_what_its_holder_did_not_make_public(house: House, issued: dict[str, Document]) -> None:
    document = issued["elderly-card"]
    at, (x, y, size) = place_of_code(house, document, "elderly-card")
    from certgen.proof import read_qr

    code = read_qr(document.pdf, (x / MM, y / MM, size / MM, size / MM), at)
    (known,) = house.register.by_sid(document.sid)
    web = Web(make_app(Desk(house.settings, house.register, house.clock)))
    pages = [web.get(f"/{document.sid}"), web.get(f"/{document.sid}.json")]
    pages.append(web.post("/check", document.pdf, "application/pdf", accept="application/json"))
    assert [page.status for page in pages] == [200, 200, 200]
    said = [repr(house.verifier.pdf(document.pdf).as_json()), repr(house.verifier.qr(code).as_json()), repr(known)]
    said += [page.text for page in pages]
    for words in said:
        assert "陈*" in words
        assert "65—69周岁" in words
        assert "红色" in words
        for secret in ("陈桂香", "1957年", "4212021957", "怀德路", "汉族", "女", "sha256:"):
            assert secret not in words, secret


def test_nobody_has_two_cards_in_force_and_a_void_one_is_not_printed(house: House, tmp_path: Path) -> None:
    template = load_template(SHIPPED / "elderly-card")
    record = load_for(template, template.file("cases/tier-100.json"))
    (first,) = house.issue(record, kind="elderly-card", key="first").documents
    with pytest.raises(ApplicationError) as refusal:
        house.issue(record, kind="elderly-card", key="second")
    assert [problem.field for problem in refusal.value.problems] == ["id_number"]
    house.register.change(first.number, Change("void", "clerk", "the photograph is of another"), house.clock())
    command = ["card", first.number, "--out", str(tmp_path), "--home", str(house.settings.home)]
    said = CliRunner().invoke(app, command)
    assert said.exit_code == 2
    assert not list(tmp_path.iterdir())
    again = house.issue(record, kind="elderly-card", key="third").documents[0]
    assert again.number != first.number


# Ages and colours


@pytest.mark.parametrize(
    ("case", "folder", "tier"),
    [
        ("blue-60", "blue", "60—64周岁"),
        ("red-2016", "red", "65—69周岁"),
        ("sixtieth-birthday", "red", "60—64周岁"),
        ("tier-65", "red", "65—69周岁"),
        ("../sample", "red", "65—69周岁"),
        ("tier-100", "red", "100周岁以上"),
    ],
)
def test_age_and_day_decide_the_colour_and_the_tier(case: str, folder: str, tier: str, house: House) -> None:
    template = load_template(SHIPPED / "elderly-card")
    record = load_for(template, (template.folder / "cases" / f"{case}.json").resolve())
    reading = template.read(Application("elderly-card", record, ""), house.issuer.authorities, house.issuer.today())
    assert reading.form.folder.name == folder
    assert dict(reading.printed)["tier"] == tier


@pytest.mark.parametrize(("day", "is_taken"), [("2020-02-28", False), ("2020-02-29", True)])
def test_a_card_is_given_from_the_sixtieth_birthday_on(day: str, is_taken: bool, house: House) -> None:
    template = load_template(SHIPPED / "elderly-card")
    record = load_for(template, template.file("cases/sixtieth-birthday.json")) | {"issued_on": day}
    application = Application("elderly-card", record, "")
    try:
        template.read(application, house.issuer.authorities, house.issuer.today())
    except ApplicationError as error:
        assert not is_taken
        assert [problem.field for problem in error.problems] == ["id_number"]
    else:
        assert is_taken


def test_a_lost_card_is_replaced_under_its_number_and_only_the_new_one_is_printed(tmp_path: Path) -> None:
    home = live_home(tmp_path / "home")
    record = SHIPPED / "elderly-card" / "cases" / "sixtieth-birthday.json"
    (first,) = command("issue", "elderly-card", record, "--out", tmp_path, "--home", home, "--json").json
    assert command("issue", "elderly-card", record, "--out", tmp_path, "--home", home).code == 2
    new, number = tmp_path / "new", first["number"]
    (second,) = command("replace", number, "--reason", "遗失", "--out", new, "--home", home, "--json").json
    assert (second["number"], second["sid"] == first["sid"]) == (number, False)
    assert [command("verify", one["file"], "--home", home).code for one in (first, second)] == [1, 0]
    printed = tmp_path / "printed"
    assert command("card", first["sid"], "--out", printed, "--home", home).code == 2
    assert command("card", number, "--out", printed, "--home", home).code == 0
    (file,) = printed.iterdir()
    assert file.read_bytes() == render(Path(second["file"]).read_bytes())


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_can_look_a_card_up_or_fetch_it(kind: str) -> None:
    template = load_template(SHIPPED / kind)
    assert template.publicity == Publicity()
    assert not (template.publicity.find or template.publicity.picture or template.publicity.original)
    secret = {"name", "id_number", "address", "photo", "birth_date", "sex", "ethnicity", "home_address"}
    assert not {f.name for f in template.fields if f.public and not f.public_mask} & secret
