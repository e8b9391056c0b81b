"""The obvious way to make the same document: reportlab draws, qrcode encodes, pyHanko signs.

This is the peer our own press is raced against, so it is written as a competent engineer would write it in an
afternoon, and helped where that costs nothing: fonts and signer are loaded once, the room for the signature is
given, so that pyHanko need not sign twice to measure it, the border is woven once, the QR code is one path and not
3,000 rectangles, and streams are binary and not ASCII85. Run it alone to see where its time goes.
"""

import math
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Any

import qrcode
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko_certvalidator.registry import SimpleCertificateStore
from reportlab import rl_config
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.pathobject import PDFPathObject
from reportlab.platypus import Paragraph

FONTS = Path(__file__).resolve().parent.parent / "templates" / "_shared" / "fonts"
WIDTH, HEIGHT = landscape(A4)
GOLD, RED, INK = HexColor("#a8792b"), HexColor("#c8161d"), HexColor("#1a1a1a")

NOTES = (
    "《食品经营许可证》是食品经营者取得食品经营许可的合法凭证，分为正本、副本，正本、副本具有同等法律效力。",
    "《食品经营许可证》正本应当悬挂或者摆放在经营场所的显著位置。",
    "《食品经营许可证》不得伪造、涂改、倒卖、出租、出借、转让。",
    "食品经营者应当在许可的范围内从事食品经营活动，并接受监督管理部门的监督检查。",
    "许可事项发生变化的，应当在变化后十个工作日内向原发证的监督管理部门申请变更经营许可。",
    "需要延续许可有效期的，应当在有效期届满三十个工作日前向原发证的监督管理部门提出申请。",
    "终止食品经营的，应当在三十个工作日内向原发证的监督管理部门申请办理注销手续。",
)

# A record as the obvious way takes it: values ready to print, in the order of the page.
SAMPLE: dict[str, Any] = {
    "title": "食品经营许可证",
    "copy_title": "（副本）",
    "sid": "7KQ4M2ZX9T3B",
    "host": "verify.xianning.example",
    "qr": "https://verify.xianning.example/7KQ4M2ZX9T3B#" + "8042137" * 60,
    "left": (
        ("经营者名称", "咸宁市咸安区桂花源餐饮管理有限公司"),
        ("社会信用代码", "91421200MA4900002N"),
        ("法定代表人", "阿卜杜热合曼·买买提"),
        ("住所", "湖北省咸宁市咸安区温泉街道长安大道一百二十八号桂花广场三楼"),
        ("经营场所", "湖北省咸宁市咸安区温泉街道长安大道一百二十八号桂花广场一至三楼"),
        ("主体业态", "餐饮服务经营者（大型餐馆、集体用餐配送）"),
        ("经营项目", "预包装食品销售（含冷藏冷冻食品）、热食类食品制售、冷食类食品制售、糕点类食品制售（含裱花蛋糕）"),
        ("有效期至", "2022年07月31日"),
    ),
    "right": (
        ("许可证编号", "JY24212020000020"),
        ("日常监督管理机构", "咸安区食品药品监督管理局温泉分局"),
        ("日常监督管理人员", "龙马、方文卜"),
        ("投诉举报电话", "12331"),
        ("发证机关", "咸宁市食品药品监督管理局"),
        ("签发人", "王建国"),
    ),
    "issued_on": "2017年08月01日",
    "notes": NOTES,
    "supervised_by": "国家食品药品监督管理总局监制",
}


@cache
def load_fonts() -> tuple[ParagraphStyle, ParagraphStyle]:
    """Register the two faces once and give the styles of values and notes."""
    rl_config.useA85 = 0  # the default spends a fifth of the page's time on making the file larger
    pdfmetrics.registerFont(TTFont("Song", str(FONTS / "NotoSerifSC-400.ttf")))
    pdfmetrics.registerFont(TTFont("Song-Bold", str(FONTS / "NotoSerifSC-700.ttf")))
    value = ParagraphStyle("value", fontName="Song", fontSize=10.5, leading=14, wordWrap="CJK", textColor=INK)
    return value, ParagraphStyle("note", parent=value, fontSize=8, leading=11.5)


@cache
def load_signer(
    key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate, chain: tuple[x509.Certificate, ...]
) -> signers.SimpleSigner:
    """Hand the key and its certificates over to pyHanko, once."""
    store = SimpleCertificateStore()
    store.register_multiple(asn1_x509.Certificate.load(_der(c)) for c in chain)
    encoding, no_cipher = serialization.Encoding.DER, serialization.NoEncryption()
    pkcs8 = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, no_cipher)
    return signers.SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(_der(certificate)),
        signing_key=asn1_keys.PrivateKeyInfo.load(pkcs8),
        cert_registry=store,
    )


def make_document(
    record: Mapping[str, Any],
    key: ec.EllipticCurvePrivateKey,
    certificate: x509.Certificate,
    chain: tuple[x509.Certificate, ...],
) -> bytes:
    """Draw one A4 副本 and certify it (PAdES, DocMDP: no changes)."""
    return sign_pdf(draw_page(record, encode_qr(record["qr"])), key, certificate, chain)


def encode_qr(text: str) -> list[list[bool]]:
    """Encode text at level M in the smallest version that holds it."""
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=0)
    code.add_data(text)
    return code.get_matrix()


def draw_page(record: Mapping[str, Any], modules: list[list[bool]]) -> bytes:
    """Draw the whole page with reportlab."""
    value, note = load_fonts()
    out = BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT))
    canvas.setTitle(record["title"])
    _frame(canvas)
    canvas.setFillColor(HexColor("#7a1f12"))
    canvas.setFont("Song-Bold", 30)
    canvas.drawCentredString(WIDTH / 2, HEIGHT - 34 * mm, record["title"], charSpace=9)
    canvas.setFont("Song", 14)
    canvas.drawCentredString(WIDTH / 2, HEIGHT - 42 * mm, record["copy_title"])
    _column(canvas, record["left"], 20 * mm, 27 * mm, 66 * mm, value)
    _column(canvas, record["right"], 118 * mm, 33 * mm, 55 * mm, value)
    _notes(canvas, record["notes"], note)
    _qr(canvas, modules, 20 * mm, 24 * mm, 32 * mm)
    canvas.setFillColor(INK)
    canvas.setFont("Song", 7)
    canvas.drawString(20 * mm, 20 * mm, f"{record['sid']} {record['host']}")
    canvas.setFont("Song", 12)
    canvas.drawString(130 * mm, 42 * mm, record["issued_on"])
    canvas.setFont("Song", 9)
    canvas.drawCentredString(WIDTH / 2, 17.5 * mm, record["supervised_by"])
    _seal(canvas, 145 * mm, 46 * mm, dict(record["right"])["发证机关"])
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def sign_pdf(
    pdf: bytes, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate, chain: tuple[x509.Certificate, ...]
) -> bytes:
    """Certify a PDF with pyHanko; the room for the signature is given, so that it signs once and not twice."""
    metadata = signers.PdfSignatureMetadata(
        field_name="Seal",
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
        md_algorithm="sha256",
    )
    out = BytesIO()
    signer = load_signer(key, certificate, chain)
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    signers.sign_pdf(writer, metadata, signer=signer, bytes_reserved=8192, output=out)
    return out.getvalue()


def _frame(canvas: Canvas) -> None:
    """Draw a double frame with a band of woven sine lines between."""
    canvas.setStrokeColor(GOLD)
    for inset, width in ((8, 1.2), (15, 0.5)):
        canvas.setLineWidth(width)
        canvas.rect(inset * mm, inset * mm, WIDTH - 2 * inset * mm, HEIGHT - 2 * inset * mm)
    canvas.setLineWidth(0.3)
    canvas.drawPath(_guilloche())


@cache
def _guilloche() -> PDFPathObject:
    """Weave the band of the frame, once: it is the same on every page."""
    path = PDFPathObject()
    for phase in range(6):
        for y in (11.5 * mm, HEIGHT - 11.5 * mm):
            for step in range(91):
                x = (11.5 + step * 3.04) * mm
                height = y + 2.6 * mm * math.sin(step * 0.7 + phase * math.pi / 6)
                (path.lineTo if step else path.moveTo)(x, height)
        for x in (11.5 * mm, WIDTH - 11.5 * mm):
            for step in range(61):
                y = (11.5 + step * 3.11) * mm
                across = x + 2.6 * mm * math.sin(step * 0.7 + phase * math.pi / 6)
                (path.lineTo if step else path.moveTo)(across, y)
    return path


def _column(
    canvas: Canvas, pairs: tuple[tuple[str, str], ...], left: float, gap: float, width: float, style: ParagraphStyle
) -> None:
    """Set labels and values under each other; a value too long for one line is wrapped."""
    top = HEIGHT - 52 * mm
    for label, text in pairs:
        canvas.setFillColor(INK)
        canvas.setFont("Song-Bold", 10.5)
        canvas.drawString(left, top, label)
        if pdfmetrics.stringWidth(text, "Song", 10.5) <= width:
            canvas.setFont("Song", 10.5)
            canvas.drawString(left + gap, top, text)
            top -= 9 * mm
            continue
        paragraph = Paragraph(text, style)
        _, height = paragraph.wrap(width, 60 * mm)
        paragraph.drawOn(canvas, left + gap, top + style.fontSize - height)
        top -= height + 4 * mm


def _notes(canvas: Canvas, notes: tuple[str, ...], style: ParagraphStyle) -> None:
    """Set the numbered notes in the right-hand column."""
    left, top = 213 * mm, HEIGHT - 52 * mm
    canvas.setFont("Song-Bold", 10.5)
    canvas.drawString(left + 26 * mm, top, "说明")
    top -= 4 * mm
    for number, text in enumerate(notes, 1):
        paragraph = Paragraph(f"{number}．{text}", style)
        _, height = paragraph.wrap(66 * mm, 60 * mm)
        top -= height
        paragraph.drawOn(canvas, left, top)
        top -= 1.5 * mm


def _qr(canvas: Canvas, modules: list[list[bool]], left: float, bottom: float, width: float) -> None:
    """Draw the dark modules as one filled path, neighbours in a row joined."""
    size = width / len(modules)
    path = canvas.beginPath()
    for row, line in enumerate(modules):
        y = bottom + width - (row + 1) * size
        column = 0
        while column < len(line):
            start = column
            while column < len(line) and line[column]:
                column += 1
            if column > start:
                path.rect(left + start * size, y, (column - start) * size, size)
            column += 1
    canvas.setFillColorRGB(0, 0, 0)
    canvas.drawPath(path, stroke=0, fill=1)


def _seal(canvas: Canvas, x: float, y: float, name: str) -> None:
    """Draw the round red seal: ring, star, name along the ring."""
    radius = 20 * mm
    canvas.saveState()
    canvas.translate(x, y)
    canvas.setStrokeColor(RED)
    canvas.setFillColor(RED)
    canvas.setLineWidth(1.2 * mm)
    canvas.circle(0, 0, radius)
    star = canvas.beginPath()
    for point in range(10):
        reach = (6 if point % 2 == 0 else 2.3) * mm
        angle = math.pi / 2 + point * math.pi / 5
        (star.lineTo if point else star.moveTo)(reach * math.cos(angle), reach * math.sin(angle))
    star.close()
    canvas.drawPath(star, stroke=0, fill=1)
    canvas.setFont("Song-Bold", 13)
    step = 240 / (len(name) - 1)
    for place, character in enumerate(name):
        canvas.saveState()
        canvas.rotate(120 - place * step)
        canvas.drawCentredString(0, radius - 6 * mm, character)
        canvas.restoreState()
    canvas.setFont("Song", 9)
    canvas.drawCentredString(0, -12 * mm, "测试专用章")
    canvas.restoreState()


def make_identity() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate, tuple[x509.Certificate, ...]]:
    """Make a throw-away root and a P-256 seal certificate under it."""
    now = datetime.now(UTC)
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name, name = (
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, words)]) for words in ("测试根", "测试专用章")
    )

    def certify(subject: x509.Name, public: ec.EllipticCurvePublicKey, *, ca: bool) -> x509.Certificate:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(root_name).public_key(public)
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        builder = builder.not_valid_after(now + timedelta(days=365))
        usage = x509.KeyUsage(not ca, not ca, False, False, False, ca, ca, False, False)
        builder = builder.add_extension(x509.BasicConstraints(ca, None), critical=True)
        return builder.add_extension(usage, critical=True).sign(root_key, hashes.SHA256())

    root = certify(root_name, root_key.public_key(), ca=True)
    return key, certify(name, key.public_key(), ca=False), (root,)


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def _median_ms(work: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return median(times) * 1000


def main(rounds: int = 25) -> None:
    """Print where the time of one warm document goes; a path as argument also keeps the document."""
    key, certificate, chain = make_identity()
    document = make_document(SAMPLE, key, certificate, chain)
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_bytes(document)
    modules = encode_qr(SAMPLE["qr"])
    page = draw_page(SAMPLE, modules)
    whole = _median_ms(lambda: make_document(SAMPLE, key, certificate, chain), rounds)
    steps = (
        ("qrcode", _median_ms(lambda: encode_qr(SAMPLE["qr"]), rounds)),
        ("reportlab", _median_ms(lambda: draw_page(SAMPLE, modules), rounds)),
        ("pyHanko", _median_ms(lambda: sign_pdf(page, key, certificate, chain), rounds)),
    )
    version = (len(modules) - 17) // 4
    print(f"obvious way, one document  {whole:8.2f} ms   {len(document):,} bytes, QR version {version}")
    for name, took in steps:
        print(f"  {name:<24} {took:8.2f} ms")


if __name__ == "__main__":
    main()
