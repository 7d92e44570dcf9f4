"""The register of what a profile issued: one normal form of a number, one run at a time, nobody's name."""

import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from testamur.batch.example import example_roster, example_template
from testamur.batch.issued import IssuedAlreadyError, IssuedRegister, RegisterError, Replaced, RowKeys, row_keys
from testamur.batch.roster import Row, parse
from testamur.credential.template import Labels, Level, Template

LEVEL = Level("本科", 1, 3, 6, 5101, Labels("国家学分银行资历框架", "6", "本科"))
TEMPLATE = Template.parse(example_template([LEVEL], "成都开放大学", "https://cdou.example"))


def rows(*numbers: bytes) -> RowKeys:
    return RowKeys({i: [key] for i, key in enumerate(numbers)}, {i: i + 2 for i in range(len(numbers))})


@pytest.fixture
def row() -> Row:
    [found] = parse(example_roster(TEMPLATE, 1), TEMPLATE).rows
    return replace(found, certificate_number="CD-2026-001a", student_number="20230001")


@pytest.mark.parametrize("written", ["CD-2026-001A", "ＣＤ－２０２６－００１ａ", " cd-2026-001a ", "CD-2026-001 A"])
def test_a_number_written_otherwise_is_the_same_number(row: Row, written: str) -> None:
    assert row_keys(replace(row, certificate_number=written), 1, TEMPLATE) == row_keys(row, 1, TEMPLATE)


def test_another_number_institution_achievement_or_term_is_another(row: Row) -> None:
    certificate, student = row_keys(row, 1, TEMPLATE)
    assert certificate not in row_keys(replace(row, certificate_number="CD-2026-001b"), 1, TEMPLATE)
    assert not {certificate, student} & set(row_keys(row, 2, TEMPLATE))
    other = replace(TEMPLATE, achievement=replace(TEMPLATE.achievement, id="https://cdou.example/other"))
    for changed, template in (
        (row, other),
        (replace(row, term="2026-2"), TEMPLATE),
        (replace(row, valid_from=datetime(2027, 1, 1, tzinfo=UTC)), TEMPLATE),
    ):
        assert row_keys(changed, 1, template)[0] == certificate, "a certificate's number names it whatever it says"
        assert row_keys(changed, 1, template)[1] != student


def test_a_row_without_numbers_is_known_by_its_id_and_name(row: Row) -> None:
    bare = replace(row, certificate_number=None, student_number=None)
    [key] = row_keys(bare, 1, TEMPLATE)
    assert row_keys(replace(bare, line=9), 1, TEMPLATE) == [key]
    assert row_keys(replace(bare, id="S9"), 1, TEMPLATE) != [key] != row_keys(replace(bare, name="李"), 1, TEMPLATE)


def test_what_one_run_claimed_no_other_claims_unless_it_is_said(tmp_path: Path) -> None:
    register = IssuedRegister(tmp_path / "state" / "issued.db")
    register.require_new(rows(b"a"))
    assert not register.path.exists(), "asking leaves nothing"
    register.claim(b"one", tmp_path / "first", 1, rows(b"a", b"b"))
    assert stat.S_IMODE(register.path.stat().st_mode) == 0o600
    with pytest.raises(IssuedAlreadyError) as caught:
        register.claim(b"two", tmp_path / "second", 2, rows(b"c", b"b"))
    assert ([clash.line for clash in caught.value.clashes], caught.value.exit_code) == ([3], 2)
    assert str(tmp_path / "first") in caught.value.message
    register.require_new(rows(b"c"))
    register.claim(b"one", tmp_path / "first", 3, rows(b"a", b"b"))
    register.claim(b"two", tmp_path / "second", 4, rows(b"c", b"b"), is_again=True)


def test_an_interrupted_run_goes_on_though_another_claimed_the_same_since(tmp_path: Path) -> None:
    register = IssuedRegister(tmp_path / "issued.db")
    register.claim(b"one", tmp_path, 1, rows(b"a"))
    register.claim(b"two", tmp_path, 2, rows(b"a"), is_again=True)
    register.claim(b"one", tmp_path, 3, rows(b"a"))
    with pytest.raises(IssuedAlreadyError):
        register.claim(b"three", tmp_path, 4, rows(b"a"))


def test_a_correction_stands_beside_the_row_it_corrects_and_beside_no_other(tmp_path: Path) -> None:
    register = IssuedRegister(tmp_path / "issued.db")
    register.claim(b"one", tmp_path, 1, rows(b"a", b"b"))
    first = Replaced(b"one", frozenset({0}))
    register.claim(b"two", tmp_path, 2, rows(b"a"), replaced=first)
    with pytest.raises(IssuedAlreadyError):
        register.claim(b"three", tmp_path, 3, rows(b"b"), replaced=first)
    with pytest.raises(IssuedAlreadyError):
        register.claim(b"three", tmp_path, 3, rows(b"a"), replaced=first)
    register.release(b"one", [0])
    register.claim(b"three", tmp_path, 4, rows(b"a"), replaced=Replaced(b"two", frozenset({0})))


def test_a_damaged_register_is_told(tmp_path: Path) -> None:
    (tmp_path / "issued.db").write_bytes(b"something else entirely " * 100)
    with pytest.raises(RegisterError, match="cannot be used") as caught:
        IssuedRegister(tmp_path / "issued.db").require_new(rows(b"a"))
    assert "nothing warns" in str(caught.value.advice)


def test_a_large_roster_is_asked_in_parts(tmp_path: Path) -> None:
    register = IssuedRegister(tmp_path / "issued.db")
    many = rows(*(number.to_bytes(4, "big") for number in range(2_000)))
    register.claim(b"one", tmp_path, 1, many)
    with pytest.raises(IssuedAlreadyError, match="2000 of 2000 rows"):
        register.require_new(many)
