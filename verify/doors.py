"""What a person hands over, a PDF, a picture of a QR code or its text, and which judgement it gets."""

from pathlib import Path

from certgen.core.errors import FormatError, Text
from verify.pdf import MAX_PDF
from verify.picture import is_picture, read_codes
from verify.report import Report
from verify.verifier import Verifier


def answer(verifier: Verifier, what: str) -> Report:
    """Judge a PDF, a picture of a QR code, or the text of one.

    Raises FormatError when a picture holds no code, SettingsError when the extra for pictures is missing,
    OSError when a file cannot be read.
    """
    if "#" in what and what.startswith(("http://", "https://")):
        return verifier.qr(what)
    with Path(what).open("rb") as file:
        data = file.read(MAX_PDF + 1)  # one more is enough for rule I1
    if not is_picture(data):
        return verifier.pdf(data)
    texts = read_codes(data)
    if not texts:
        raise FormatError(Text("图片上没有可读的二维码", "there is no readable QR code in the picture"))
    reports = [verifier.qr(text) for text in texts]
    # a licence may carry the statutory code beside ours: judge the one that is of our making
    return next((report for report in reports if report.findings[0].ok), reports[0])
