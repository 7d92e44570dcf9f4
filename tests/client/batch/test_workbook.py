"""Rosters in workbooks: read as the CSV of the same cells, measured before they are unpacked."""

import io
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from testamur.batch import workbook, workbook_bounds, workbook_reader
from testamur.batch.roster import Roster, parse
from testamur.batch.rows import RowError
from testamur.batch.supersession import _with_tags
from testamur.batch.tables import UnreadableTableError

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
    monkeypatch.setattr(workbook_bounds, "_MAX_PART_BYTES", 100_000)
    bomb = rezipped(good, **{"xl/sharedStrings.xml": bytes(100_001)})
    assert reasons(parse(bomb, template())) == ["xl/sharedStrings.xml of the workbook is larger than 100000 bytes"]
    assert (
        "declares a document type"
        in reasons(parse(rezipped(good, **{"xl/styles.xml": b"<!DOCTYPE a>"}), template()))[0]
    )
    monkeypatch.setattr(workbook_bounds, "_MAX_PARTS", 3)
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


MAIN = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
STRINGS = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"


def with_texts(texts: bytes, rows: bytes) -> bytes:
    data = book(("S1", "王一"))
    types = zipfile.ZipFile(io.BytesIO(data)).read("[Content_Types].xml")
    types = types.replace(
        b"</Types>", f'<Override PartName="/xl/sharedStrings.xml" ContentType="{STRINGS}"/></Types>'.encode()
    )
    sheet = b"<worksheet " + MAIN + b"><sheetData>" + rows + b"</sheetData></worksheet>"
    shared = b"<sst " + MAIN + b">" + texts + b"</sst>"
    return rezipped(data, **{"[Content_Types].xml": types, "xl/sharedStrings.xml": shared, SHEET: sheet})


def test_shared_texts_are_read_without_what_a_reader_of_japanese_adds_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """84 KB of two million texts that no cell names took half a minute."""
    cells = b'<row><c t="s"><v>1</v></c><c t="s"><v>0</v></c></row>'
    texts = "<si><t>姓名</t></si><si><r><t>行</t></r><r><t>号</t></r><rPh><t>ぎょう</t></rPh></si>".encode()
    [record] = workbook.workbook_records(with_texts(texts, cells))
    assert record.cells == ["行号", "姓名"]
    monkeypatch.setattr(workbook_reader, "_SPARE_TEXTS", 7)
    assert len(list(workbook.workbook_records(with_texts(texts + b"<si/>" * 7, cells)))) == 1
    with pytest.raises(UnreadableTableError, match="has more texts than its sheets have cells: copy the roster's"):
        list(workbook.workbook_records(with_texts(texts + b"<si/>" * 8, cells)))


def test_empty_rows_of_a_file_are_refused_above_a_line_and_not_read_below_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that somebody formatted and left empty: 34 KB of a million took 23 s."""
    monkeypatch.setattr(workbook_bounds, "_MAX_EMPTY_ROWS", 20)
    line = b'<row><c t="inlineStr"><is><t>x</t></is></c></row>'
    empty = b'<row><c s="1"/><c t="n"><v></v></c></row>\n'
    parts = read_parts(monkeypatch)
    for rows in (line + empty * 99, empty * 20 + line + empty * 99, empty * 5 + b"<row/>" * 15 + line):
        [record] = workbook.workbook_records(with_texts(b"", rows))
        assert record.cells == ["x"]
    assert (list(workbook.workbook_records(with_texts(b"", empty * 99))), parts.count("row")) == ([], 1 + 21 + 21)
    with pytest.raises(UnreadableTableError, match="more than 20 empty rows above its last line: delete them"):
        list(workbook.workbook_records(with_texts(b"", empty * 21 + line)))


def read_parts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A word for each row that openpyxl is asked for."""
    asked: list[str] = []
    rows = workbook_reader.ReadOnlyWorksheet.iter_rows

    def counted(self: Any, **bounds: Any) -> Any:
        for row in rows(self, **bounds):
            asked.append("row")
            yield row

    monkeypatch.setattr(workbook_reader.ReadOnlyWorksheet, "iter_rows", counted)
    return asked


def test_parts_that_are_held_whole_have_few_tags_and_one_sheet_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """22 KB of two million cell formats took most of a minute."""
    monkeypatch.setattr(workbook_reader, "_MAX_TAGS", 1_000)
    formats = b"<styleSheet " + MAIN + b"><cellXfs>" + b"<xf/>" * 1_000 + b"</cellXfs></styleSheet>"
    assert reasons(parse(rezipped(book(("S1", "王一")), **{"xl/styles.xml": formats}), template())) == [
        "xl/styles.xml of the workbook has more than 1000 tags: copy the roster's cells into a new workbook"
    ]
    relations = zipfile.ZipFile(io.BytesIO(book())).read("xl/_rels/workbook.xml.rels")
    twice = rezipped(book(), **{"xl/_rels/workbook.xml.rels": relations.replace(b"sheet2.xml", b"sheet1.xml")})
    assert reasons(parse(twice, template())) == ["the workbook names one part as several sheets"]


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
        (rezipped(book(("S1", "王一")), **{"xl/worksheets/sheet1.xml": b"<a"}), "what no spreadsheet writes"),
        (rezipped(book(("S1", "王一")), **{"xl/styles.xml": b"<a"}), "the workbook cannot be read"),
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


def test_corrections_in_a_workbook_keep_dates_and_refuse_those_of_a_spreadsheet_s_making(tmp_path: Path) -> None:
    """As CSV a date in a column of text passed for the text, which issuing refuses."""
    path, tags = tmp_path / "corrections.xlsx", {"S1": bytes(32)}
    path.write_bytes(book(("S1", "王一", "20230017", None, 120, date(2023, 9, 1))))
    row_ids, corrected = _with_tags(path, template(), tags, tmp_path)
    assert (row_ids, "王一,20230017,,120,2023-09-01,0x" in corrected.decode()) == (["S1"], True)
    path.write_bytes(book(("S1", "王一", date(2023, 9, 1), None, 120, None)))
    with pytest.raises(RowError, match="line 2: 2023-09-01 is a date that a spreadsheet made of it"):
        _with_tags(path, template(), tags, tmp_path)
