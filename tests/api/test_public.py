"""The public service: every state of its pages, what hostile callers get, and what nobody ever gets."""

import logging
import re
from dataclasses import replace

import pytest

from api.facts import MEANINGS
from api.problems import OF_ERROR, OF_STATUS, kind_of
from api.public import make_app
from certgen import wiring
from certgen.core import errors
from certgen.core.errors import CertgenError, RegisterError
from certgen.core.status import LABELS, STATUSES
from certgen.visitors import from_table
from tests._place import HTML, NOBODY, PDF, Place, verdict
from tests._web import Answer, Web
from tests.house import case

# By sid


def test_a_licence_in_force_says_so_and_shows_its_facts_in_the_order_of_the_paper(place: Place) -> None:
    answer = place.web.get(f"/{place.sid}", accept=HTML)
    assert (answer.status, verdict(answer)) == (200, "有效")
    (known, *_) = place.house.register.by_sid(place.sid)
    said = re.sub(r"<[^>]*>", "", answer.text)
    wanted = [known.number, *(value for _, value in known.public), known.authority_name]
    places = [said.index(value) for value in wanted]
    assert places == sorted(places)
    for words in ("副本 1—1", "没有核对二维码里的签名", "请逐项比对", "2026年11月23日 10:00（北京时间）", "样本"):
        assert words in said


def test_an_expired_licence_says_so_from_the_first_minute_of_the_next_day_in_beijing(place: Place) -> None:
    assert verdict(place.web.get(f"/{place.expired}")) == "已过有效期"
    (known, *_) = place.house.register.by_sid(place.sid)
    assert known.valid_until
    last = place.clock.now.replace(
        year=known.valid_until.year, month=known.valid_until.month, day=known.valid_until.day
    )
    place.clock.now = last.replace(hour=15, minute=59)
    assert verdict(place.web.get(f"/{place.sid}")) == "有效"
    place.clock.now = last.replace(hour=16, minute=0)
    assert verdict(place.web.get(f"/{place.sid}")) == "已过有效期"


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_has_its_word_and_its_meaning(place: Place, status: str) -> None:
    place.book.change = lambda known: replace(known, status=status)
    answer = place.web.get(f"/{place.sid}")
    assert verdict(answer) == LABELS[status].zh
    assert MEANINGS[status].zh in answer.text
    assert place.web.get(f"/{place.sid}.json").json["in_force"] is (status == "issued")
    assert ('class="verdict good"' in answer.text) is (status == "issued")


UNKNOWN = {
    "never issued": NOBODY,
    "too short": "ABC",
    "a letter we do not use": "UUUUUUUUUUUU",
    "markup": "%3Cscript%3Ealert(1)%3C/script%3E",
    "a path": "..%2F..%2Fetc%2Fpasswd",
    "two slashes": "/evil.example/",
    "NUL": "%00",
    "a template": "%7B%7B7*7%7D%7D",
    "very long": "A" * 20_000,
    "not UTF-8": "%ff%fe",
}


@pytest.mark.parametrize("sid", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_unknown_malformed_and_never_issued_sids_get_one_answer_after_the_same_work(place: Place, sid: str) -> None:
    known = place.web.get(f"/{NOBODY}", accept=HTML)
    assert (known.status, verdict(known)) == (404, "查无此证照")
    place.book.asked.clear()
    answer = place.web.get(f"/{sid}", accept=HTML)
    assert (answer.status, answer.body, answer.headers) == (404, known.body, known.headers)
    assert len(place.book.asked) == 1, "a malformed sid is answered without asking, which takes less time"
    twin = place.web.get(f"/{sid}.json")
    assert (twin.status, twin.body) == (404, place.web.get(f"/{NOBODY}.json").body)
    assert twin.headers["content-type"] == "application/problem+json"


def test_a_sid_may_be_typed_as_people_type_it(place: Place) -> None:
    typed = f"{place.sid[:4]} {place.sid[4:8]}-{place.sid[8:]}".lower()
    answer = place.web.get(f"/?sid={typed.replace(' ', '+')}")
    assert (answer.status, answer.headers["location"]) == (303, f"/{place.sid}")
    assert verdict(place.web.get(f"/{place.sid.lower()}")) == "有效"
    assert place.web.get("/?sid=%2F%2Fevil.example").status == 404


def test_the_json_twin_says_the_same(place: Place) -> None:
    twin = place.web.get(f"/{place.sid}.json")
    assert twin.body == place.web.get(f"/{place.sid}", accept="application/json").body
    said = twin.json
    assert (said["sid"], said["state"], said["in_force"], said["specimen"]) == (place.sid, "issued", True, True)
    assert said["signature_checked"] is False
    assert place.web.get(f"/{place.expired}.json").json["state"] == "expired"


def test_head_has_the_headers_of_get_and_no_body(place: Place) -> None:
    for target in (f"/{place.sid}", f"/{NOBODY}", "/", "/check", "/static/style.css", "/trust.cose"):
        got, asked = place.web.get(target), place.web.get(target, "HEAD")
        assert (asked.status, asked.headers, asked.body) == (got.status, got.headers, b"")


@pytest.mark.parametrize(
    ("query", "accept", "lang"),
    [
        ("", "", "zh-CN"),
        ("", "en-GB,zh;q=0.5", "en"),
        ("", "fr,zh", "zh-CN"),
        ("?lang=en", "zh", "en"),
        ("?lang=zh", "en", "zh-CN"),
    ],
)
def test_a_page_speaks_the_language_asked_for(place: Place, query: str, accept: str, lang: str) -> None:
    for target in ("/", f"/{place.sid}", f"/{NOBODY}", "/check"):
        assert f'<html lang="{lang}">' in place.web.get(target + query, accept_language=accept).text


def test_values_are_escaped(place: Place) -> None:
    label = errors.Text("名称<i>", "name<i>")
    place.book.change = lambda known: replace(
        known, number="<b>1</b>", authority_name="{{7*7}}", public=((label, '<script>alert("1")</script>'),)
    )
    answer = place.web.get(f"/{place.sid}")
    assert "&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt;" in answer.text
    assert "{{7*7}}" in answer.text
    for raw in ("<b>1", "<i>", "<script>", 'alert("1'):
        assert raw not in answer.text


# Files and codes


def test_a_genuine_file_passes_and_shows_what_the_register_says(place: Place) -> None:
    answer = place.web.post("/check", place.pdf, PDF, accept=HTML)
    assert (answer.status, verdict(answer)) == (200, "真实有效")
    assert "咸宁市桂花源餐饮管理有限公司" in answer.text
    twin = place.web.post("/check", place.pdf, PDF, accept="application/json").json
    assert (twin["verdict"], twin["document"]["sid"]) == ("PASSED", place.sid)
    assert all(finding["ok"] for finding in twin["findings"])
    assert place.web.post("/check.json", place.pdf, PDF).json == twin


def test_an_altered_file_is_refused_and_nothing_in_it_is_repeated(place: Place) -> None:
    altered = bytearray(place.pdf)
    altered[len(altered) // 2] ^= 1
    answer = place.web.post("/check", bytes(altered), PDF, accept=HTML)
    assert (answer.status, verdict(answer)) == (200, "未通过核验")
    (known, *_) = place.house.register.by_sid(place.sid)
    twin = place.web.post("/check.json", bytes(altered), PDF)
    for value in (known.number, known.sid, known.authority_name, *(value for _, value in known.public)):
        assert value not in answer.text
        assert value not in twin.text


def test_an_original_with_something_added_is_told_apart(place: Place) -> None:
    answer = place.web.post("/check", place.pdf + b"\n", PDF, accept=HTML)
    assert verdict(answer) == "被改动过"
    assert "其余" in answer.text


def test_a_genuine_file_of_an_expired_licence_says_both(place: Place) -> None:
    assert verdict(place.web.post("/check", place.expired_pdf, PDF, accept=HTML)) == "真实，但已过有效期"


def test_a_form_without_script_does_the_same(place: Place) -> None:
    form = (
        b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n'
        + b"Content-Type: application/pdf\r\n\r\n"
        + place.pdf
        + b"\r\n--xyz--\r\n"
    )
    answer = place.web.post("/check", form, "multipart/form-data; boundary=xyz", accept=HTML)
    assert verdict(answer) == "真实有效"


CODES = {"plain text": ("text/plain", b"%b"), "form": ("application/x-www-form-urlencoded", b"text=%b")}


@pytest.mark.parametrize(("media", "shape"), CODES.values(), ids=CODES.keys())
def test_a_text_that_is_no_code_of_ours_is_refused_and_not_repeated(place: Place, media: str, shape: bytes) -> None:
    text = b"https://evil.example/0123456789AB%23" + b"7" * 400
    answer = place.web.post("/check", shape % text, media, accept=HTML)
    assert (answer.status, verdict(answer)) == (200, "未通过核验")
    assert "evil" not in answer.text
    assert "evil" not in place.web.post("/check.json", shape % text, media).text


# Hostile callers


def test_a_huge_body_is_cut_off_while_it_streams(place: Place) -> None:
    piece = bytes(2**20)
    answer = place.web.post("/check", (piece for _ in range(1000)), PDF)
    assert answer.status == 413
    assert answer.taken <= 26 * 2**20
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_that_says_it_is_huge_is_not_read(place: Place) -> None:
    answer = place.web.post("/check", (b"x" for _ in range(3)), PDF, content_length=str(10**9), accept=HTML)
    assert (answer.status, answer.taken, verdict(answer)) == (413, 0, "文件过大，最多 25 MB")


def test_many_slow_uploads_are_turned_away_and_pages_go_on(place: Place) -> None:
    during, after = place.web.ask_while(16, "POST", "/check", content_type=PDF)
    assert (during.status, during.json["type"]) == (503, "urn:certgen:problem:busy")
    assert after.status == 200
    assert place.web.ask_while(15, "POST", "/check", content_type=PDF)[0].status == 200
    assert place.web.ask_while(40, "GET", f"/{place.sid}")[0].status == 200


HOSTILE: dict[str, tuple[str, bytes, int]] = {
    "no type": ("", b"x", 415),
    "a picture": ("image/png", b"x", 415),
    "no body": (PDF, b"", 400),
    "empty text": ("text/plain", b" \n", 400),
    "text that is not UTF-8": ("text/plain", b"\xff\xfe", 400),
    "a long text": ("text/plain", b"7" * 20_000, 413),
    "many fields": ("application/x-www-form-urlencoded", b"a=1&" * 100, 400),
    "a form without boundary": ("multipart/form-data", b"--x\r\n", 400),
    "a form without file": ("multipart/form-data; boundary=x", b"--x\r\n\r\n1\r\n--x--", 400),
    "a boundary of rubbish": ("multipart/form-data; boundary=\x01", b"--x\r\n", 400),
    "not a PDF": (PDF, b"hello", 200),
    "only a head": (PDF, b"%PDF-1.7\n", 200),
    "brackets": (PDF, b"%PDF-1.7\n" + b"[" * 200_000 + b"\n%%EOF\n", 200),
    "17 MB": (PDF, b"%PDF-1.7\n" + bytes(17 * 2**20), 200),
    "a code with a lone sign": ("text/plain", b"#", 200),
}


@pytest.mark.parametrize(("media", "body", "status"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_bodies_get_an_answer(place: Place, media: str, body: bytes, status: int) -> None:
    answer = place.web.post("/check", body, media)
    assert answer.status == status
    if status == 200:
        assert verdict(answer) == "未通过核验"
    else:
        assert answer.json["status"] == status
        assert {"type", "title"} <= answer.json.keys()


def test_a_wrong_length_header_is_refused(place: Place) -> None:
    for said in ("-1", "٣", "1e9", ""):
        assert place.web.post("/check", b"x", PDF, content_length=said.encode().decode("latin-1")).status == 400


def test_other_methods_are_refused(place: Place) -> None:
    for method in ("PUT", "DELETE", "PATCH", "POST"):
        assert place.web.ask(method, f"/{place.sid}", ()).status == 405


# What nobody gets


def all_answers(place: Place) -> list[Answer]:
    sids = (place.sid, place.expired, place.trader)
    pages = [place.web.get(f"/{sid}{tail}") for sid in sids for tail in ("", ".json", "?lang=en")]
    files = [d.pdf for d in (place.house.issue(case("sole-trader"))).documents]
    return pages + [place.web.post(target, pdf, PDF) for pdf in files for target in ("/check", "/check.json")]


def test_no_answer_holds_what_a_template_keeps_private_or_an_unmasked_id(place: Place) -> None:
    record = case("sole-trader")
    number = str(record["credit_code"])
    assert re.fullmatch(r"\d{17}[\dX]", number), "the case is no longer of a person"
    template = place.house.issuer.templates["food-business"]
    private = [str(record[f.name]) for f in template.fields if not f.public and record.get(f.name)]
    assert private
    public = {str(record[f.name]) for f in template.fields if f.public and record.get(f.name)}
    answers = all_answers(place)
    assert any(number[:10] in re.sub("<[^>]*>", "", a.text) for a in answers), "the masked number is not even shown"
    for answer in answers:
        said = re.sub(r"<[^>]*>", "", answer.text)
        assert number not in said
        assert number[6:14] not in said
        for value in private:
            assert value not in said or any(value in other for other in public)


def test_every_answer_carries_the_headers_and_names_no_stranger(place: Place) -> None:
    targets = ("/", "/check", f"/{place.sid}", f"/{place.sid}.json", f"/{NOBODY}", "/static/style.css", "/healthz")
    for target in targets:
        answer = place.web.get(target)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert ("no-store" in answer.headers["cache-control"]) is (target != "/static/style.css")
        assert not re.search(r"(src|href|action)=\"(https?:)?//", answer.text)
        assert not re.search(r"(?i)<style|\sstyle=|\son\w+=|<script(?! (type=\"module\" )?src=)", answer.text)


def test_files_that_do_not_change_have_a_tag_and_are_not_sent_twice(place: Place) -> None:
    first = place.web.get("/static/style.css")
    again = place.web.get("/static/style.css", if_none_match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    for name in ("..%2Fpublic.py", "base.html", "%00", "/etc/passwd"):
        assert place.web.get(f"/static/{name}").status == 404


def test_the_anchors_are_those_of_the_workspace(place: Place) -> None:
    chosen = place.house.settings
    assert place.web.get("/trust.cose").body == chosen.trust.read_bytes()
    assert place.web.get("/root.crt.pem").body == chosen.root_certificate.read_bytes()


def test_a_page_is_small(place: Place) -> None:
    sizes = [len(place.web.get(target).body) for target in (f"/{place.sid}", "/static/style.css", "/static/check.js")]
    assert sum(sizes) < 60_000


# When something is wrong


def test_a_register_that_does_not_answer_is_a_problem_and_not_a_verdict(place: Place) -> None:
    place.book.fault = RegisterError("the disk of 张三 is full")
    for target in (f"/{place.sid}", f"/{NOBODY}", "/healthz"):
        answer = place.web.get(target)
        assert (answer.status, answer.json["type"]) == (503, "urn:certgen:problem:register-unavailable")
        assert "张三" not in answer.text
    assert verdict(place.web.get(f"/{place.sid}", accept=HTML)) == OF_ERROR[RegisterError].title.zh


def test_what_nobody_foresaw_is_a_bare_500_and_the_log_names_a_place_only(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    place.book.fault = ZeroDivisionError(f"{place.sid} of 张三")
    with caplog.at_level(logging.DEBUG):
        answer = place.web.get(f"/{place.sid}")
    assert (answer.status, answer.body) == (500, b"500")
    said = "\n".join(f"{r.getMessage()} {r.exc_info}" for r in caplog.records)
    assert "ZeroDivisionError at _place.py" in said
    assert "张三" not in said
    assert place.sid not in said


def test_no_sid_name_or_number_is_logged(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        all_answers(place)
        place.web.get(f"/{NOBODY}")
    said = "\n".join(record.getMessage() for record in caplog.records)
    assert not [word for word in (place.sid, place.expired, place.trader, NOBODY, "JY") if word in said]


def leaves(of: type[CertgenError]) -> list[type[CertgenError]]:
    return [leaf for child in of.__subclasses__() for leaf in (leaves(child) or [child])]


def test_every_error_of_ours_is_in_the_table() -> None:
    ours = [leaf for leaf in leaves(CertgenError) if leaf.__module__ == errors.__name__]
    assert set(ours) == set(OF_ERROR)
    assert kind_of(CertgenError("x")).status == 500
    names = {kind.name: kind.status for kind in [*OF_ERROR.values(), *OF_STATUS.values()]}
    assert all(names[kind.name] == kind.status for kind in [*OF_ERROR.values(), *OF_STATUS.values()])


# Too often


def test_a_network_that_asks_too_often_gets_a_problem_that_says_when_to_come_again(place: Place) -> None:
    chosen = replace(place.house.settings, visitors=from_table({"lookups_a_minute": 2}))
    web = Web(make_app(wiring.Desk(chosen, place.book, place.clock)))  # type: ignore[arg-type]
    assert [web.get(f"/{place.sid}.json").status for _ in range(2)] == [200, 200]
    answer = web.get(f"/{place.sid}.json")
    assert (answer.status, answer.json["type"]) == (429, "urn:certgen:problem:too-many")
    assert 1 <= int(answer.headers["retry-after"]) <= 61
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    page = web.get(f"/{place.sid}", accept=HTML)
    assert (page.status, verdict(page)) == (429, OF_STATUS[429].title.zh)
    assert web.get("/healthz").status == 200
