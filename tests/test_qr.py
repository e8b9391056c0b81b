"""QR symbols: module for module those of `qrcode`, read by two decoders, and read back without forgiveness."""

import random
from functools import cache

import numpy as np
import pytest
import qrcode
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter
from qrcode.util import MODE_8BIT_BYTE, MODE_NUMBER, QRData

from certgen import qr
from certgen.core.errors import FormatError
from certgen.core.qrtext import QrText

URL = "https://licence.example.cn/7K3MQ2ZD9XWA"
LENGTHS = {5: 90, 6: 150, 7: 180, 8: 240, 9: 290, 10: 400, 11: 480, 12: 540, 13: 650, 14: 720, 15: 850, 16: 950}
LENGTHS |= {17: 1080, 18: 1200, 19: 1350, 20: 1450}  # digits that need just this version behind URL
TEXTS = st.builds(
    lambda length, digits: QrText("https://" + "a" * length, digits),
    st.integers(0, 60),
    st.text("0123456789", min_size=1, max_size=1300),
)


def _text(digits: int, seed: int = 0) -> QrText:
    return QrText(URL, "".join(random.Random(seed).choices("0123456789", k=digits)))


def _peer(text: QrText, mask: int = 2) -> np.ndarray:
    symbol = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, mask_pattern=mask, version=5)
    symbol.add_data(QRData(f"{text.url}#".encode(), MODE_8BIT_BYTE))
    symbol.add_data(QRData(text.digits.encode(), MODE_NUMBER))
    symbol.make(fit=True)
    return np.array(symbol.modules, np.uint8)


@cache
def _symbol(version: int) -> np.ndarray:
    return qr.encode([_text(LENGTHS[version])])[0]


def _raster(modules: np.ndarray, scale: int) -> Image.Image:
    """Draw dark modules black, with the quiet zone."""
    grown = np.pad(modules, qr.QUIET_ZONE).repeat(scale, 0).repeat(scale, 1)
    return Image.fromarray((1 - grown) * np.uint8(255))


def _scan(image: Image.Image) -> str:
    (found,) = zxingcpp.read_barcodes(image)
    return found.text


@pytest.mark.parametrize("version", qr.VERSIONS)
def test_a_symbol_is_the_one_that_qrcode_draws(version: int) -> None:
    assert len(_symbol(version)) == qr.size_of(version)
    assert np.array_equal(_symbol(version), _peer(_text(LENGTHS[version])))


@pytest.mark.parametrize("mask", range(8))
def test_a_symbol_of_any_mask_is_the_one_that_qrcode_draws_and_is_read_back(mask: int) -> None:
    text = _text(300)
    (modules,) = qr.encode([text], mask)
    assert np.array_equal(modules, _peer(text, mask))
    assert qr.read_back(modules) == text.text


@pytest.mark.parametrize("version", [5, 9, 10, 11, 14, 20])
def test_the_last_digits_that_fit_are_drawn_as_qrcode_draws_them(version: int) -> None:
    most = max(count for count in range(1700) if _fits(version, count))
    for digits in range(most - 12, most + 1):  # the terminator grows shorter, and is gone
        text = _text(digits, seed=digits)
        (modules,) = qr.encode([text])
        assert np.array_equal(modules, _peer(text))
        assert qr.read_back(modules) == text.text


def _fits(version: int, digits: int) -> bool:
    try:
        return qr.version_for(len(URL), digits) <= version
    except FormatError:
        return False


@pytest.mark.parametrize("version", qr.VERSIONS)
def test_two_decoders_read_what_was_written(version: int) -> None:
    from pyzbar import pyzbar

    image = _raster(_symbol(version), 4)
    assert _scan(image) == _text(LENGTHS[version]).text
    (found,) = pyzbar.decode(image, symbols=[pyzbar.ZBarSymbol.QRCODE])
    assert found.data.decode("ascii") == _text(LENGTHS[version]).text


def test_a_licence_printed_small_and_photographed_askew_is_still_read() -> None:
    # 0.38 mm a module at 71 % and 300 dpi: 3.2 dots, turned, blurred and grey.
    side = round((qr.size_of(11) + 8) * 0.38 * 0.71 * 300 / 25.4)
    image = _raster(_symbol(11), 8).resize((side, side), Image.Resampling.BILINEAR)
    image = image.rotate(4, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    image = image.filter(ImageFilter.GaussianBlur(0.7)).point(lambda level: 60 + level // 2)
    assert _scan(image) == _text(LENGTHS[11]).text


@given(st.lists(TEXTS, max_size=5))
def test_any_texts_are_read_back_in_their_order(texts: list[QrText]) -> None:
    symbols = qr.encode(texts)
    assert qr.read_back_many(symbols) == [text.text for text in texts]
    assert [len(symbol) for symbol in symbols] == [
        qr.size_of(qr.version_for(len(text.url), len(text.digits))) for text in texts
    ]


def test_many_texts_of_mixed_lengths_give_the_symbols_of_each_alone() -> None:
    chance = random.Random(5)
    texts = [_text(chance.randint(1, 900), seed) for seed in range(200)]
    for text, symbol in zip(texts, qr.encode(texts), strict=True):
        assert np.array_equal(symbol, qr.encode([text])[0])


@pytest.mark.parametrize("version", [5, 7, 11, 14])  # 5 and 14 have remainder bits, 7 and later version information
def test_every_single_flipped_module_is_refused(version: int) -> None:
    modules = _symbol(version).copy()
    taken = []
    for place in range(modules.size):
        modules.flat[place] ^= 1
        try:
            qr.read_back(modules)
            taken.append(divmod(place, len(modules)))
        except FormatError:
            pass
        modules.flat[place] ^= 1
    assert taken == []
    assert qr.read_back(modules) == _text(LENGTHS[version]).text


def test_one_bad_symbol_among_many_is_refused() -> None:
    symbols = qr.encode([_text(480, seed) for seed in range(70)])
    symbols[66][30, 30] ^= 1
    with pytest.raises(FormatError):
        qr.read_back_many(symbols)


@pytest.mark.parametrize(
    ("level", "content"),
    [
        (qrcode.ERROR_CORRECT_L, (QRData(b"https://a.cn/x#", MODE_8BIT_BYTE),)),
        (qrcode.ERROR_CORRECT_Q, (QRData(b"https://a.cn/x#", MODE_8BIT_BYTE),)),
        (qrcode.ERROR_CORRECT_H, (QRData(b"https://a.cn/x#", MODE_8BIT_BYTE),)),
        (qrcode.ERROR_CORRECT_M, (QRData(b"HTTPS"),)),  # alphanumeric
        (qrcode.ERROR_CORRECT_M, (QRData("咸宁".encode(), MODE_8BIT_BYTE),)),
    ],
)
def test_a_good_symbol_of_another_sort_is_refused(level: int, content: tuple[QRData, ...]) -> None:
    symbol = qrcode.QRCode(version=5, error_correction=level, mask_pattern=2)
    for data in content:
        symbol.add_data(data)
    symbol.make(fit=False)
    with pytest.raises(FormatError):
        qr.read_back(np.array(symbol.modules, np.uint8))


GOOD = "0100000000100110000100100011" + "000100000000110001111011"  # two bytes "a#", three digits 123


@pytest.mark.parametrize(
    ("bits", "pad", "is_good"),
    [
        pytest.param(GOOD + "0000", "ec11", True, id="nothing wrong"),
        pytest.param(GOOD + "0001", "ec11", False, id="digits without a count"),
        pytest.param(GOOD + "0111", "ec11", False, id="a mode of other data"),
        pytest.param(GOOD + "000000001", "ec11", False, id="a bit behind the terminator"),
        pytest.param(GOOD + "0000", "11ec", False, id="padding in the wrong order"),
        pytest.param(GOOD[:-10] + "11111010000000", "ec11", False, id="1000 for three digits"),
        pytest.param(GOOD[:32] + "000000001011001000000", "ec11", False, id="100 for two digits"),
        pytest.param(GOOD[:32] + "1111111111", "ec11", False, id="more digits than there is room for"),
        pytest.param("010011111111", "ec11", False, id="more bytes than there is room for"),
        pytest.param("0100000000000000", "ec11", False, id="no bytes"),
        pytest.param("010000000001111111110000", "ec11", False, id="a byte that is not ASCII"),
    ],
)
def test_data_that_are_not_as_the_standard_has_them_are_refused(bits: str, pad: str, is_good: bool) -> None:
    start = bits.ljust(-(-len(bits) // 8) * 8, "0")
    data = int(start, 2).to_bytes(len(start) // 8, "big")
    data = (data + bytes.fromhex(pad) * 43)[:86]
    symbol = qrcode.QRCode(version=5, error_correction=qrcode.ERROR_CORRECT_M, mask_pattern=2)
    symbol.data_cache = qrcode.util.create_bytes(_Buffer(data), qrcode.base.rs_blocks(5, qrcode.ERROR_CORRECT_M))
    symbol.makeImpl(False, 2)
    modules = np.array(symbol.modules, np.uint8)
    if is_good:
        assert qr.read_back(modules) == "a#123"
    else:
        with pytest.raises(FormatError):
            qr.read_back(modules)


class _Buffer:
    def __init__(self, data: bytes) -> None:
        self.buffer = list(data)


@pytest.mark.parametrize(
    "modules",
    [
        np.zeros((0, 0), np.uint8),
        np.zeros((37, 41), np.uint8),
        np.zeros((33, 33), np.uint8),
        np.zeros((38, 38), np.uint8),
        np.zeros((101, 101), np.uint8),
        np.zeros((37, 37), np.uint8),
        np.ones((37, 37), np.uint8),
        np.zeros((37, 37, 3), np.uint8),
        np.full((37, 37), 2, np.uint8),
        np.zeros((37, 37), np.float64),
    ],
)
def test_an_array_that_is_no_symbol_is_refused(modules: np.ndarray) -> None:
    with pytest.raises(FormatError):
        qr.read_back(modules)


@pytest.mark.parametrize(
    ("url", "digits"), [("https://咸宁.cn/x", "1"), (URL, ""), (URL, "12a"), (URL, "٣"), (URL, "-1")]
)
def test_a_text_that_is_not_ascii_and_digits_is_refused(url: str, digits: str) -> None:
    with pytest.raises(FormatError):
        qr.encode([QrText(url, digits)])


def test_a_text_too_long_for_version_20_is_refused() -> None:
    with pytest.raises(FormatError):
        qr.version_for(len(URL), 1600)


def test_packed_rows_are_whole_bytes_with_dark_as_one() -> None:
    modules = _symbol(5)
    rows = np.frombuffer(qr.packed(modules), np.uint8).reshape(37, 5)
    assert np.array_equal(np.unpackbits(rows, axis=1)[:, :37], modules)
    assert not np.unpackbits(rows, axis=1)[:, 37:].any()
