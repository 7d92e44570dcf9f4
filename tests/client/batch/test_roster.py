"""Reading rosters: both encodings, every kind of bad row, all of them at once."""

import csv
import io
from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest
from testamur.batch.encoding import UndecodableError, text_lines
from testamur.batch.example import example_roster, example_template
from testamur.batch.roster import Problem, Roster, parse
from testamur.credential.document import Labels
from testamur.credential.template import Level, Template

LEVELS = (
    Level("5", 1, 2, 5, 5101, Labels("终身学习成果框架", "5", "专科")),
    Level("6", 1, 3, 6, 5101, Labels("终身学习成果框架", "6", "本科")),
)
HEADER = "行号,姓名,学号,证书编号,学分,生效日期,失效日期,等级"


def _template() -> Template:
    return Template.parse(example_template(LEVELS, "成都开放大学", "https://cdou.example"))


def _roster(*lines: str, encoding: str = "utf-8") -> Roster:
    return parse("\r\n".join([HEADER, *lines, ""]).encode(encoding), _template())


def _reasons(roster: Roster) -> list[tuple[int, str, str]]:
    return [(problem.line, problem.column, problem.reason) for problem in roster.problems]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_thousand_invented_rows_read_the_same_in_every_encoding(encoding: str) -> None:
    template = _template()
    roster = parse(example_roster(template, 1000, encoding), template)
    assert roster == parse(example_roster(template, 1000), template)
    assert (len(roster.rows), roster.problems, roster.remarks) == (1000, (), ())
    names = "".join(row.name for row in roster.rows)
    assert "㐂" in names
    assert "𠮷" in names
    assert "阿依古丽·买买提" in names


def test_some_of_the_invented_names_are_outside_gbk() -> None:
    with pytest.raises(UnicodeEncodeError):
        example_roster(_template(), 1000).decode().encode("gbk")


def test_a_row_gives_typed_values() -> None:
    roster = _roster("S1,李华,20230017,510100001,118.5,2026/7/1,2036年6月30日,6")
    row = roster.rows[0]
    assert (row.line, row.id, row.name, row.student_number, row.certificate_number) == (
        2,
        "S1",
        "李华",
        "20230017",
        "510100001",
    )
    assert row.credits_thousandths == 118_500
    assert row.valid_from == datetime(2026, 6, 30, 16, tzinfo=UTC)
    assert row.valid_until == datetime(2036, 6, 30, 15, 59, 59, tzinfo=UTC)
    assert row.level == LEVELS[1]


def test_empty_cells_fall_back_on_the_template() -> None:
    row = _roster("S1,李华,,,,,,").rows[0]
    assert (row.student_number, row.credits_thousandths, row.valid_until, row.level) == (None, None, None, LEVELS[0])
    assert row.valid_from == datetime(2026, 6, 30, 16, tzinfo=UTC)


def test_every_bad_cell_of_every_row_is_reported_at_once_with_line_column_and_reason() -> None:
    roster = _roster(
        "S1,李华,1,,120,2026-07-01,,5",
        "S1,王芳,2,,120,2026-07-01,,5",
        "s1,王芳,2b,,120,2026-07-01,,5",
        "S4,,3,,12.3456,2026-02-30,,7",
        "S5,张\u202e伟,4,,abc,,2026-01-01,5",
        "S6,赵六,5",
        "S7,钱七,6,,1,2026-07-01,,5,extra",
        "../S8,孙八,7,,1,2026-07-01,,5",
        f"S9,{'长' * 101},8,,1,2026-07-01,,5",
        "S10,周\x00十,9,,1,2026-07-01,,5",
        "S11,吴\ue000,10,,1,2026-07-01,,5",
    )
    assert _reasons(roster) == [
        (3, "行号", "row id S1 stands in line 2 too"),
        (4, "行号", "row id s1 stands in line 2 too"),
        (5, "姓名", "empty"),
        (5, "学分", "not a number of credits with at most 3 decimals"),
        (5, "生效日期", "not a date such as 2026-06-30"),
        (5, "等级", "not a level of the template: 7"),
        (6, "姓名", "character U+202E is not allowed (control, bidi or invisible)"),
        (6, "学分", "not a number of credits with at most 3 decimals"),
        (6, "失效日期", "before the first day in force"),
        (7, "", "3 cells, the header has 8"),
        (8, "", "9 cells, the header has 8"),
        (9, "行号", "not letters, digits, dots and dashes that can name a file"),
        (10, "姓名", "101 characters, at most 100"),
        (11, "姓名", "character U+0000 is not allowed (control, bidi or invisible)"),
        (
            12,
            "姓名",
            "U+E000 is a private-use character, which has no meaning outside this file: type its Unicode ideograph",
        ),
    ]
    assert [row.id for row in roster.rows] == ["S1"]
    assert roster.problems[0] == Problem(3, "行号", "row id S1 stands in line 2 too", "S1")


@pytest.mark.parametrize("row_id", ["holder", "Batch", "template", "delivered.csv"])
def test_no_row_takes_the_name_of_another_file_of_a_run_or_a_package(row_id: str) -> None:
    """`bundles/batch.json` would be passed over by `verify`, `holder.json` written over by the learner's secret."""
    roster = _roster(f"{row_id},李华,,,,,,", f"{row_id}-1,王芳,,,,,,")
    assert [row.id for row in roster.rows] == [f"{row_id}-1"]
    assert "is the name of another file of a run or a package" in roster.problems[0].reason


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    """A quoted cell may hold a line end (which is refused), blank lines are passed over; numbers stay right."""
    roster = _roster('S1,"李\n华",,,,,,', "", "S2,,,,,,,")
    assert [(problem.line, problem.column) for problem in roster.problems] == [(2, "姓名"), (5, "姓名")]


def test_a_quote_that_never_ends_is_a_problem_of_its_line() -> None:
    roster = _roster("S1,李华,,,,,,", 'S2,"王芳,,,,,,')
    assert [row.id for row in roster.rows] == ["S1"]
    assert roster.problems[0].line == 3
    assert roster.problems[0].reason.startswith("not CSV")


def test_names_are_brought_into_composed_form_with_a_remark() -> None:
    roster = _roster("S1,Ame\u0301lie,,,,,,")
    assert roster.rows[0].name == "Amélie"
    assert [(remark.line, remark.column) for remark in roster.remarks] == [(2, "姓名")]


def test_full_width_digits_in_dates_and_credits_are_read() -> None:
    row = _roster("Ｓ１,李华,,,１２０,２０２６－０７－０１,,").rows[0]
    assert (row.id, row.credits_thousandths) == ("S1", 120_000)


def test_ideographic_space_around_a_cell_is_no_part_of_it() -> None:
    assert _roster("S1,\u3000李华 ,,,,,,").rows[0].name == "李华"


@pytest.mark.parametrize(
    ("header", "column", "reason"),
    [
        ("行号,学号", "姓名", "column missing"),
        ("行号,姓名,姓名", "姓名", "this header stands twice"),
        (
            "行号,姓名,手机",
            "手机",
            "the template has no such column: add it there, or leave it out with --ignore-column",
        ),
        ("行号;姓名", "行号", "column missing; is the file separated by commas?"),
    ],
)
def test_a_header_that_does_not_fit_the_template_stops_the_file(header: str, column: str, reason: str) -> None:
    roster = parse(f"{header}\nS1,李华,x\n".encode(), _template())
    assert roster.rows == ()
    assert (1, column, reason) in _reasons(roster)


@pytest.mark.parametrize("data", [b"", b"\n\n", (HEADER + "\n").encode()])
def test_a_file_without_rows_is_a_problem(data: bytes) -> None:
    roster = parse(data, _template())
    assert roster.rows == ()
    assert len(roster.problems) == 1


def test_utf16_is_named_as_what_it_is() -> None:
    roster = parse((HEADER + "\nS1,李华,,,,,,\n").encode("utf-16"), _template())
    assert "UTF-16" in roster.problems[0].reason


def test_a_damaged_utf8_file_is_not_read_as_gb18030() -> None:
    """It would decode, into names that nobody has."""
    data = example_roster(_template(), 50).replace("学号".encode(), "学号".encode()[:-1])
    assert data.decode("gb18030", "replace")
    roster = parse(data, _template())
    assert roster.rows == ()
    assert roster.problems[0].line == 1
    assert "damaged UTF-8" in roster.problems[0].reason


def test_a_byte_that_fits_neither_encoding_is_reported_with_its_line() -> None:
    data = (HEADER + "\nS1,李华,,,,,,\nS2,王").encode("gb18030") + b"\xff,,,,,,\n"
    roster = parse(data, _template())
    assert (roster.problems[0].line, roster.rows) == (3, ())
    assert "neither UTF-8 nor GB18030" in roster.problems[0].reason


def test_ideographs_that_old_gb18030_kept_in_private_use_become_unicode() -> None:
    assert "".join(text_lines(b"\xfe\x59\xfe\x51" + "姓名甲乙".encode("gb18030"))) == "\u9fb4\U00020087姓名甲乙"


def test_undecodable_error_names_line_zero_for_the_whole_file() -> None:
    with pytest.raises(UndecodableError) as caught:
        text_lines("李".encode("utf-16"))
    assert caught.value.line == 0


def test_commitments_tags_and_study_dates_are_read_where_the_template_has_the_columns() -> None:
    tree = orjson.loads(example_template(LEVELS[:1], "成都开放大学", "https://cdou.example"))
    tree["columns"] = [
        {"field": name} for name in ("row_id", "name", "holder", "outcome_tag", "start_date", "end_date")
    ]
    template = Template.parse(orjson.dumps(tree))
    good = f"S1,李华,0x{'ab' * 32},0x{'CD' * 32},2023-09-01,2026-06-30"
    bad = f"S2,王芳,0x{'ab' * 31},{'CD' * 32},2026-09-01,2026-06-30"
    roster = parse(f"行号,姓名,持有人承诺,成果标签,开始日期,结束日期\n{good}\n{bad}\n".encode(), template)
    row = roster.rows[0]
    assert (row.holder, row.outcome_tag) == (b"\xab" * 32, b"\xcd" * 32)
    assert (row.start_date, row.end_date) == (date(2023, 9, 1), date(2026, 6, 30))
    assert [problem.column for problem in roster.problems] == ["持有人承诺", "成果标签", "结束日期"]


def test_the_example_documents_its_columns_and_is_the_same_for_the_same_seed() -> None:
    tree: dict[str, Any] = orjson.loads(example_template(LEVELS, "成都开放大学", "https://cdou.example"))
    assert all(column["description"] for column in tree["columns"])
    template = _template()
    assert example_roster(template, 30, seed=4) == example_roster(template, 30, seed=4) != example_roster(template, 30)
    rows = list(csv.reader(io.StringIO(example_roster(template, 30).decode(), newline="")))
    assert len(rows) == 31
