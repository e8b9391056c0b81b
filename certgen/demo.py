"""`certgen demo`: the main job from nothing, with nothing left out and nothing staged.

1 keys       a workspace with a root, an issuing CA, a seal and a QR key for every authority
2 issue      of every kind: its sample on both papers, its cases, and its table of records as a batch
3 verify     every PDF with the register; every QR code from a picture of its page, as a telephone would
4 stranger   one document without the register, as somebody offline would: first without a status list, then with
5 forger     one byte altered: refused
6 print      the booklet of all guides, and an order for the print shop
"""

import json
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from certgen import batch as batches
from certgen import settings, wiring
from certgen.core.chinese import SHANGHAI
from certgen.core.errors import Lang, SettingsError, Text
from certgen.core.model import Application, Paper
from certgen.issue import Document, Issued, Refused
from certgen.layout import POINT
from certgen.proof import read_qr
from certgen.sheet import load_sheet
from certgen.wiring import Office
from verify import Report, Verdict

MARKER = ".certgen-demo"
FOLDERS = ("licences", "expired", "later")  # of PDFs: in force, run out since, yet to begin
# 692 matters and 260,000 copies are some 376 of each; these are for looking at.
HALLS = (("市民之家", 376), ("赤壁政务大厅", 376), ("嘉鱼政务大厅", 1200))
BOTH: Sequence[Paper] = ("plain", "overprint")


class _Demo:
    """One run: a place, an office, and how to speak."""

    def __init__(self, home: Path, office: Office, say: Callable[[str, str], None]) -> None:
        self.home, self.office, self.say = home, office, say
        self.verdicts: Counter[str] = Counter()
        self.documents = 0

    def issue_singles(self, kind: str, folder: Path) -> None:
        """Issue the sample and the cases of a kind; a case made to be refused says so in its name."""
        files = [folder / "sample.json", *sorted((folder / "cases").glob("*.json"))]
        for file in files:
            record = self.office.issuer.templates[kind].with_photos(json.loads(file.read_text("utf-8")), file.parent)
            record.setdefault("authority", next(iter(self.office.authorities)))
            papers = BOTH if file.name == "sample.json" else ("plain",)
            outcome = self.office.issuer.issue([Application(kind, record, f"demo:{kind}:{file.stem}")], papers=papers)[
                0
            ]
            if isinstance(outcome, Refused):
                raise outcome.error
            self.take(outcome.documents)
            self.say(f"  {file.stem}：{outcome.number}", f"  {file.stem}: {outcome.number}")

    def issue_table(self, kind: str, table: Path) -> None:
        """Issue a kind's table of records as a batch, and take its time."""
        sheet = load_sheet(table, self.office.issuer.templates[kind].names)
        ledger = batches.open_batch(self.office.issuer, kind, sheet, ("plain",))
        started, made = time.perf_counter(), 0
        for results in batches.run(self.office.issuer, ledger, ("plain",)):
            for result in results:
                if not isinstance(result.outcome, Issued):
                    raise result.outcome.error
                self.take(result.outcome.documents)
                made += len(result.outcome.documents)
        seconds = time.perf_counter() - started
        self.say(
            f"  {table.name}：{len(sheet.rows)} 行 → {made} 份 PDF，{seconds:.2f} 秒（含自验与登记）",
            f"  {table.name}: {len(sheet.rows)} rows → {made} PDFs in {seconds:.2f} s, verified and registered",
        )

    def take(self, documents: Sequence[Document]) -> None:
        """Write documents into the folder of those in force, that have run out since, or that are yet to begin."""
        today = self.office.clock().astimezone(SHANGHAI).date()
        (known, *_) = self.office.register.by_sid(documents[0].sid)
        ended = known.valid_until is not None and known.valid_until < today
        early = known.valid_from is not None and known.valid_from > today
        batches.deliver(self.home / ("expired" if ended else "later" if early else "licences"), documents)
        self.documents += len(documents)

    def verify_all(self) -> None:
        """Verify every PDF and every QR code; raises SettingsError at the first surprise."""
        for folder, wanted in zip(FOLDERS, (Verdict.PASSED, Verdict.FAILED, Verdict.FAILED), strict=True):
            for file in sorted((self.home / folder).glob("*.pdf")):
                pdf = file.read_bytes()
                report = self.office.verifier.pdf(pdf)
                scanned = self.office.verifier.qr(read_qr(pdf, *self.place_of_code(report)))
                for one in (report, scanned):
                    only_period = one.reason is not None and one.reason.rule == "V"
                    if one.verdict is not wanted or (wanted is Verdict.FAILED and not only_period):
                        raise SettingsError(f"{file.name}: {' / '.join(one.lines('en'))}")
                self.verdicts[folder] += 1

    def place_of_code(self, report: Report) -> tuple[tuple[float, float, float, float] | None, int]:
        """Find where the QR code of a document stands, in millimetres, and on which page; None: look at all of it."""
        known = report.document
        if known is None:
            return None, 0
        issuer = self.office.issuer
        template = issuer.templates[known.kind]
        form = next(f for f in template.forms if f.id == known.form)
        copy = next(c for c in template.copies if c.id == known.copy)
        found = issuer.workshop.layout(template, form, copy).code_at
        if found is None:
            return None, 0
        at, square = found
        return (square.x / POINT, square.y / POINT, square.size / POINT, square.size / POINT), at

    def judge_offline(self, pdf: bytes, *status: Path) -> Report:
        """Judge a document as somebody with the root and the trust list only, and status lists if any."""
        chosen = self.office.settings
        return wiring.make_verifier(chosen.root_certificate, chosen.trust, None, self.office.clock, status).pdf(pdf)


def run(home: Path, lang: Lang) -> int:
    """Run the demo in `home`, made anew; gives the exit code. Raises CertgenError at any surprise."""

    def say(zh: str, en: str) -> None:
        sys.stdout.write(Text(zh, en).say(lang) + "\n")
        sys.stdout.flush()

    home = home.absolute()
    _make_room(home)
    say(
        "1 建立工作区与密钥（每个发证机关一枚印章、一把二维码密钥）",
        "1 making a workspace and keys: a seal and a QR key for every authority",
    )
    chosen = wiring.make_workspace(home / "home", origin="http://127.0.0.1:8000")
    chosen = settings.load(chosen.home)
    ask = wiring.passphrase_source(chosen, lambda _: b"")
    with wiring.open_office(chosen, ask, actor="demo") as office:
        demo = _Demo(home, office, say)
        for kind, template in office.issuer.templates.items():
            say(f"2 签发 {template.title.zh}（{kind}）", f"2 issuing {template.title.en} ({kind})")
            demo.issue_singles(kind, template.folder)
            if (table := template.file("samples.csv")).is_file():
                demo.issue_table(kind, table)
        say(
            f"3 核验全部 {demo.documents} 份 PDF 及其二维码",
            f"3 verifying all {demo.documents} PDFs and their QR codes",
        )
        demo.verify_all()
        good, ended, early = (demo.verdicts[folder] for folder in FOLDERS)
        say(
            f"  真实有效 {good} 份；真实但已过有效期 {ended} 份，尚未生效 {early} 份",
            f"  {good} authentic and in force; {ended} authentic, expired since; {early} authentic, yet to begin",
        )
        file = sorted((home / "licences").glob("*.pdf"))[0]
        pdf = file.read_bytes()
        offline = demo.judge_offline(pdf)
        say(
            f"4 无登记簿核验 {file.name}：{offline.lines('zh')[0]}",
            f"4 {file.name} without the register: {offline.lines('en')[0]}",
        )
        wiring.open_publisher(chosen, ask, office.register).publish(office.clock())
        listed = demo.judge_offline(pdf, chosen.published)
        say(
            f"  有状态列表（certgen publish）：{listed.lines('zh')[0]}",
            f"  with its status list (certgen publish): {listed.lines('en')[0]}",
        )
        altered = bytearray(pdf)
        at = pdf.index(b"/FontFile2") + 2000  # somewhere in the middle of what can be seen
        altered[at] ^= 1
        forged = home / "altered-one-byte.pdf"
        forged.write_bytes(altered)
        refusals = [office.verifier.pdf(bytes(altered)), demo.judge_offline(bytes(altered))]
    for where, report in zip((Text("登记簿", "with the register"), Text("离线", "offline")), refusals, strict=True):
        say(
            f"5 改动一个字节，{where.zh}：{report.lines('zh')[0]}",
            f"5 one byte altered, {where.en}: {report.lines('en')[0]}",
        )
        if report.verdict is not Verdict.FAILED:
            raise SettingsError("an altered document was not refused")
    if offline.verdict is not Verdict.INDETERMINATE:
        raise SettingsError("without register or status list nobody can tell whether a licence is still in force")
    if listed.verdict is not Verdict.PASSED:
        raise SettingsError("a fresh status list did not say that the licence is in force")
    titles, copies = print_guides(home / "print")
    order = home / "print" / "order.zip"
    say(
        f"6 办事指南与印刷订单：{titles} 种 {copies} 份，{order}",
        f"6 service guides, and an order to the print shop: {titles} titles, {copies} copies, {order}",
    )
    say(
        f"完成。证照：{home / 'licences'}；已过期的：{home / 'expired'}；工作区：{home / 'home'}\n"
        f"试试：certgen verify --home {_shown(home / 'home')} {_shown(file)}",
        f"Done. Licences: {home / 'licences'}; expired ones: {home / 'expired'}; workspace: {home / 'home'}\n"
        f"Try: certgen verify --home {_shown(home / 'home')} {_shown(file)}",
    )
    return 0


def print_guides(folder: Path) -> tuple[int, int]:
    """Make the booklet to read, and pack an order of it for three halls; gives titles and copies."""
    from certgen.cli_guide import make_booklet, pack_order

    folder.mkdir(exist_ok=True)
    table = folder / "order.csv"
    table.write_text("品名,送达点,数量\n" + "".join(f"guides,{hall},{copies}\n" for hall, copies in HALLS), "utf-8")
    (folder / "guides.pdf").write_bytes(make_booklet())
    made, packed = pack_order(table, "DEMO-1")
    (folder / "order.zip").write_bytes(packed)
    return len(made.titles), sum(line.copies for line in made.lines)


def _make_room(home: Path) -> None:
    """Make the folder anew, but only one that an earlier demo made."""
    if home.exists() and any(home.iterdir()):
        if not (home / MARKER).is_file():
            raise SettingsError(Text(f"{home} 不是演示目录，未改动", f"{home} is not a folder of the demo; left alone"))
        shutil.rmtree(home)
    for folder in FOLDERS:
        (home / folder).mkdir(parents=True, exist_ok=True)
    (home / MARKER).touch()


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
