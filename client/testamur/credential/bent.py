"""What programs on the way did to a cell: numbers in exponent form, error values, dates, characters that got lost.

A spreadsheet that opens a CSV file decides what each cell is, and what it decided stands in the file afterwards; the
digits are gone. A converter writes a question mark or a box for a character that its encoding lacks. None of it can
be read back, so the cell is refused with what must be done where the roster came from.
"""

import re
from typing import Final

__all__ = ["loss_in", "loss_in_name", "loss_of_number"]

_ERROR_VALUE: Final = re.compile(
    r"#(?:N/A|NA|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!|FIELD!|BLOCKED!|CONNECT!|GETTING_DATA|UNKNOWN!|#+)"
    r"|Err:\d{3}",
    re.IGNORECASE,
)
_EXPONENT: Final = re.compile(r"[+-]?\d+\.\d*E[+-]?\d+|[+-]?\d+E[+]\d+", re.IGNORECASE)
_DECIMAL: Final = re.compile(r"\d+\.0+")
_MONTH: Final = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DATE_MADE: Final = re.compile(
    rf"\d{{1,4}}-{_MONTH}(?:-\d{{2,4}})?|{_MONTH}-\d{{1,4}}|\d{{1,2}}月\d{{1,2}}日|\d{{4}}年\d{{1,2}}月", re.IGNORECASE
)
_REPLACEMENT: Final = re.compile("[\ufffd]|锟斤拷|锟斤|斤拷")
_STANDS_FOR_LOST: Final = re.compile("[?？□■〓▯◻]")
"""What converters write for a character that the other encoding lacks; no name holds one."""


def loss_in(text: str) -> str | None:
    """Why a cell of any kind cannot be what was meant; None where nothing shows."""
    if text.isascii() and text[:1] not in "#=+@Ee":  # most cells
        return None
    if _ERROR_VALUE.fullmatch(text):
        return f"{text} is a spreadsheet's error value"
    if text.startswith(("=", "+=", "@=")):
        return "a formula, not its value: copy the column and paste it as values"
    if found := _REPLACEMENT.search(text):
        return f"{found[0]} stands where a program could not read a character: export the roster anew"
    return None


def loss_of_number(text: str) -> str | None:
    """Why a student, certificate or row number cannot be what was meant; None where nothing shows."""
    if _EXPONENT.fullmatch(text):
        return f"{text} is a number in a spreadsheet's exponent form, its digits are lost: format the column as text"
    if _DECIMAL.fullmatch(text):
        return f"{text} is a number to which a program added decimals: format the column as text"
    if _DATE_MADE.fullmatch(text):
        return f"{text} is a date that a spreadsheet made of a number: format the column as text"
    return None


def loss_in_name(text: str) -> str | None:
    """Why a name cannot be what was meant; None where nothing shows."""
    if found := _STANDS_FOR_LOST.search(text):
        return f"{found[0]} stands in a name where a program lost a character: export the roster in UTF-8 or GB18030"
    return None
