"""Metadata by GB/T 36903 in the record: what it says follows from the licence, and anything else is refused."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from certgen.core import codes, metadata, record
from certgen.core.errors import FormatError
from certgen.core.model import Certificate, Slot

KIND, OFFICE = "11100000MB0143028R001", "11421200011330005C"
PLAIN = Certificate(
    sid="0123456789AB", number="2017080100001", version=1, kind="business-licence", form="2014", copy="original",
    copy_number="", template_digest="ab" * 32, authority="421200", authority_name="咸宁市市场监督管理局",
    issued_on=date(2017, 8, 1), valid_from=date(2017, 8, 1), valid_until=None,
    issued_at=datetime(2017, 8, 1, 2, 3, 4, tzinfo=UTC), fields=(("name", "咸宁某某公司"),), slot=Slot(0, 77),
    salt=bytes(16),
)  # fmt: skip


def made(certificate: Certificate = PLAIN, **change: str) -> metadata.Metadata:
    values = {"title": "营业执照", "kind_code": KIND, "office_code": OFFICE, "holder": "咸宁某某公司",
              "holder_code": "91421200MA4900002N"} | change  # fmt: skip
    return metadata.make(certificate, **values)


def test_the_identifier_is_that_of_the_standard() -> None:
    said = dict(made())
    assert said["ZZBS"] == "1.2.156.3005.2.11100000MB0143028R001.11421200011330005C.2017080100001.001.G"
    assert codes.parse_elicence(said["ZZBS"]).version == 1


def test_a_new_version_raises_the_identifier() -> None:
    assert ".002." in dict(made(replace(PLAIN, version=2)))["ZZBS"]


def test_every_name_has_its_value_and_stands_in_the_order_of_the_standard() -> None:
    said = made(replace(PLAIN, valid_until=date(2037, 7, 31)))
    assert [name for name, _ in said] == list(metadata.NAMES)
    assert dict(said) == {
        "ZZMC": "营业执照", "ZZLXDM": KIND, "ZZBH": "2017080100001",
        "ZZBS": "1.2.156.3005.2.11100000MB0143028R001.11421200011330005C.2017080100001.001.G",
        "ZZBFJG": "咸宁市市场监督管理局", "ZZBFJGDM": OFFICE, "ZZBFRQ": "2017-08-01", "CZZT": "咸宁某某公司",
        "CZZTDM": "91421200MA4900002N", "CZZTDMLX": "统一社会信用代码", "CZZTDMLXDM": "001",
        "ZZYXQQSRQ": "2017-08-01", "ZZYXQJZRQ": "2037-07-31",
    }  # fmt: skip


def test_a_masked_citizen_id_stays_masked_and_is_named_for_what_it_is() -> None:
    said = dict(made(holder_code="1101051949****002X"))
    assert (said["CZZTDM"], said["CZZTDMLXDM"]) == ("1101051949****002X", "111")


def test_what_is_not_known_is_left_out() -> None:
    said = dict(made(kind_code="", holder_code=""))
    assert said.keys().isdisjoint({"ZZLXDM", "ZZBS", "CZZTDM", "CZZTDMLX", "CZZTDMLXDM", "ZZYXQJZRQ"})
    assert "ZZBS" not in dict(made(office_code=""))


def test_a_number_with_characters_gives_a_serial_of_digits_and_letters() -> None:
    assert metadata.serial_of("鄂咸食药监械经营许20170001号") == "20170001"
    assert metadata.serial_of("鄂BA7150001") == "BA7150001"


def test_a_record_with_metadata_reads_back() -> None:
    full = replace(PLAIN, metadata=made())
    assert record.decode(record.encode(full)) == full
    assert "metadata" not in json.loads(record.encode(PLAIN))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ZZBH", "2017080100002"),
        ("ZZBFJG", "赤壁市市场监督管理局"),
        ("ZZBFRQ", "2017-08-02"),
        ("ZZYXQQSRQ", "2017-08-02"),
        ("ZZBS", "1.2.156.3005.2.11100000MB0143028R001.11421200011330005C.2017080100001.001.H"),
        ("ZZBS", "11100000MB0143028R001.11421200011330005C.2017080100001.001.G"),
        ("ZZLXDM", "11100000MB0143028R039"),
        ("ZZBFJGDM", "114212020113000179"),
    ],
)
def test_metadata_that_says_something_else_than_the_record_is_refused(name: str, value: str) -> None:
    false = tuple((key, value if key == name else old) for key, old in made())
    with pytest.raises(FormatError):
        record.decode(record.encode(replace(PLAIN, metadata=false)))


def test_metadata_of_a_licence_that_ends_may_not_be_left_without_its_end() -> None:
    ends = replace(PLAIN, valid_until=date(2037, 7, 31))
    with pytest.raises(FormatError, match="ZZYXQJZRQ"):
        record.decode(record.encode(replace(ends, metadata=made())))


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said[::-1],
        lambda said: (*said, said[-1]),
        lambda said: (*said, ("ZZXX", "1")),
        lambda said: tuple(pair for pair in said if pair[0] != "ZZLXDM"),
        lambda said: tuple(pair for pair in said if pair[0] != "ZZBS"),
    ],
)
def test_metadata_that_we_would_not_write_is_refused(change: object) -> None:
    with pytest.raises(FormatError):
        record.decode(record.encode(replace(PLAIN, metadata=change(made()))))  # type: ignore[operator]


def test_a_credit_code_of_digits_alone_is_no_identity_number() -> None:
    assert dict(made(holder_code="911101083303521997"))["CZZTDMLXDM"] == "001"


def test_a_registration_number_is_named_for_neither() -> None:
    said = dict(made(holder_code="421202123456783"))
    assert said["CZZTDM"] == "421202123456783"
    assert "CZZTDMLX" not in said


def test_an_identity_number_is_masked_whatever_the_paper_shows() -> None:
    assert dict(made(holder_code="11010519491231002X"))["CZZTDM"] == "1101051949****002X"


def with_code(code: str, kind: str, digits: str) -> metadata.Metadata:
    said = dict(made()) | {"CZZTDM": code, "CZZTDMLX": kind, "CZZTDMLXDM": digits}
    return tuple(said.items())


@pytest.mark.parametrize(
    "false",
    [
        with_code("11010519491231002X", "公民身份号码", "111"),
        with_code("91421200MA4900002N", "公民身份号码", "111"),
        with_code("91421200MA4900002N", "统一社会信用代码", "111"),
    ],
)
def test_a_holders_code_unmasked_or_misnamed_is_not_even_written(false: metadata.Metadata) -> None:
    with pytest.raises(FormatError, match="holder"):
        record.encode(replace(PLAIN, metadata=false))
