"""`issue`, `revoke`, `suspend`, `reinstate`, `status`, `template`, `doctor` on the world's chain."""

import csv
import io
from pathlib import Path

import pytest
from testamur.batch.bundle import Bundle
from testamur.chain.access import NO_ACCESS
from testamur.cli.failure import UsageError
from testamur.cli.issue import _ask_about_doubts
from testamur.cli.session import Session
from testamur.cli.terminal import Terminal
from testamur.language import language

from tests.world import Result, World, command


@pytest.fixture
def example(world: World, tmp_path: Path) -> Path:
    """A folder with a template and a roster of five rows."""
    assert command("template", "example", "--rows", 5, "--out", tmp_path, "--profile", world.result.profile).code == 0
    return tmp_path


def issue(world: World, folder: Path, *more: object) -> Result:
    return command(
        "issue",
        folder / "roster.csv",
        "--template",
        folder / "template.json",
        "--out",
        folder / "batch",
        "--json",
        "--profile",
        world.result.profile,
        *more,
    )


def spoil(folder: Path) -> None:
    """A date that is none in the third row, a missing name in the fifth."""
    with (folder / "roster.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    rows[3][rows[0].index("生效日期")] = "soon"
    rows[5][rows[0].index("姓名")] = ""
    with (folder / "roster.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def test_the_template_and_its_columns_are_shown(world: World, example: Path) -> None:
    result = command("template", "check", example / "template.json", "--json")
    assert result.code == 0
    columns = result.json["columns"]
    assert isinstance(columns, list)
    assert [column["field"] for column in columns][:2] == ["row_id", "name"]
    assert "学习者姓名" in command("template", "check", example / "template.json", "--lang", "zh").out


def test_a_template_that_is_none_ends_with_2(tmp_path: Path) -> None:
    (tmp_path / "template.json").write_text("{}")
    result = command("template", "check", tmp_path / "template.json")
    assert result.code == 2
    assert "Traceback" not in result.err


def test_an_example_never_overwrites(world: World, example: Path) -> None:
    assert command("template", "example", "--out", example, "--profile", world.result.profile).code == 2


def test_a_dry_run_estimates_and_leaves_nothing(world: World, example: Path) -> None:
    result = issue(world, example, "--dry-run")
    assert (result.code, result.json["rows"]) == (0, 5)
    assert not (example / "batch").exists()


def with_phones(folder: Path) -> list[list[str]]:
    """The example's rows, with a column that the template does not have."""
    with (folder / "roster.csv").open(encoding="utf-8", newline="") as file:
        rows = [[*row, "手机" if number == 0 else "139"] for number, row in enumerate(csv.reader(file))]
    with (folder / "roster.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return rows


def test_a_column_that_the_template_has_not_is_left_out_by_name(world: World, example: Path) -> None:
    with_phones(example)
    told = issue(world, example, "--dry-run")
    assert (told.code, told.json["rows"]) == (2, 0)
    assert issue(world, example, "--dry-run", "--ignore-column", "手机").json["rows"] == 5


def test_a_workbook_is_a_roster(world: World, example: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    for row in with_phones(example):
        book.active.append(row)
    book.save(example / "roster.csv")  # the content decides, not the name
    found = issue(world, example, "--dry-run", "--ignore-column", "手机")
    assert (found.code, found.json["rows"], found.json["rejected"]) == (0, 5, [])


def test_names_that_may_be_misread_are_asked_about_on_a_terminal(
    world: World, example: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Person(io.StringIO):
        def isatty(self) -> bool:
            return True

    text = (example / "roster.csv").read_text(encoding="utf-8")
    name = text.splitlines()[1].split(",")[1]
    (example / "roster.csv").write_bytes(text.replace(name, "Jos閍", 1).encode("gb18030"))
    session, told = session_of(world), Person()
    monkeypatch.setattr("sys.stderr", told)
    monkeypatch.setattr("sys.stdin", Person("no\n"))
    with pytest.raises(UsageError, match="not read as it was meant"):
        _ask_about_doubts(session, example / "roster.csv", example / "template.json", ())
    assert "Jos閍" in told.getvalue()
    monkeypatch.setattr("sys.stdin", Person("是\n"))
    _ask_about_doubts(session, example / "roster.csv", example / "template.json", ())
    monkeypatch.setattr("sys.stdin", io.StringIO())
    _ask_about_doubts(session, example / "roster.csv", example / "template.json", ())


def test_bad_rows_stop_the_run_and_are_reported_all_at_once(world: World, example: Path) -> None:
    spoil(example)
    result = issue(world, example)
    assert result.code == 2
    assert [row["line"] for row in result.json["rejected"]] == [4, 6]
    assert [path.name for path in (example / "batch").iterdir()] == ["batch.json"]


def test_why_a_row_is_refused_is_told_in_chinese(world: World, example: Path) -> None:
    spoil(example)
    files = (example / "roster.csv", "--template", example / "template.json", "--out", example / "batch")
    said = command("issue", *files, "--profile", world.result.profile, "--lang", "zh")
    assert said.code == 2
    assert "不是日期（如 2026-06-30）" in said.out
    assert "为空" in said.out
    english = command("issue", *files, "--profile", world.result.profile, "--lang", "en").out
    assert ("not a date such as 2026-06-30" in english, "empty" in english) == (True, True)


def test_skipping_bad_rows_issues_the_others_with_8(world: World, example: Path) -> None:
    spoil(example)
    result = issue(world, example, "--skip-bad", "--per-file")
    assert (result.code, result.json["issued"]) == (8, 3)
    assert len(list((example / "batch" / "bundles").glob("*.json"))) == 3


def test_a_finished_run_is_not_made_twice(world: World, example: Path) -> None:
    assert issue(world, example).code == 0
    assert issue(world, example).code == 2
    again = issue(world, example, "--resume")
    assert (again.code, again.json["state"]) == (0, "already")


def test_resume_without_a_journal_starts(world: World, example: Path) -> None:
    assert issue(world, example, "--resume").code == 0


def test_suspend_reinstate_and_revoke_by_file_and_by_row(world: World) -> None:
    options = ("--profile", world.result.profile, "--json")
    judge = ("--policy", world.result.policy, "--rpc", world.result.rpc, "--json")
    bundle = world.spare[0]
    suspended = command("suspend", bundle, "--reason", "conditions_not_met", *options)
    assert (suspended.code, suspended.json["outcomes"][0]["result"]) == (0, "changed")
    assert command("verify", bundle, *judge).json["code"] == "suspended"
    assert command("status", "show", bundle, *options).json["status"] == "suspended"
    assert command("reinstate", "--row", bundle.stem, "--dir", world.folder / "batch", *options).code == 0
    assert command("verify", bundle, *judge).json["code"] == "ok"
    unasked = command("revoke", bundle, "--reason", "1", "--profile", world.result.profile)
    assert (unasked.code, "--yes" in unasked.err) == (2, True), "it is for good, and there is nobody to ask"
    document = Bundle.load(bundle).document
    assert document is not None
    assert document.subject_name is not None
    assert document.subject_name in unasked.out, "whom it takes out of force"
    assert (f"{document.labels.code} {document.labels.name}" in unasked.out, bundle.name in unasked.out) == (True, True)
    assert command("verify", bundle, *judge).json["code"] == "ok"
    assert command("revoke", bundle, "--reason", "1", "--yes", *options).code == 0
    verdict = command("verify", bundle, *judge).json
    assert verdict["code"] == "revoked"
    facts = next(check for check in verdict["checks"] if check["name"] == "status")["facts"]
    assert (facts["reason"], facts["told_by"], facts["since"][:2]) == ("issued_in_error", "node", "20")
    shown = command("status", "show", bundle, *options).json
    assert (shown["status"], shown["reason"], shown["since"]) == ("revoked", "issued_in_error", facts["since"])
    people = command("verify", bundle, *judge[:-1], "--lang", "zh").out
    assert ("据所询节点的记录" in people, "颁发有误" in people) == (True, True)
    again = command("revoke", bundle, "--reason", "1", "--yes", *options)
    assert (again.code, again.json["outcomes"][0]["result"]) == (0, "already")
    assert command("reinstate", bundle, *options).code == 10
    said = command("revoke", bundle, "--reason", "1", "--yes", *options[:-1], "--lang", "zh")
    assert ("原已如此" in said.out, "原因" in said.out) == (True, False), "the column was for refusals, and showed -"
    assert "被拒绝：已永久撤销" in command("reinstate", bundle, *options[:-1], "--lang", "zh").out
    missing = command("revoke", "missing.json", "--yes", *options[:-1], "--lang", "zh")
    assert missing.err.count("未作任何更改") == 1, missing.err


def test_another_institution_cannot_revoke(world: World) -> None:
    result = command("revoke", world.spare[1], "--yes", "--profile", world.result.profile, "--as", "uestc")
    assert result.code == 2
    assert "institution 1's" in result.err


@pytest.mark.parametrize(
    "words",
    [[], ["--list", "1"], ["--index", "1"], ["x.json", "--row", "a"], ["--list", "1", "--index", "1", "--reason", "9"]],
)
def test_what_is_not_named_clearly_is_not_revoked(world: World, words: list[str]) -> None:
    assert command("revoke", *words, "--yes", "--profile", world.result.profile).code == 2


def test_revoking_is_asked_about_on_a_terminal(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from testamur.cli import status

    class Person(io.StringIO):
        def isatty(self) -> bool:
            return True

    bundle, asked = world.spare[2], Person()
    judge = ("--policy", world.result.policy, "--rpc", world.result.rpc, "--json")
    session = session_of(world)
    monkeypatch.setattr(sys, "stderr", asked)
    for answer, code in (("no\n", 2), ("\n", 2), ("是\n", 0)):
        assert command("verify", bundle, *judge).json["code"] == "ok"
        monkeypatch.setattr(sys, "stdin", Person(answer))
        assert status._change(session, "revoke", [bundle], [], Path(), None, [], 0, is_agreed=False) == code
    assert "Revoke these 1 credentials for good?" in asked.getvalue()
    document = Bundle.load(bundle).document
    assert document is not None
    assert str(document.subject_name) in asked.getvalue(), "nobody is asked about a credential that is not shown"
    assert command("verify", bundle, *judge).json["code"] == "revoked"


def session_of(world: World) -> Session:
    return Session(Terminal(True, language("en")), world.result.profile, None, NO_ACCESS)


def test_the_doctor_finds_nothing_for_the_founder_and_the_missing_recognition_of_the_third(world: World) -> None:
    options = ("--profile", world.result.profile, "--json")
    assert command("doctor", *options).code == 0
    third = command("doctor", "--as", "jjvtc", *options)
    assert third.code == 6
    assert "not_recognised" in [line["code"] for line in third.lines]


def test_the_doctor_finds_a_retired_key(world: World) -> None:
    options = ("--profile", world.result.profile, "--as", "jjvtc", "--json")
    keys = command("issuer", "show", str(world.result.unrecognised), *options).json["keys"]
    status = next(key for key in keys if key["usage"] == "status")
    assert "key_retired" not in [line["code"] for line in command("doctor", *options).lines]
    assert command("issuer", "key", "retire", status["keyHash"], *options).code == 0
    assert "key_retired" in [line["code"] for line in command("doctor", *options).lines]


def test_the_doctor_warns_of_a_full_list_and_issuing_opens_another(world: World, tmp_path: Path) -> None:
    from testamur.batch.lists import read_lists
    from testamur.chain.connection import Connection

    options = ("--profile", world.result.profile, "--as", "uestc")
    with Connection.open(world.profile) as connection:
        institution = connection.profile.institution("uestc")
        [found] = read_lists(connection, institution)
        filling = (b"\x07" * 32, found.room - 2, found.number, found.next, 1, 1)
        call = connection.contract("CredentialBatches").call("anchor", *filling)
        connection.sender_for(institution, "issue").send(call)
    warned = command("doctor", "--json", *options)
    assert warned.code == 0
    assert "list_full" in [line["code"] for line in warned.lines]
    assert command("template", "example", "--rows", 3, "--out", tmp_path, *options).code == 0
    issued = command(
        "issue",
        tmp_path / "roster.csv",
        "--template",
        tmp_path / "template.json",
        "--out",
        tmp_path / "batch",
        *options,
    )
    assert issued.code == 0
    assert len(world.profile.institution("uestc").lists) == 2
