"""Time drawing and reading QR symbols against `qrcode`.

One symbol is version 11-M, the text of a food licence. The peer `qrcode` chooses the best mask by itself, or is told
version and mask; the limit is the time numpy takes to copy the finished symbol.
"""

import random
import sys

import numpy as np
import qrcode
from _timing import interleave, row
from qrcode.util import MODE_8BIT_BYTE, MODE_NUMBER, QRData

from certgen import qr
from certgen.core.qrtext import QrText

_MANY = 200


def _texts(count: int) -> list[QrText]:
    chance = random.Random(18004)  # the same texts in every run
    return [
        QrText("https://licence.example.cn/7K3MQ2ZD9XWA", "1" + "".join(chance.choices("0123456789", k=494)))
        for _ in range(count)
    ]


def _peer(text: QrText, version: int | None, mask: int | None) -> qrcode.QRCode:
    symbol = qrcode.QRCode(version=version, error_correction=qrcode.ERROR_CORRECT_M, mask_pattern=mask)
    symbol.add_data(QRData(f"{text.url}#".encode(), MODE_8BIT_BYTE))
    symbol.add_data(QRData(text.digits.encode(), MODE_NUMBER))
    symbol.make(fit=version is None)
    return symbol


def main(rounds: int = 30) -> None:
    """Print one line a figure."""
    texts = _texts(_MANY)
    one = texts[0]
    symbols = qr.encode(texts)
    version = (len(symbols[0]) - 17) // 4
    if not np.array_equal(np.array(_peer(one, version, 2).modules), symbols[0]):
        raise SystemExit("the symbol is not the one qrcode draws: nothing to compare")
    took = interleave(
        {
            "one": lambda: qr.encode([one]),
            "many": lambda: qr.encode(texts),
            "best": lambda: _peer(one, None, None),
            "fixed": lambda: _peer(one, version, 2),
            "copy": symbols[0].copy,
            "packed": lambda: qr.packed(symbols[0]),
            "back": lambda: qr.read_back(symbols[0]),
            "all back": lambda: qr.read_back_many(symbols),
        },
        rounds,
    )
    copy, each = took["copy"], took["many"] / _MANY
    lines = (
        row(f"QR {version}-M, one; peer qrcode, best mask", took["one"], took["best"], copy),
        row(f"QR {version}-M, one; peer qrcode, mask 2", took["one"], took["fixed"], copy),
        row(f"QR {version}-M, each of {_MANY}; peer best mask", each, took["best"], copy),
        row(f"QR {version}-M, each of {_MANY}; peer mask 2", each, took["fixed"], copy),
        row("packed to one bit a module", took["packed"]),
        row("read back, one", took["back"]),
        row(f"read back, each of {_MANY}", took["all back"] / _MANY),
    )
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
