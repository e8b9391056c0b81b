"""Tables that clerks hand in, CSV or XLSX, as rows keyed by their headers; and empty ones for them to fill."""

from certgen.sheet.example import example, example_xlsx
from certgen.sheet.table import MAX_COLUMNS, Heading, Row, Sheet, letter, load_sheet

__all__ = ["MAX_COLUMNS", "Heading", "Row", "Sheet", "example", "example_xlsx", "letter", "load_sheet"]
