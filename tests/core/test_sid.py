import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certgen.core import sid
from certgen.core.errors import FormatError

SIXTY_BITS = st.integers(0, 2**60 - 1)


@given(SIXTY_BITS)
def test_a_sid_is_twelve_symbols_that_give_the_bits_back(bits):
    text = sid.make(bits)
    assert sid.is_sid(text)
    assert sum(sid.ALPHABET.index(c) << 5 * i for i, c in enumerate(reversed(text))) == bits


@given(SIXTY_BITS)
def test_a_sid_reads_back_however_it_was_typed(bits):
    text = sid.make(bits)
    assert sid.parse(text) == text
    assert sid.parse(sid.grouped(text)) == text
    assert sid.parse(sid.grouped(text).replace(" ", "-").lower()) == text
    assert sid.parse(text.replace("1", "l").replace("0", "o")) == text
    assert sid.parse(text.replace("1", "I").replace("0", "O")) == text


def test_the_smallest_and_largest_sids_are_known():
    assert sid.make(0) == "000000000000"
    assert sid.make(2**60 - 1) == "ZZZZZZZZZZZZ"
    assert sid.grouped("0123456789AB") == "0123 4567 89AB"


@pytest.mark.parametrize("bits", [-1, 2**60])
def test_other_than_sixty_bits_make_no_sid(bits):
    with pytest.raises(FormatError):
        sid.make(bits)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0123456789A",
        "0123456789ABC",
        "U123456789AB",
        "0123456789Aſ",
        "0123456789ﬁ",
        "０123456789AB",
        "0123456789A\n",
    ],
)
def test_what_is_not_a_sid_is_refused(text):
    with pytest.raises(FormatError, match="wanted a sid"):
        sid.parse(text)


@given(st.text())
def test_any_text_is_a_sid_or_is_refused(text):
    with contextlib.suppress(FormatError):
        assert sid.is_sid(sid.parse(text))
