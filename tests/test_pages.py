"""Pages that know how many they are, and further codes of plain text."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pikepdf
import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certgen import qr
from certgen.core.errors import ApplicationError, FormatError, TemplateError, Text
from certgen.core.model import Field
from certgen.fonts import Typefaces
from certgen.layout import MIN_MODULE, POINT
from certgen.preflight import Window, lint
from certgen.proof import read_qr
from certgen.settings import SHIPPED
from tests.house import NOW, Scratch, unsigned
from tests.soundness import check_sound

FIELDS = (Field("code", Text("代码", "Code"), "uscc"), Field("words", Text("文字", "Words"), "text", max_chars=9000))
LAYOUT = """<layout>
  <page width="210" height="297">
    <text name="words" x="20" y="20" width="170" height="60" size="12" fit="continue">{{ words }}</text>
    <text name="foot" x="20" y="280" width="100" height="6" size="9">第 {{ page }} 页 共 {{ pages }} 页</text>
  </page>
  <page role="continuation" width="210" height="297">
    <box x="15" y="25" width="180" height="250"/>
    <text name="head" x="20" y="12" width="170" height="8" font="hei-bold" size="14">附 页</text>
    <continued x="20" y="30" width="170" height="240" size="12"/>
    <text name="foot" x="20" y="280" width="100" height="6" size="9">第 {{ page }} 页 共 {{ pages }} 页</text>
  </page>
</layout>"""
LINK = "http://www.gsxt.gov.cn/index.html?uniscid={{ code }}"
CODE = f'<code x="20" y="20" size="15" text="{LINK}"/>'
USCC = "91421202MA4900002K"
EVER = Window(NOW, NOW)


@pytest.fixture(scope="module")
def typefaces() -> Typefaces:
    return Typefaces(SHIPPED / "_shared" / "fonts")


@pytest.fixture
def scratch(tmp_path: Path, typefaces: Typefaces) -> Scratch:
    return Scratch(tmp_path, typefaces, FIELDS)


def pages(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]


def on_page(element: str) -> str:
    return f'<layout>\n<page width="100" height="100"><qr x="60" y="60" size="30"/>\n{element}</page></layout>'


# How many pages there are


@pytest.mark.parametrize(("length", "count"), [(10, 1), (800, 2), (4000, 4)])
def test_every_page_says_which_it_is_and_of_how_many(length: int, count: int, scratch: Scratch) -> None:
    said = pages(scratch.pdf(LAYOUT, words="字" * length))
    assert len(said) == count
    for i, page in enumerate(said, 1):
        assert f"第 {i} 页 共 {count} 页" in page
    assert "".join(said).count("字") == length


def test_a_condition_may_leave_the_count_to_documents_of_several_pages(scratch: Scratch) -> None:
    layout = LAYOUT.replace("第 {{ page }} 页 共", "{% if pages > 1 %}第 {{ page }} 页 共").replace(
        "}} 页<", "}} 页{% endif %}<"
    )
    assert "页" not in pages(scratch.pdf(layout, words="字"))[0]
    assert "第 2 页 共 2 页" in pages(scratch.pdf(layout, words="字" * 800))[1]
    alone = LAYOUT.replace("第 {{ page }} 页 共 {{ pages }} 页", "{% if pages == 1 %}共一页{% endif %}")
    assert "共一页" in pages(scratch.pdf(alone, words="字"))[0]
    assert not any("共一页" in page for page in pages(scratch.pdf(alone, words="字" * 800)))


def test_a_count_that_would_not_fit_in_two_digits_is_refused_when_it_has_one(scratch: Scratch) -> None:
    tight = LAYOUT.replace(
        'width="100" height="6" size="9">第 {{ page }} 页 共 {{ pages }} 页',
        'width="5" height="4" size="9">{{ pages }}',
    )
    assert pages(scratch.pdf(tight, words="字"))
    with pytest.raises(ApplicationError) as refusal:
        scratch.pdf(tight.replace('width="5"', 'width="3.3"'), words="字")
    assert {problem.field for problem in refusal.value.problems} == {"foot"}


@pytest.mark.parametrize("paper", ["plain", "overprint"])
def test_further_pages_carry_their_own_fixed_text_and_lines_on_any_paper(paper: str, scratch: Scratch) -> None:
    pdf = scratch.pdf(LAYOUT, paper, words="字" * 800)
    assert [page.count("附 页") for page in pages(pdf)] == [0, 1]
    with pikepdf.open(io.BytesIO(pdf)) as document:
        drawn = pikepdf.parse_content_stream(document.pages[1].Resources.XObject.continuation)
        assert "re" in {str(operator) for _, operator in drawn}


@pytest.mark.parametrize("name", ["page", "pages", "number", "sid"])
def test_a_text_that_flows_on_names_no_number_since_that_is_set_last(name: str, scratch: Scratch) -> None:
    with pytest.raises(TemplateError) as refusal:
        scratch.pdf(LAYOUT.replace("{{ words }}", f"{{{{ words }}}}{{{{ {name} }}}}"), words="字")
    assert (refusal.value.line, refusal.value.field) == (3, "fit")


# Codes of plain text


@given(st.text(st.characters(max_codepoint=127), min_size=1, max_size=600))
def test_any_ascii_text_is_drawn_and_read_back(text: str) -> None:
    assert qr.read_back(qr.encode_plain(text)) == text
    assert len(qr.encode_plain(text)) == qr.size_of(qr.version_for_plain(text))


@pytest.mark.parametrize("text", ["http://例", "é", "a" * 667], ids=["chinese", "latin", "too long"])
def test_what_no_code_can_say_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        qr.encode_plain(text)


@pytest.mark.parametrize("length", [1, 84, 85, 120, 666])
def test_the_smallest_version_is_taken(length: int) -> None:
    import qrcode

    other = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M)
    other.add_data(b"~" * length, optimize=0)
    other.make(fit=True)
    assert qr.version_for_plain("~" * length) == max(other.version, 5)


@pytest.mark.parametrize("paper", ["plain", "overprint"])
def test_a_further_code_is_read_by_a_camera_beside_ours(paper: str, scratch: Scratch) -> None:
    struck = scratch.strike(on_page(CODE), paper, code=USCC)
    pdf = unsigned(struck)
    assert read_qr(pdf, (20, 20, 15, 15)) == LINK.replace("{{ code }}", USCC)
    assert read_qr(pdf, (60, 60, 30, 30)) == struck.symbol.text
    assert lint([struck], [EVER], NOW)


def test_a_record_without_the_value_has_no_code_when_the_author_says_so(scratch: Scratch) -> None:
    layout = on_page(CODE.replace("http:", "{% if code %}http:").replace('}}"', '}}{% endif %}"'))
    assert not scratch.strike(layout, code="").codes
    assert len(scratch.strike(layout, code=USCC).codes) == 1


def test_preflight_refuses_a_further_code_that_says_something_else(scratch: Scratch) -> None:
    struck = scratch.strike(on_page(CODE), code=USCC)
    (code,) = struck.codes
    other = scratch.strike(on_page(CODE), code=USCC[::-1]).codes[0].symbol
    forged = replace(struck, codes=(code._replace(symbol=replace(code.symbol, rows=other.rows)),))
    with pytest.raises(TemplateError):
        lint([forged], [EVER], NOW)


FAULTS = {
    "too small": ('<code x="1" y="1" size="14" text="a{{ code }}"/>', "code", "needs 14.1 mm"),
    "too small for the longest value": ('<code x="1" y="1" size="40" text="{{ words | urlencode }}"/>', "text", "long"),
    "not ASCII": ('<code x="1" y="1" size="15" text="企业{{ code }}"/>', "text", "urlencode"),
    "a value that may be Chinese": ('<code x="1" y="1" size="15" text="{{ words }}"/>', "text", "urlencode"),
    "unknown field": ('<code x="1" y="1" size="15" text="{{ uscc }}"/>', "uscc", "unknown field"),
    "no text": ('<code x="1" y="1" size="15"/>', "text", "lacks"),
    "off the page": ('<code x="90" y="1" size="15" text="a"/>', "code", "off the page"),
    "syntax": ('<code x="1" y="1" size="15" text="{{ code"/>', "text", ""),
    "out of its sandbox": ('<code x="1" y="1" size="15" text="{{ code.__class__ }}"/>', "text", "out of reach"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_of_a_code_is_refused_when_its_layout_is_read(fault: tuple[str, str, str], scratch: Scratch) -> None:
    element, field, says = fault
    with pytest.raises(TemplateError) as refusal:
        scratch.strike(on_page(element), code=USCC, words="字")
    assert (refusal.value.line, refusal.value.field) == (3, field)
    assert says in refusal.value.message.en


def test_a_further_page_carries_no_code(scratch: Scratch) -> None:
    layout = LAYOUT.replace("<continued", CODE + "<continued")
    with pytest.raises(TemplateError) as refusal:
        scratch.strike(layout, code=USCC, words="字")
    assert refusal.value.field == "code"


def test_modules_of_a_further_code_are_never_smaller_than_a_telephone_sees(scratch: Scratch) -> None:
    (code,) = scratch.strike(on_page(CODE), code=USCC).codes
    assert code.square.size / POINT / code.symbol.size >= MIN_MODULE


def test_a_condition_that_makes_a_code_larger_than_was_measured_is_refused(scratch: Scratch) -> None:
    layout = on_page(
        '<code name="link" x="1" y="1" size="15" text="{% if code == \'1\' %}' + "a" * 200 + '{% endif %}b"/>'
    )
    assert scratch.strike(layout, code=USCC)
    with pytest.raises(ApplicationError) as refusal:
        scratch.strike(layout, code="1")
    assert [problem.field for problem in refusal.value.problems] == ["link"]


@pytest.mark.parametrize("layout", [LAYOUT, on_page(CODE)], ids=["pages", "code"])
def test_the_same_record_gives_the_same_sound_file(layout: str, scratch: Scratch, tool: Callable[[str], str]) -> None:
    values = {"code": USCC, "words": "字，" * 900}
    pdf = scratch.pdf(layout, **values)
    assert pdf == scratch.pdf(layout, **values)
    check_sound(pdf, scratch.folder, tool)
