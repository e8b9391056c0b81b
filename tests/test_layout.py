"""Layouts: each fault of an author is a TemplateError with file, line and name; what is sound is read as it stands."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from certgen.core.errors import TemplateError
from certgen.layout import ENGRAVED, MIN_MODULE, POINT, STRUCK, Layout, TextBox, load_layout
from certgen.press import compose, numbered
from certgen.settings import SHIPPED
from certgen.template import load_template
from certgen.workshop import largest_symbol
from tests.house import CERTIFICATE, KIND, House, Scratch, sample

FIELDS = frozenset({"operator_name", "premises"})
HEAD = '<layout>\n  <page width="210" height="297">\n    '
FOOT = "\n  </page>\n</layout>\n"
TEXT = 'x="10" y="10" width="60" height="10" size="10"'


def load(folder: Path, xml: str | bytes, largest_qr: int = 65) -> Layout:
    file = folder / "2023" / "original.xml"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(xml if isinstance(xml, bytes) else xml.encode())
    return load_layout(file, fields=FIELDS, largest_qr=largest_qr)


class Fault(NamedTuple):
    """A wrong layout: what is in it, and where the author is sent."""

    xml: str | bytes
    line: int
    field: str
    says: str = ""


def third(element: str, field: str, says: str = "") -> Fault:
    """Put one element onto line 3 of a page."""
    return Fault(HEAD + element + FOOT, 3, field, says)


FAULTS = {
    "unknown tag": third('<picture x="1" y="1"/>', "picture", "known are"),
    "unknown attribute": third(f'<text {TEXT} colour="#ffffff">甲</text>', "colour", "has no attribute"),
    "missing attribute": third('<text x="1" y="1" width="20" height="9">甲</text>', "size", "lacks the attribute"),
    "unknown field": third(f"<text {TEXT}>{{{{ operator }}}}</text>", "operator", "known are operator_name, premises"),
    "unknown field in a condition": third(f"<text {TEXT}>{{% if shop %}}甲{{% endif %}}</text>", "shop"),
    "unknown filter": third(f'<text {TEXT} name="day">{{{{ issued_on | datum }}}}</text>', "day", "no filter datum"),
    "syntax error in a text": third(f'<text {TEXT} name="shop">{{{{ operator_name }}</text>', "shop"),
    "syntax error on a later line": Fault(
        HEAD + f'<text {TEXT} name="shop">甲\n乙 {{{{ 1 + }}}}</text>' + FOOT, 4, "shop"
    ),
    "endless condition": third(f'<text {TEXT} name="shop">{{% if operator_name %}}甲</text>', "shop"),
    "box off the right edge": third(
        '<text x="160" y="10" width="60" height="10" size="10">甲</text>', "text", "off the page"
    ),
    "box off the lower edge": third(
        '<text x="10" y="290" width="60" height="10" size="10" name="n">甲</text>', "n", "off the page"
    ),
    "box off the left edge": third('<box x="-1" y="10" width="60" height="10"/>', "box", "off the page"),
    "line off the page": third('<line x1="10" y1="10" x2="211" y2="10"/>', "line", "off the page"),
    "line drawn off the page from right to left": third(
        '<line x1="100" y1="10" x2="-5" y2="10"/>', "line", "off the page"
    ),
    "seal off the page": third('<seal x="180" y="10" size="42"/>', "seal", "off the page"),
    "code off the page": third('<qr x="190" y="10" size="30"/>', "qr", "off the page"),
    "tiles off the page": third(
        '<art src="../art/tile.svg" x="10" y="10" width="20" height="20" repeat-x="11" dx="20"/>', "art", "off the page"
    ),
    "tiles off the page to the left": third(
        '<art src="../art/tile.svg" x="10" y="10" width="20" height="20" repeat-x="2" dx="-20"/>', "art", "off the page"
    ),
    "code too small": third('<qr x="10" y="10" size="24.6"/>', "qr", "needs 24.7 mm"),
    "two codes": third('<qr x="10" y="10" size="30"/><qr x="60" y="10" size="30"/>', "qr", "one <qr>"),
    "two seals": third('<seal x="10" y="10" size="42"/><seal x="60" y="10" size="42"/>', "seal", "one <seal>"),
    "wrong colour": third(f'<text {TEXT} color="red">甲</text>', "color", "wanted #rrggbb"),
    "short colour": third(f'<text {TEXT} color="#fff">甲</text>', "color", "wanted #rrggbb"),
    "colour of no hex": third('<box x="1" y="1" width="5" height="5" fill="#gggggg"/>', "fill", "wanted #rrggbb"),
    "wrong word": third(f'<text {TEXT} align="middle">甲</text>', "align", "center | justify | left | right"),
    "unknown font": third(f'<text {TEXT} font="fangsong">甲</text>', "font", "song-bold"),
    "no number": third('<line x1="ten" y1="1" x2="5" y2="5"/>', "x1", "wanted a number"),
    "not a number": third('<box x="nan" y="1" width="5" height="5"/>', "x", "out of all measure"),
    "endless number": third('<line x1="1" y1="1" x2="5" y2="inf"/>', "y2", "out of all measure"),
    "negative width": third('<box x="9" y="1" width="-5" height="5"/>', "width", "more than 0"),
    "size of nothing": third('<text x="1" y="1" width="20" height="9" size="0">甲</text>', "size", "more than 0"),
    "leading of nothing": third(f'<text {TEXT} leading="0">甲</text>', "leading", "more than 0"),
    "half a tile": third(
        '<art src="a.svg" x="1" y="1" width="2" height="2" repeat-x="1.5"/>', "repeat-x", "a whole number"
    ),
    "a million tiles": third('<art src="a.svg" x="1" y="1" width="2" height="2" repeat-y="1000000"/>', "repeat-y"),
    "floor above size": third(f'<text {TEXT} floor="11">甲</text>', "floor", "above the size"),
    "box too narrow for a character": third(
        '<text x="1" y="1" width="3" height="9" size="10" name="n">甲</text>', "n", "cannot hold"
    ),
    "box too low for a line": third(
        '<text x="1" y="1" width="30" height="3" size="10" name="n">甲</text>', "n", "cannot hold"
    ),
    "missing art": third('<art src="../art/none.svg" x="1" y="1" width="5" height="5"/>', "src", "none.svg"),
    "element in a text": third(f"<text {TEXT}>甲<line x1='1' y1='1' x2='2' y2='2'/></text>", "line", "does not belong"),
    "unknown element in a text": third(f"<text {TEXT}>甲<b>乙</b></text>", "b", "does not belong"),
    "page in a page": third('<page width="10" height="10"/>', "page", "does not belong"),
    "words in a line": third('<line x1="1" y1="1" x2="2" y2="2">甲</line>', "line", "no words"),
    "words in the page": Fault(HEAD + "stray" + FOOT, 2, "page", "no words"),
    "words in the layout": Fault("<layout>stray</layout>", 1, "layout", "no words"),
    "attribute of the layout": Fault('<layout version="2"/>', 1, "version", "has no attribute"),
    "text outside a page": Fault(f"<layout>\n<text {TEXT}>甲</text></layout>", 2, "text", "only <page>"),
    "page without a size": Fault('<layout>\n<page width="210"/></layout>', 2, "height", "lacks"),
    "two main pages": Fault(HEAD + FOOT.replace("</layout>", '<page width="9" height="9"/></layout>'), 5, "role"),
    "unknown role": Fault(
        '<layout><page width="9" height="9" role="cover"/></layout>', 1, "role", "back | continuation | main"
    ),
    "no page": Fault("<layout/>", 1, "page", "no main"),
    "another root": Fault("<html/>", 1, "html", "root"),
    "flowing on to nowhere": Fault(
        HEAD + f'<text {TEXT} fit="continue">甲</text>' + FOOT, 0, "fit", "continuation page"
    ),
    "a continuation that takes nothing": Fault(
        '<layout><page width="9" height="9"/><page width="9" height="9" role="continuation"/></layout>', 0, "continued"
    ),
    "broken XML": Fault(HEAD + f"<text {TEXT}>甲</page></layout>", 3, "XML", "mismatched"),
    "empty file": Fault("", 1, "XML"),
    "not UTF-8": Fault(HEAD.encode() + f"<text {TEXT}>甲</text>".encode("gb18030") + FOOT.encode(), 3, "XML"),
    "declared as GB 18030": Fault('<?xml version="1.0" encoding="GB18030"?><layout/>', 1, "XML", "UTF-8"),
    "declared as nothing known": Fault('<?xml version="1.0" encoding="klingon"?><layout/>', 1, "XML"),
    "DOCTYPE": Fault("<!DOCTYPE layout>\n<layout/>", 1, "DOCTYPE"),
    "DOCTYPE with an entity that reads a file": Fault(
        '<?xml version="1.0"?>\n<!DOCTYPE layout [<!ENTITY e SYSTEM "file:///etc/passwd">]>\n'
        + f"{HEAD}<text {TEXT}>&e;</text>{FOOT}",
        2,
        "DOCTYPE",
    ),
    "undeclared entity": third(f"<text {TEXT}>&nbsp;</text>", "XML"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "art").mkdir()
    shutil.copy(next((SHIPPED / KIND / "art").glob("*.svg")), tmp_path / "art" / "tile.svg")
    return tmp_path


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_refused_with_file_line_and_name(fault: Fault, folder: Path) -> None:
    with pytest.raises(TemplateError) as refusal:
        load(folder, fault.xml)
    error = refusal.value
    assert (error.file, error.line, error.field) == ("2023/original.xml", fault.line, fault.field)
    assert fault.says in error.message.en
    assert error.message.zh
    assert error.say("en").startswith("2023/original.xml" + (f":{fault.line}" if fault.line else ""))


@pytest.mark.parametrize(
    "element",
    [
        f"<text {TEXT}>{{{{ operator_name }}}}</text>",
        f"<text {TEXT}>{{% if premises %}}地址：{{{{ premises }}}}{{% else %}}无{{% endif %}}</text>",
        f"<text {TEXT}>{{% for c in operator_name %}}{{{{ c }}}} {{% endfor %}}</text>",
        f"<text {TEXT}>{{{{ issued_on | date }}}}至{{{{ valid_until | long_term }}}}</text>",
        '<qr x="10" y="10" size="24.7"/>',
        '<line x1="200" y1="290" x2="0" y2="0"/>',
        '<box x="0" y="0" width="210" height="297" fill="#FFFFFF" line="0"/>',
        '<art src="../art/tile.svg" x="190" y="9" width="20" height="20" repeat-x="10" dx="-20" rotate="90" flip="x"/>',
    ],
)
def test_what_is_sound_is_read(element: str, folder: Path) -> None:
    assert load(folder, HEAD + element + FOOT)


def test_lengths_are_read_from_the_top_left_in_millimetres(folder: Path) -> None:
    page = load(folder, HEAD + f'<text {TEXT} name="n" floor="8">甲</text><qr x="10" y="20" size="30"/>' + FOOT).main
    (box,) = page.elements
    assert isinstance(box, TextBox)
    assert (box.x, box.width, box.height) == pytest.approx((10 * POINT, 60 * POINT, 10 * POINT))
    assert (box.size, box.floor, box.name, box.line) == (10, 8, "n", 3)
    assert (page.qr.x, page.qr.y, page.qr.size) == pytest.approx((10 * POINT, 20 * POINT, 30 * POINT))
    assert (page.width, page.height) == pytest.approx((595.276, 841.89), abs=0.01)


@pytest.mark.parametrize(
    ("text", "attributes", "engraved", "preprinted"),
    [
        ("食品经营许可证", "", True, True),
        ("{{ authority.name }}", "", True, False),
        ("{{ form.supervised_by }}", 'paper="plain"', True, True),
        ("{{ operator_name }}", "", False, False),
        ("{{ operator_name }}", 'paper="plain"', False, True),
        ("扫码核验", 'print="always"', True, False),
        ("{{ sid_grouped }}", "", False, False),
    ],
)
def test_what_is_engraved_and_what_stands_on_official_stock_follows_from_the_words(
    text: str, attributes: str, engraved: bool, preprinted: bool, folder: Path
) -> None:
    (box,) = load(folder, HEAD + f"<text {TEXT} {attributes}>{text}</text>" + FOOT).main.elements
    assert (box.engraved, box.preprinted) == (engraved, preprinted)


# Jinja in its sandbox

ESCAPES = {
    "class of a text": "{{ ''.__class__ }}",
    "class by item": "{{ ''['__class__'] }}",
    "classes of all": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "globals of a field": "{{ operator_name.__init__.__globals__ }}",
    "a private attribute": "{{ authority._x }}",
    "including a file": "{% include '/etc/passwd' %}",
    "importing a file": "{% import '/etc/passwd' as p %}{{ p }}",
    "extending a file": "{% extends '/etc/passwd' %}",
    "a block": "{% block b %}甲{% endblock %}",
    "a macro": "{% macro m() %}甲{% endmacro %}{{ m() }}",
    "changing a field for the texts that follow": "{% set operator_name = '别家' %}{{ operator_name }}",
}


@pytest.mark.parametrize("text", ESCAPES.values(), ids=ESCAPES.keys())
def test_a_text_that_reaches_out_of_its_sandbox_is_refused_when_it_is_read(text: str, folder: Path) -> None:
    with pytest.raises(TemplateError) as refusal:
        load(folder, HEAD + f'<text {TEXT} name="shop">{text}</text>' + FOOT)
    assert (refusal.value.line, refusal.value.field) == (3, "shop")


@pytest.mark.parametrize(
    "name", ["range", "lipsum", "cycler", "joiner", "namespace", "dict", "self", "loop", "config", "os"]
)
def test_no_name_is_known_but_fields_and_facts(name: str, folder: Path) -> None:
    with pytest.raises(TemplateError) as refusal:
        load(folder, HEAD + f"<text {TEXT}>{{{{ {name} }}}}</text>" + FOOT)
    assert refusal.value.field == name


RUNTIME = {
    "class by attr filter": "{{ operator_name | join(operator_name.format.__self__) }}",
    "format string": "{{ '{0.__class__}'.format(operator_name) }}",
    "unknown text of the form": "{{ form.no_such_text }}",
    "unknown part of the authority": "{{ authority.fax }}",
    "division by zero": "{{ 1 / 0 }}",
    "a filter on the wrong thing": "{{ operator_name | date }}",
    "the character that parts texts": "{{ '\\x1e' }}",
    "appending to a list": "{{ [1].append(2) }}",
}


@pytest.mark.parametrize("text", RUNTIME.values(), ids=RUNTIME.keys())
def test_a_text_that_cannot_be_rendered_is_an_error_of_its_author_with_its_place(
    text: str, common_house: House, tmp_path: Path
) -> None:
    scratch = Scratch(tmp_path, common_house.issuer.workshop.typefaces)
    page = HEAD + f'<text {TEXT} name="sound">甲</text>\n<text {TEXT} name="shop">{text}{{{{ number }}}}</text>' + FOOT
    with pytest.raises(TemplateError) as refusal:
        scratch.strike(page, operator_name="咸宁")
    assert (refusal.value.line, refusal.value.field) == (4, "shop")
    assert refusal.value.file.endswith("/layout.xml")


def test_an_engraved_text_that_cannot_be_rendered_is_an_error_of_its_author(
    common_house: House, tmp_path: Path
) -> None:
    scratch = Scratch(tmp_path, common_house.issuer.workshop.typefaces)
    face, engraving = scratch.face(HEAD + f'<text {TEXT} name="by">{{{{ form.no_such_text }}}}</text>' + FOOT, [])
    with pytest.raises(TemplateError) as refusal:
        scratch.plate(face, engraving)
    assert (refusal.value.line, refusal.value.field) == (3, "by")


@pytest.mark.parametrize(
    "value",
    ["{{7*7}}", '<img src="file:///etc/passwd">', "../../x", "{% raw %}", "{#", "{{ self }}", "%(x)s", "a\\u0041"],
)
def test_a_value_is_words_and_never_a_template(value: str, folder: Path) -> None:
    layout = load(folder, HEAD + f"<text {TEXT}>「{{{{ operator_name }}}}」</text>" + FOOT)
    ((_, text),) = layout.struck("plain", {"operator_name": value})
    assert text == f"「{value}」"


def test_blank_texts_are_left_out(folder: Path) -> None:
    layout = load(
        folder, HEAD + f"<text {TEXT}>{{{{ operator_name }}}}</text><text {TEXT}>{{{{ premises }}}}</text>" + FOOT
    )
    assert [text for _, text in layout.struck("plain", {"operator_name": "", "premises": "温泉"})] == ["温泉"]


# The shipped kinds

LAYOUTS = sorted(file for file in SHIPPED.glob("*/*/*.xml"))


@pytest.mark.parametrize("file", LAYOUTS, ids=[f"{f.parts[-3]}/{f.parts[-2]}/{f.name}" for f in LAYOUTS])
def test_the_shipped_layouts_leave_room_for_the_largest_code_of_their_kind(file: Path) -> None:
    template = load_template(file.parent.parent)
    largest = largest_symbol(template)
    names = frozenset(f.name for f in template.fields)
    layout = load_layout(file, fields=names, largest_qr=largest, declared=template.fields)
    (code,) = [page.qr for page in layout.fixed if page.qr]
    assert code.size / POINT / largest >= MIN_MODULE
    too_large = int(code.size / POINT / MIN_MODULE) + 1
    with pytest.raises(TemplateError, match="too small"):
        load_layout(file, fields=names, largest_qr=too_large, declared=template.fields)


def test_a_code_of_a_real_licence_is_never_larger_than_the_room_left_for_it(common_house: House) -> None:
    largest = largest_symbol(common_house.issuer.templates[KIND])
    document = common_house.issue(operator_name="长" * 100).documents[0]
    modules = next(
        int(line.split(b"/Width ")[1].split(b"/")[0]) for line in document.strike.split(b"\n") if b"/ImageMask" in line
    )
    assert 41 < modules <= largest


@pytest.mark.parametrize("name", sorted(ENGRAVED | STRUCK))
def test_no_field_may_hide_a_name_that_layouts_know(name: str, tmp_path: Path) -> None:
    shutil.copytree(SHIPPED / KIND, tmp_path / KIND)
    file = tmp_path / KIND / "template.toml"
    text = (
        file.read_text("utf-8")
        + f'\n[[field]]\nname = "{name}"\nlabel = {{ zh = "新项", en = "New" }}\ntype = "text"\nrequired = false\n'
    )
    file.write_text(text, "utf-8")
    with pytest.raises(TemplateError):
        load_template(tmp_path / KIND)


def test_a_draft_takes_the_real_number_and_sid_and_keeps_the_rest(common_house: House) -> None:
    ready = common_house.issuer.read(common_house.application(record=sample()))
    job, typefaces = ready.jobs[0], common_house.issuer.workshop.typefaces
    facts = replace(CERTIFICATE, fields=ready.reading.printed_for("original"))
    draft = compose(job.face, facts, typefaces)
    real = replace(facts, number="JY34212810099991", sid="7K3MQ2ZD9XWA")
    ((before, after),) = zip(draft.pages, numbered(draft, job.face, real, typefaces).pages, strict=True)
    assert {s.text for s in after if s.box.numbered} == {"JY34212810099991", "7K3M Q2ZD 9XWA"}
    assert [s for s in after if not s.box.numbered] == [s for s in before if not s.box.numbered]
