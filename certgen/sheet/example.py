"""An empty table of a kind for clerks to fill: Chinese headers and one example row, as CSV or XLSX."""

import csv
import io
import json
import zipfile
from collections.abc import Mapping
from xml.sax.saxutils import escape

from certgen.sheet.limits import letter
from certgen.template import Template


def example(template: Template, sample: Mapping[str, object]) -> str:
    """Write the table as CSV, with a mark for spreadsheets."""
    sink = io.StringIO()
    csv.writer(sink, lineterminator="\r\n").writerows(_table(template, sample))
    return "\ufeff" + sink.getvalue()


def example_xlsx(template: Template, sample: Mapping[str, object]) -> bytes:
    """Write the table as XLSX, every column formatted as text. The same input gives the same bytes."""
    header, row = _table(template, sample)
    sheet = (
        f'<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" state="frozen"/></sheetView>'
        f'</sheetViews><cols><col min="1" max="{len(header)}" width="24" style="1" customWidth="1"/></cols>'
        f"<sheetData>{_row(1, header, 2)}{_row(2, row, 1)}</sheetData>"
    )
    return _packed(sheet)


def _table(template: Template, sample: Mapping[str, object]) -> tuple[list[str], list[str]]:
    derived = {rule.field.name for rules in template.rules.values() for rule in rules if rule.derive}
    asked = {field.name: field.label.zh for field in template.fields if field.name not in derived}
    columns = {"authority": "发证机关", "issued_on": "发证日期"} | asked
    return list(columns.values()), [_cell(sample.get(name, "")) for name in columns]


def _cell(value: object) -> str:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "、".join(value)
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml."


def _row(number: int, cells: list[str], style: int) -> str:
    inner = "".join(
        f'<c r="{letter(i)}{number}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'
        for i, cell in enumerate(cells)
    )
    return f'<row r="{number}">{inner}</row>'


_STYLES = """\
<fonts count="2"><font><sz val="11"/></font><font><b/><sz val="11"/></font></fonts>
<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>
<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>
<cellXfs count="3"><xf/><xf numFmtId="49" applyNumberFormat="1"/>
<xf numFmtId="49" fontId="1" applyNumberFormat="1" applyFont="1"/></cellXfs>
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>"""


def _packed(sheet: str) -> bytes:
    """Put a workbook of one sheet together (ECMA-376 part 2)."""
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPES}worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}styles+xml"/></Types>',
        "_rels/.rels": _relations({"rId1": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _relations(
            {"rId1": ("worksheet", "worksheets/sheet1.xml"), "rId2": ("styles", "styles.xml")}
        ),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_MAIN}">{sheet}</worksheet>',
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}">{_STYLES}</styleSheet>',
    }
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, xml in parts.items():
            info = zipfile.ZipInfo(name)  # dated 1980: the same bytes every day
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + xml)
    return sink.getvalue()


def _relations(targets: Mapping[str, tuple[str, str]]) -> str:
    lines = "".join(
        f'<Relationship Id="{key}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for key, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{lines}</Relationships>'
