"""What a spreadsheet bent, another encoding made and typing varied: refused, asked about, or compared alike."""

from datetime import date

import pytest
from testamur.batch.example import example_lines, example_template
from testamur.batch.roster import Roster, parse
from testamur.credential.bent import loss_in, loss_in_name, loss_of_number
from testamur.credential.columns import CellError, read_cell
from testamur.credential.document import Labels
from testamur.credential.normal import identity, ideographs, normal_form
from testamur.credential.template import Level, Template, TemplateError

HEADER = "行号,姓名,学号,证书编号,学期"
TEMPLATE = """{"type":"TestamurTemplate","version":1,"language":"zh-CN","name":"证书","timeZone":"+08:00",
"validFrom":"2026-07-01","achievement":{"id":"https://a.example/x","name":"n","description":"d","criteria":"c"},
"levels":[{"key":"学士（荣誉）","code":"L10","framework":1,"frameworkName":"f","type":1,"typeName":"t","rank":10,
"region":5101}],"columns":[{"field":"row_id"},{"field":"name"},{"field":"student_number"},
{"field":"certificate_number"},{"field":"term"},{"field":"level"},{"field":"credits"},{"field":"start_date"}]}"""


def template() -> Template:
    return Template.parse(TEMPLATE.encode())


def roster(*lines: str, header: str = HEADER, encoding: str = "utf-8", ignored: tuple[str, ...] = ()) -> Roster:
    return parse("\n".join([header, *lines, ""]).encode(encoding), template(), ignored)


def reasons(found: Roster) -> list[str]:
    return [problem.reason for problem in found.problems]


NAMES = [
    "王\U0002ebf0",  # Extension I (Unicode 15.1)
    "李\U00031350",  # H (15)
    "赵\U000323b0",  # J (17)
    "钱\U00033479",
    "孙\U0003fffd",  # of planes 2 and 3 no table knows yet
    "㐂\U00020bb7",
    "张\ufa0e",
    "阿依古丽·买买提",
    "Ó Súilleabháin",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_ideographs_pass_whatever_tables_the_interpreter_has(name: str, encoding: str) -> None:
    found = roster(f"S1,{name},1,1,春", encoding=encoding)
    assert [row.name for row in found.rows] == [name]
    assert found.problems == found.remarks == ()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("王\U0002fffe", "U+2FFFE is a noncharacter"),
        ("王\ufdd0", "U+FDD0 is a noncharacter"),
        ("王\ue000", "U+E000 is a private-use character"),
        ("王\U000f0000", "U+F0000 is a private-use character"),
        ("王\u0378", "U+0378 is no character of Unicode"),
        ("王\U0004e00a", "U+4E00A is no character of Unicode"),
        ("王\u202e", "U+202E is not allowed"),
        ("\u3164", "U+3164 is not allowed"),
        ("王\u00ad", "U+00AD is not allowed"),
        ("\u2003\u2003", "nothing in it can be seen"),
        ("\u0301\u0302", "nothing in it can be seen"),
        ("王\ufffd", "stands where a program could not read"),
        ("王锟斤拷", "stands where a program could not read"),
        ("王?", "? stands in a name"),
        ("李□", "□ stands in a name"),
        ("#N/A", "error value"),
        ("=A1", "a formula"),
    ],
)
def test_a_name_that_cannot_be_meant_is_refused_with_its_reason(name: str, reason: str) -> None:
    with pytest.raises(CellError) as refused:
        read_cell("name", name, 100)
    assert reason in str(refused.value)


@pytest.mark.parametrize("text", ["#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "########", "Err:502", '="0012"', "锟斤拷"])
def test_what_a_spreadsheet_shows_for_a_loss_is_no_text(text: str) -> None:
    assert loss_in(text)
    assert not loss_in(f"No. 12 {text.strip('#=')[:3]}") or "锟" in text


@pytest.mark.parametrize(
    "number",
    ["2.02E+11", "5.10126E+17", "2e+11", "5.1E11", "20230004.0", "2023.00", "2-Jan", "Jan-24", "1月2日", "2024年1月"],
)
def test_a_bent_number_is_refused_in_every_column_of_numbers(number: str) -> None:
    assert loss_of_number(number)
    for kind in ("id", "number"):
        with pytest.raises(CellError):
            read_cell(kind, number, 64)
    found = roster(f"S1,李华,{number},,春", f"S2,王芳,1,{number},春")
    assert (len(found.rows), len(found.problems)) == (0, 2)


@pytest.mark.parametrize(
    "number", ["20230004", "510126000000000001", "2E11", "A-17", "川E-0001", "2026/1/2", "1.5", "0012"]
)
def test_a_number_that_only_looks_odd_is_taken(number: str) -> None:
    assert loss_of_number(number) is None
    assert read_cell("number", number, 64) == number


def test_a_day_that_became_a_number_is_told_as_the_day_it_may_be() -> None:
    with pytest.raises(CellError, match="perhaps 2026-06-30"):
        read_cell("date", "46203", 11)
    assert read_cell("date", "２０２６年6月30日", 11) == date(2026, 6, 30)
    with pytest.raises(CellError):
        read_cell("date", "٢٠٢٦-06-30", 11)


def test_a_certificate_number_stands_once_in_every_spelling() -> None:
    found = roster("S1,李华,1,ab-17,春", "S2,王芳,2,ＡＢ－１７,春", "S3,张三,3,AB-17 ,春", "S4,赵四,4,AB-18,春")
    assert [row.id for row in found.rows] == ["S1", "S4"]
    assert reasons(found) == [f"certificate number {number} stands in line 2 too" for number in ("AB-17", "AB-17")]


def test_a_student_number_stands_twice_only_where_term_or_dates_differ() -> None:
    found = roster("S1,李华,20230001,,春", "S2,李华,２０２３０００１,,秋", "S3,李华,20230001,,春")
    assert [(row.id, row.student_number) for row in found.rows] == [("S1", "20230001"), ("S2", "20230001")]
    assert reasons(found) == [
        "student number 20230001 stands in line 2 too, and neither term nor dates tell them apart"
    ]
    assert [remark.reason for remark in found.remarks] == [
        "read as 20230001: full-width characters or radicals stand in it"
    ]
    dated = roster("S1,李华,1,2025-09-01", "S2,李华,1,2026-09-01", header="行号,姓名,学号,开始日期")
    assert len(dated.rows) == 2


@pytest.mark.parametrize(
    "key", ["学士（荣誉）", "学士(荣誉)", "学⼠(荣誉)", "学士（荣誉） ", "\u3000学士﹙荣誉﹚"]
)  # fmt: skip
def test_level_keys_and_headers_are_compared_in_one_normal_form(key: str) -> None:
    found = roster(f"S1,李华,{key},120", header="行号,姓名,等级,学分")
    assert [row.level.labels.code for row in found.rows] == ["L10"]
    spelt = roster("S1,李华,1,120", header="⾏号,姓名,学号,学 分".replace(" ", ""))
    assert spelt.problems == ()
    nfd = TEMPLATE.replace('{"field":"term"}', '{"field":"term","header":"Période"}').encode()
    assert parse("行号,姓名,Pe\u0301riode\nS1,李华,春\n".encode(), Template.parse(nfd)).problems == ()


def test_two_headers_or_keys_of_one_normal_form_are_refused_in_a_template() -> None:
    twice = '{"field":"term","header":"学⽣号"},{"field":"holder","header":"学生号"}'
    with pytest.raises(TemplateError, match="twice"):
        Template.parse(TEMPLATE.replace('{"field":"term"}', twice).encode())


def test_radicals_become_ideographs_in_names_with_a_remark() -> None:
    found = roster("S1,⻢⽅,1,1,春")
    assert [row.name for row in found.rows] == ["马方"]
    assert [remark.reason for remark in found.remarks] == [
        "read as 马方: full-width characters or radicals stand in it"
    ]
    assert ideographs("⻢⽅") == normal_form(" ⻢⽅ ") == "马方"
    assert identity("ＡＢ １") == identity("ab1") == "ab1"


def test_another_encoding_read_as_gb18030_raises_a_doubt_and_utf8_does_not() -> None:
    line = "S1,José García,1,1,春"
    latin = f"{HEADER}\n".encode("gb18030") + "S1,Jos\xe9a Garc\xeda,1,1,x\n".encode("latin-1")
    found = parse(latin, template())
    assert len(found.rows) == 1
    assert "mixes ideographs and Latin letters" in found.doubts[0].reason
    assert found.doubts[0] in found.remarks
    assert roster(line).doubts == ()
    assert roster("S1,王a华,1,1,春").doubts == ()


def test_a_column_is_left_out_by_name_and_only_one_that_the_template_has_not() -> None:
    header = f"{HEADER},手机"
    assert [row.id for row in roster("S1,李华,1,1,春,139", header=header, ignored=("⼿机",)).rows] == ["S1"]
    assert reasons(roster("S1,李华,1,1,春,139", header=header)) == [
        "the template has no such column: add it there, or leave it out with --ignore-column"
    ]
    assert reasons(roster("S1,李华,1,1,春", ignored=("学号",))) == [
        "the template reads this column, it cannot be ignored"
    ]
    assert reasons(roster("S1,李华,1,1,春", ignored=("邮箱",))) == ["there is no such column to ignore"]


@pytest.mark.parametrize("rows", [3_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_an_example_has_no_number_twice(rows: int) -> None:
    level = Level("5", 1, 2, 5, 5101, Labels("终身学习成果框架", "5", "专科"))
    made = Template.parse(example_template([level], "成都开放大学", "https://cdou.example"))
    seen: set[str] = set()
    count = 0
    for line in example_lines(made, rows):
        cells = line.split(",")
        numbers = [cell for cell in (cells[0], cells[2], cells[3]) if cell]
        count += len(numbers)
        seen.update(numbers)
    assert count == len(seen) > 2 * rows
    if rows < 10_000:
        assert len(parse("".join(example_lines(made, rows)).encode(), made).rows) == rows


def test_a_question_mark_is_refused_in_names_alone() -> None:
    assert loss_in_name("谁？")
    assert read_cell("text", "何时？", 64) == "何时？"
