"""The columns that a roster may bring: what each is called, how its cells are read, and where they go in a credential.

A template names the columns its rosters have, under the registrar's own headers; `FIELDS` is what it can choose from.
Cells are read here, one function per kind, so that `batch.roster` reports every fault with the same words.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any, Final

from testamur.credential.bent import loss_in, loss_in_name, loss_of_number
from testamur.credential.normal import ideographs, normal_form
from testamur.credential.strict import FORBIDDEN_CHARACTER

__all__ = ["FIELDS", "CellError", "Field", "end_of_day", "read_cell", "start_of_day"]

_ROW_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\-]*")
_DEVICE_NAMES: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in "123456789")}
)
_NAMES_OF_FILES: Final = frozenset({"batch", "holder", "template", "delivered.csv"})
"""What stands beside bundles under a name of its own: a row of that id would be passed over, or lost."""
_CREDITS: Final = re.compile(r"([0-9]{1,7})(?:\.([0-9]{1,3}))?")
_DATE: Final = re.compile(
    r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|\.(\d{1,2})\.(\d{1,2})|年(\d{1,2})月(\d{1,2})日|(\d\d)(\d\d))",
    re.ASCII,
)
_SERIAL: Final = re.compile(r"[2-7]\d{4}(?:\.\d+)?", re.ASCII)
"""Days since 1899-12-30, from 1954 to 2119."""
_FILLERS: Final = frozenset("\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u2800\u3164\uffa0")
"""Characters that take a place and show nothing, beside those that no text may hold."""
_HEX32: Final = re.compile(r"0x[0-9a-fA-F]{64}")


class CellError(ValueError):
    """Why a cell cannot be used; the message is the reason that the report shows."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column that a template may name."""

    kind: str
    """`id`, `name`, `number`, `text`, `credits`, `date`, `hash` or `level`."""
    header: str
    """The header where the template does not give another."""
    max_length: int
    required: bool
    zh: str
    en: str


FIELDS: Final[Mapping[str, Field]] = {
    "row_id": Field(
        "id",
        "行号",
        64,
        True,
        "名册内唯一的行号：字母、数字、点、横线",
        "unique in the roster: letters, digits, dot, dash",
    ),
    "name": Field(
        "name", "姓名", 100, True, "学习者姓名，按证件书写", "the learner's name as on the identity document"
    ),
    "student_number": Field("number", "学号", 64, False, "学号", "student number"),
    "certificate_number": Field("number", "证书编号", 64, False, "证书编号", "number printed on the paper"),
    "credits": Field("credits", "学分", 11, False, "学分，至多三位小数", "credits earned, at most 3 decimals"),
    "valid_from": Field(
        "date", "生效日期", 11, False, "生效日期，如 2026-06-30", "first day in force, such as 2026-06-30"
    ),
    "valid_until": Field(
        "date", "失效日期", 11, False, "最后有效日，空白表示长期有效", "last day in force; empty for no end"
    ),
    "start_date": Field("date", "开始日期", 11, False, "学习开始日期", "first day of study"),
    "end_date": Field("date", "结束日期", 11, False, "学习结束日期", "last day of study"),
    "term": Field("text", "学期", 64, False, "学期", "term"),
    "level": Field("level", "等级", 64, False, "模板中某一等级的键", "key of one of the template's levels"),
    "holder": Field(
        "hash", "持有人承诺", 66, False, "持有人承诺，0x 加 64 位十六进制", "holder commitment, 0x and 64 hex digits"
    ),
    "outcome_tag": Field(
        "hash",
        "成果标签",
        66,
        False,
        "重新颁发时沿用的成果标签",
        "outcome tag of the credential that this one re-issues",
    ),
}
"""Every column there is, in the order in which `template example` writes them."""


def read_cell(kind: str, text: str, max_length: int) -> Any:
    """The value of a cell that is not empty: str, int (credits in thousandths), date or bytes.

    Texts and names come in Unicode's composed form (NFC), everything else in the normal form that numbers and keys are
    compared in. Raises CellError with the reason.
    """
    if not text.isprintable() and (found := FORBIDDEN_CHARACTER.search(text)):
        raise CellError(_forbidden(found[0]))
    if reason := loss_in(text):
        raise CellError(reason)
    if kind not in ("text", "name"):
        text = normal_form(text)
    if len(text) > max_length:
        raise CellError(f"{len(text)} characters, at most {max_length}")
    return _READERS[kind](text)


def start_of_day(day: date, zone: timezone) -> datetime:
    """The first second of `day` in `zone`."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def end_of_day(day: date, zone: timezone) -> datetime:
    """The last second of `day` in `zone`."""
    return start_of_day(day, zone) + timedelta(days=1, seconds=-1)


def _forbidden(character: str) -> str:
    if ord(character) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF:
        return f"U+{ord(character):04X} is a noncharacter, which no text holds: export the roster anew"
    return f"character U+{ord(character):04X} is not allowed (control, bidi or invisible)"


def _text(text: str) -> str:
    for character in text if not text.isprintable() else "":
        category = unicodedata.category(character)
        if category == "Co":
            raise CellError(
                f"U+{ord(character):04X} is a private-use character, which has no meaning outside this file: type its "
                "Unicode ideograph"
            )
        # whatever tables this interpreter has: planes 2 and 3 hold ideographs alone, those to come included
        if category == "Cn" and ord(character) >> 16 not in (2, 3):
            raise CellError(f"U+{ord(character):04X} is no character of Unicode {unicodedata.unidata_version}")
    if not (text.isascii() and text.isalnum()) and not any(_is_seen(character) for character in text):
        raise CellError("nothing in it can be seen")
    return unicodedata.normalize("NFC", text)


def _is_seen(character: str) -> bool:
    if ord(character) >> 16 in (2, 3):
        return True
    return character not in _FILLERS and unicodedata.category(character)[0] not in "ZMC"


def _name(text: str) -> str:
    if filler := next(iter(_FILLERS.intersection(text)), None):
        raise CellError(_forbidden(filler))
    if reason := loss_in_name(text):
        raise CellError(reason)
    return ideographs(_text(text))


def _number(text: str) -> str:
    if reason := loss_of_number(text):
        raise CellError(reason)
    return _text(text)


def _row_id(text: str) -> str:
    if reason := loss_of_number(text):
        raise CellError(reason)
    if not _ROW_ID.fullmatch(text) or text.endswith(".") or text.split(".")[0].lower() in _DEVICE_NAMES:
        raise CellError("not letters, digits, dots and dashes that can name a file")
    if text.lower() in _NAMES_OF_FILES:
        raise CellError(f"{text} is the name of another file of a run or a package: choose another row id")
    return text


def _credits(text: str) -> int:
    match = _CREDITS.fullmatch(text)
    if match is None or int(match[1]) * 1000 >= 2**32 - 1000:
        raise CellError("not a number of credits with at most 3 decimals")
    return int(match[1]) * 1000 + int((match[2] or "").ljust(3, "0"))


def _date(text: str) -> date:
    if _SERIAL.fullmatch(text):
        perhaps = date(1899, 12, 30) + timedelta(days=int(text.partition(".")[0]))
        raise CellError(f"{text} is a spreadsheet's number of a day, perhaps {perhaps}: format the column as text")
    match = _DATE.fullmatch(text)
    try:
        if match is None:
            raise ValueError("form")
        year, month, day = (int(part) for part in match.groups() if part is not None)
        if not 1970 < year < 9999:
            raise ValueError("year")
        return date(year, month, day)
    except ValueError as error:
        raise CellError("not a date such as 2026-06-30") from error


def _hash(text: str) -> bytes:
    if not _HEX32.fullmatch(text):
        raise CellError("not 0x and 64 hex digits")
    return bytes.fromhex(text[2:])


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "id": _row_id,
    "name": _name,
    "number": _number,
    "text": _text,
    "credits": _credits,
    "date": _date,
    "hash": _hash,
    "level": _text,
}
