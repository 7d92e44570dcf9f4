"""Rosters in workbooks: read as the CSV of the same cells, measured before they are unpacked."""

import io
import zipfile
from datetime import date
from typing import Any

import openpyxl
import pytest
from testamur.batch import workbook
from testamur.batch.roster import Roster, parse

from tests.client.batch.test_losses import template

HEADER = ("行号", "姓名", "学号", "证书编号", "学分", "开始日期")


def book(*rows: tuple[Any, ...], further: tuple[tuple[Any, ...], ...] = ()) -> bytes:
    made = openpyxl.Workbook()
    made.active.append(HEADER)
    for row in rows:
        made.active.append(row)
    other = made.create_sheet("说明")
    for row in further:
        other.append(row)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def reasons(found: Roster) -> list[str]:
    return [problem.reason for problem in found.problems]


def test_a_workbook_reads_as_the_csv_of_its_cells() -> None:
    found = parse(
        book(
            ("S1", "王\U0002ebf0", 20230017, "0012", 118.5, date(2023, 9, 1)),
            (),
            ("S2", "李华", "20230018", None, 120, "2023年9月1日"),
        ),
        template(),
    )
    assert found.problems == ()
    first, second = found.rows
    assert (first.line, first.name, first.student_number, first.certificate_number) == (
        2,
        "王\U0002ebf0",
        "20230017",
        "0012",
    )
    assert (first.credits_thousandths, first.start_date) == (118_500, date(2023, 9, 1))
    assert (second.line, second.credits_thousandths, second.start_date) == (4, 120_000, date(2023, 9, 1))


def test_what_a_spreadsheet_holds_otherwise_than_it_was_typed_is_refused() -> None:
    found = parse(
        book(
            ("S1", "王一", 510126199901011234, None, 1, None),
            ("S2", "王二", date(2026, 1, 2), None, 1, None),
            ("S3", "王三", "=A1", None, 1, None),
            ("S4", "王四", "#N/A", None, 1, None),
        ),
        template(),
    )
    assert found.rows == ()
    said = reasons(found)
    assert "exponent form" in said[0]
    assert "a date that a spreadsheet made of it" in said[1]
    assert "a formula" in said[2]
    assert "error value" in said[3]


def test_two_sheets_with_content_are_asked_apart() -> None:
    assert reasons(parse(book(("S1", "王一"), further=(("x",),)), template())) == [
        "the workbook has several sheets with content (Sheet, 说明): keep the roster's alone"
    ]
    assert reasons(parse(book(), template())) == ["no rows below the header"]


def rezipped(data: bytes, **parts: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, parts.pop(name, old.read(name)))
        for name, content in parts.items():
            new.writestr(name, content)
    return file.getvalue()


def test_a_bomb_is_measured_and_never_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    good = book(("S1", "王一"))
    assert len(parse(good, template()).rows) == 1
    monkeypatch.setattr(workbook, "_MAX_PART_BYTES", 100_000)
    bomb = rezipped(good, **{"xl/sharedStrings.xml": bytes(100_001)})
    assert reasons(parse(bomb, template())) == ["xl/sharedStrings.xml of the workbook is larger than 100000 bytes"]
    assert (
        "declares a document type"
        in reasons(parse(rezipped(good, **{"xl/styles.xml": b"<!DOCTYPE a>"}), template()))[0]
    )
    monkeypatch.setattr(workbook, "_MAX_PARTS", 3)
    assert "more than 3 parts" in reasons(parse(good, template()))[0]


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (b"<row>" + b"<c/>" * 1_500_000 + b"</row>", "has a row of more than 4194304 bytes"),
        (b" " * 6_000_000, "has a row of more than 4194304 bytes"),
        (b"<row>" + b"<row></row>" * 9, "holds what no spreadsheet writes"),
        (b"<row><c/><!--</row><row>--></row>", "holds what no spreadsheet writes"),
    ],
)
def test_a_row_that_does_not_end_is_never_held(rows: bytes, reason: str) -> None:
    """Thirteen kilobytes of empty cells took 1.2 GB."""
    data = rezipped(book(("S1", "王一")), **{SHEET: b"<worksheet><sheetData>" + rows + b"</sheetData></worksheet>"})
    assert len(data) < 40_000
    [told] = reasons(parse(data, template()))
    assert (SHEET in told, reason in told) == (True, True)


def test_a_sheet_under_another_name_was_not_measured_and_is_not_read() -> None:
    names = zipfile.ZipFile(io.BytesIO(book(("S1", "王一"))))
    relations = names.read("xl/_rels/workbook.xml.rels").replace(b"worksheets/sheet1.xml", b"elsewhere.xml")
    data = rezipped(
        book(("S1", "王一")), **{"xl/_rels/workbook.xml.rels": relations, "xl/elsewhere.xml": names.read(SHEET)}
    )
    assert "xl/elsewhere.xml of the workbook holds what no spreadsheet writes" in reasons(parse(data, template()))[0]


def test_lines_that_a_sheet_leaves_out_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Excel writes such sheets, and 1.4 KB of them took minutes: each left out line was read cell by cell."""
    made, read, cells = openpyxl.Workbook(), workbook._text, 0
    made.active.append(HEADER)
    made.active.cell(300_000, 1, "S1")
    file = io.BytesIO()
    made.save(file)

    def counted(value: object) -> str:
        nonlocal cells
        cells += 1
        return read(value)

    monkeypatch.setattr(workbook, "_text", counted)
    found = list(workbook.workbook_records(file.getvalue()))
    assert [(record.line, record.cells[0]) for record in found] == [(1, HEADER[0]), (300_000, "S1")]
    assert cells < 1_000


def test_a_cell_in_the_far_corner_is_refused() -> None:
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="GS1" t="inlineStr"><is><t>x</t></is></c></row>'
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    )
    found = parse(rezipped(book(), **{"xl/worksheets/sheet1.xml": sheet}), template())
    assert reasons(found) == ["more than 200 columns"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PK\x03\x04 cut off", "the workbook cannot be read: BadZipFile"),
        (rezipped(book(("S1", "王一")), **{"xl/worksheets/sheet1.xml": b"<a"}), "the workbook cannot be read"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "an old or a locked Excel file"),
        (b"%PDF-1.7", "no table but a document"),
        (b"<html><table>", "no table but a document"),
    ],
)
def test_another_file_is_told_as_what_it_is(data: bytes, reason: str) -> None:
    assert reason in reasons(parse(data, template()))[0]


def test_a_zip_that_is_no_workbook_is_told() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    assert "no Excel workbook" in reasons(parse(file.getvalue(), template()))[0]
