"""Events as a table that spreadsheets open: RFC 4180, UTF-8 with its mark, and no cell that is taken for a formula.

A name on the chain is chosen by whom it names. A cell that begins with `=`, `+`, `-`, `@`, a tab or a return would be
run by a spreadsheet (CWE-1236), so it is written behind an apostrophe, which spreadsheets show as text.
"""

import csv
import io
import json
from collections.abc import Sequence

from testamur.audit.event import Event
from testamur.audit.moments import beijing
from testamur.chain.rpc import to_hex

__all__ = ["COLUMNS", "MARK", "line", "row", "safe"]

MARK = "\ufeff"
"""What tells Excel and WPS that the file is UTF-8; before the first line."""
COLUMNS = (
    "block",
    "date (Beijing)",
    "contract",
    "event",
    "institutions",
    "names",
    "details",
    "transaction",
    "position in the block",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def row(event: Event) -> str:
    """One event as a line, without its end."""
    details = json.dumps(event.to_json()["arguments"], ensure_ascii=False)
    return line(
        (
            event.block,
            f"{beijing(event.time):%Y-%m-%d %H:%M:%S}",
            event.contract,
            event.name,
            " ".join(str(number) for number, _ in event.institutions),
            "、".join(name for _, name in event.institutions if name),
            details,
            to_hex(event.transaction),
            event.index,
        )
    )


def line(cells: Sequence[object]) -> str:
    """Cells as one line, each made safe, without its end."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([safe(str(cell)) for cell in cells])
    return out.getvalue()


def safe(text: str) -> str:
    """A cell that no spreadsheet runs."""
    return "'" + text if text.startswith(_FORMULA) else text
