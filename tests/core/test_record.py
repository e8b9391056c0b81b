import json
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certgen.core import record, sid
from certgen.core.errors import FormatError
from certgen.core.model import Certificate, Slot

CERTIFICATE = Certificate(
    sid="0123456789AB",
    number="JY24212020000020",
    version=1,
    kind="food-business",
    form="2015",
    copy="duplicate",
    copy_number="1—1",
    template_digest="ab" * 32,
    authority="421200",
    authority_name="咸宁市食品药品监督管理局",
    issued_on=date(2017, 8, 1),
    valid_from=date(2017, 8, 1),
    valid_until=date(2022, 7, 31),
    issued_at=datetime(2017, 8, 1, 2, 3, 4, tzinfo=UTC),
    fields=(("operator_name", "咸宁市桂花源餐饮管理有限公司"), ("premises", 'a"\\/\t%𠮷')),
    slot=Slot(0, 77),
    salt=bytes(range(16)),
)
# Frozen: a change of one byte here is a new version of the format.
BYTES = (
    '{"authority":"421200","authority_name":"咸宁市食品药品监督管理局","certgen":1,"copy":"duplicate","copy_number":"1—1",'
    '"fields":[["operator_name","咸宁市桂花源餐饮管理有限公司"],["premises","a\\"\\\\/\\t%𠮷"]],"form":"2015",'
    '"issued_at":"2017-08-01T02:03:04Z","issued_on":"2017-08-01","kind":"food-business","number":"JY24212020000020",'
    '"salt":"000102030405060708090a0b0c0d0e0f","sid":"0123456789AB","slot":[0,77],"template":"' + "ab" * 32 + '",'
    '"valid_from":"2017-08-01","valid_until":"2022-07-31","version":1}'
).encode()

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
CERTIFICATES = st.builds(
    Certificate,
    sid=st.integers(0, 2**60 - 1).map(sid.make),
    number=TEXT,
    version=st.integers(1, 99),
    kind=TEXT,
    form=TEXT,
    copy=TEXT,
    copy_number=TEXT,
    template_digest=st.binary(min_size=32, max_size=32).map(bytes.hex),
    authority=TEXT,
    authority_name=TEXT,
    issued_on=st.dates(),
    valid_from=st.dates(),
    valid_until=st.none() | st.dates(),
    issued_at=st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0)),
    fields=st.lists(st.tuples(TEXT, TEXT), max_size=5).map(tuple),
    slot=st.builds(Slot, st.integers(0, 9), st.integers(0, 131071)),
    salt=st.binary(min_size=16, max_size=16),
)


def test_a_record_has_the_frozen_bytes_in_the_order_of_its_keys():
    assert record.encode(CERTIFICATE) == BYTES
    keys = list(json.loads(BYTES))
    assert keys == sorted(keys)


def test_a_record_without_expiry_says_null():
    assert b'"valid_until":null' in record.encode(replace(CERTIFICATE, valid_until=None))


@given(CERTIFICATES)
def test_what_is_encoded_decodes_to_the_same(certificate):
    assert record.decode(record.encode(certificate)) == certificate


@given(st.integers(0, len(BYTES) - 1), st.integers(0, 255))
def test_a_changed_byte_is_refused_or_is_another_record(at, byte):
    changed = BYTES[:at] + bytes([byte]) + BYTES[at + 1 :]
    try:
        assert record.encode(record.decode(changed)) == changed
    except FormatError:
        return
    assert changed == BYTES or record.digest(changed) != record.digest(BYTES)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('{"authority"', '{ "authority"'),
        ('"version":1}', '"version":1}\n'),
        ('"version":1}', '"version":1.0}'),
        ('"version":1}', '"version":true}'),
        ('"version":1}', '"version":"1"}'),
        ('"version":1}', '"version":-1}'),
        ('"version":1}', '"version":1,"version":1}'),
        ('"version":1}', '"version":1,"zzz":1}'),
        ('"certgen":1', '"certgen":2'),
        ('"certgen":1,', ""),
        ("咸宁市食品", "\\u54b8宁市食品"),
        ("a\\", "\\u0061\\"),
        ("\\/", "/"),
        ('"kind":"food-business"', '"kind":null'),
        ('"slot":[0,77]', '"slot":[0,77,1]'),
        ('"slot":[0,77]', '"slot":[0,-1]'),
        ('"slot":[0,77]', '"slot":[false,77]'),
        ("04Z", "04+00:00"),
        ("04Z", "04.5Z"),
        ("T02:03:04Z", "T10:03:04+08:00"),
        ('"issued_on":"2017-08-01"', '"issued_on":"20170801"'),
        ('"issued_on":"2017-08-01"', '"issued_on":"2017-02-29"'),
        ("0e0f", "0E0F"),
        ("0e0f", "0e"),
        ("0123456789AB", "0123456789ab"),
        ("0123456789AB", "0123-4567-89AB"),
        ('[["operator_name",', '[["operator_name","x",'),
    ],
)
def test_another_way_of_writing_a_record_is_refused(old, new):
    assert BYTES.count(old.encode()) >= 1
    with pytest.raises(FormatError):
        record.decode(BYTES.replace(old.encode(), new.encode(), 1))


def test_a_slash_may_not_be_escaped():
    with pytest.raises(FormatError):
        record.decode(BYTES.replace(b"/", b"\\/"))


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"1", b"\xff", b"[" * 100_000, b'{"a":' * 100_000, b"9" * 5000])
def test_bytes_that_are_no_record_are_refused(data):
    with pytest.raises(FormatError):
        record.decode(data)


@given(st.binary() | st.text().map(lambda text: json.dumps(text).encode()))
def test_any_bytes_are_refused_with_our_error(data):
    with pytest.raises(FormatError):
        record.decode(data)


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2017, 8, 1, 2, 3, 4, 1, tzinfo=UTC),
        datetime(2017, 8, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=8))),
        datetime(2017, 8, 1, 2, 3, 4),  # noqa: DTZ001 - a time without its zone
    ],
)
def test_a_time_that_is_not_whole_utc_seconds_is_not_written(moment):
    with pytest.raises(FormatError):
        record.encode(replace(CERTIFICATE, issued_at=moment))


def test_a_lone_surrogate_is_not_written():
    with pytest.raises(FormatError):
        record.encode(replace(CERTIFICATE, number="\ud800"))


def test_encoding_a_record_stays_cheap():
    certificate = replace(CERTIFICATE, fields=(("premises", "湖北省咸宁市咸安区温泉街道办事处淦河大道108号"),) * 12)
    best = min(_time(certificate) for _ in range(20))
    assert best < 100e-6  # measured 10 µs; a pure-Python encoder takes some 200


def _time(certificate):
    start = time.perf_counter()
    for _ in range(20):
        record.encode(certificate)
    return (time.perf_counter() - start) / 20
