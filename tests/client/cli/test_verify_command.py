"""`testamur verify` and `bundle prove`: inputs, exit codes, languages, evidence."""

import json
import zipfile
from pathlib import Path

import pytest
from testamur.demo import EXPECTED
from testamur.language import language
from testamur.verification.verdict import CHECK_NAMES

from tests.world import World, command

EXITS = {"valid": 0, "forged": 3, "revoked": 4, "suspended": 4, "expired": 5, "unrecognised": 6}


def options(world: World) -> tuple[object, ...]:
    return ("--policy", world.result.policy, "--rpc", world.result.rpc)


@pytest.mark.parametrize("case", EXPECTED)
def test_each_case_ends_with_its_exit_code_and_one_line_of_json(world: World, case: str) -> None:
    result = command("verify", world.cases[case], "--json", *options(world))
    assert result.code == EXITS[case]
    assert result.json["input"] == str(world.cases[case])
    assert result.json["code"] == EXPECTED[case]
    checks = result.json["checks"]
    assert isinstance(checks, list)
    assert [check["name"] for check in checks] == list(CHECK_NAMES)


def test_the_verdict_is_told_in_chinese_with_the_same_codes(world: World) -> None:
    result = command("verify", world.cases["revoked"], "--lang", "zh", *options(world))
    assert result.code == 4
    assert "该凭证已被撤销" in result.out
    assert "revoked" in result.out


def test_messages_in_json_follow_the_language_and_codes_do_not(world: World) -> None:
    result = command("verify", world.cases["revoked"], "--json", "--lang", "zh", *options(world))
    checks = result.json["checks"]
    assert isinstance(checks, list)
    assert checks[6]["code"] == "revoked"
    assert "撤销" in checks[6]["message"]


def test_of_several_files_the_gravest_decides_in_the_order_of_the_protocol(world: World) -> None:
    some = [world.cases[case] for case in ("expired", "revoked", "valid")]
    assert command("verify", *some, *options(world)).code == 4
    assert command("verify", *some, world.cases["unrecognised"], *options(world)).code == 6
    assert command("verify", *some, world.cases["forged"], *options(world)).code == 3


def test_an_unreadable_path_does_not_hide_the_others(world: World, tmp_path: Path) -> None:
    result = command("verify", tmp_path / "none.json", world.cases["valid"], "--json", *options(world))
    assert result.code == 2
    assert [line.get("code") for line in result.lines] == [None, "ok"]
    assert "No such file" in result.err


def test_a_folder_means_its_bundles_in_name_order_without_what_else_a_run_leaves(world: World, tmp_path: Path) -> None:
    (tmp_path / "b.json").write_bytes(world.cases["valid"].read_bytes())
    (tmp_path / "a.jsonl").write_bytes(world.cases["expired"].read_bytes() + world.cases["valid"].read_bytes())
    for name in ("batch.json", "template.json", "holders.jsonl", "notes.txt"):
        (tmp_path / name).write_text("{}")
    result = command("verify", tmp_path, "--json", *options(world))
    assert [Path(str(line["input"])).name for line in result.lines] == ["a.jsonl:1", "a.jsonl:2", "b.json"]
    assert [line["code"] for line in result.lines] == ["expired", "ok", "ok"]


def test_a_folder_without_a_bundle_is_a_usage_error(world: World, tmp_path: Path) -> None:
    assert command("verify", tmp_path, *options(world)).code == 2


def test_stdin_is_an_input(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    import io
    import sys

    class Piped:
        buffer = io.BytesIO(world.cases["valid"].read_bytes())

    from testamur.cli import sources

    monkeypatch.setattr(sources, "sys", type("fake", (), {"stdin": Piped, "stdout": sys.stdout}))
    assert [source.name for source in sources.sources(["-"])] == ["-"]


def test_without_a_policy_nothing_is_judged(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = command("verify", world.cases["valid"])
    assert result.code == 2
    assert "testamur policy create" in result.err


def test_offline_without_evidence_is_undecided(world: World) -> None:
    result = command("verify", world.cases["valid"], "--offline", "--json", "--policy", world.result.policy)
    assert (result.code, result.json["code"]) == (7, "unproven")


def test_a_node_that_is_not_there_is_undecided(world: World) -> None:
    result = command(
        "verify", world.cases["valid"], "--json", "--policy", world.result.policy, "--rpc", "http://127.0.0.1:9"
    )
    assert (result.code, result.json["code"]) == (7, "chain_unreachable")


def test_a_proved_bundle_verifies_with_no_network_at_all(world: World, tmp_path: Path) -> None:
    proved = command("bundle", "prove", world.cases["valid"], "--out", tmp_path, "--json", *options(world))
    assert (proved.code, proved.json["code"]) == (0, "ok")
    file = tmp_path / "valid.json"
    result = command("verify", file, "--offline", "--json", "--policy", world.result.policy)
    assert (result.code, result.json["code"]) == (0, "ok")
    as_of = result.json["as_of"]
    assert isinstance(as_of, dict)
    assert as_of["trust"] == "bundle"
    assert "evidence" in json.loads(file.read_bytes())
    assert command("verify", file, "--offline", "--at", "evidence", "--policy", world.result.policy).code == 0


def test_a_forged_bundle_gets_no_evidence_and_stays_as_it_is(world: World, tmp_path: Path) -> None:
    before = world.cases["forged"].read_bytes()
    (tmp_path / "forged.json").write_bytes(before)
    result = command("bundle", "prove", tmp_path / "forged.json", *options(world))
    assert result.code == 3
    assert (tmp_path / "forged.json").read_bytes() == before


def test_a_file_that_is_no_bundle_stays_as_it_is_however_long(world: World, tmp_path: Path) -> None:
    file = tmp_path / "long.json"
    content = b"[" + b" " * (9 << 20)
    file.write_bytes(content)
    assert command("bundle", "prove", file, *options(world)).code == 3
    assert file.read_bytes() == content
    lines = tmp_path / "long.jsonl"
    lines.write_bytes(content)
    assert command("bundle", "prove", lines, *options(world)).code == 2
    assert lines.read_bytes() == content


def test_where_nothing_is_to_be_judged_nothing_passes(world: World, tmp_path: Path) -> None:
    """docs/protocol.md 6: an exit code of 0 says that what was handed in is valid, and here nothing was."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "bundles.jsonl").write_text("\n \r\n")
    for empty in (folder, folder / "bundles.jsonl"):
        result = command("verify", empty, "--json", *options(world))
        assert (result.code, result.json["input"]) == (2, str(empty))
        assert "there is no bundle in it" in command("verify", empty, *options(world)).err
        assert command("bundle", "prove", empty, *options(world)).code == 2
    both = command("verify", world.cases["valid"], folder, "--json", *options(world))
    assert (both.code, both.lines[0]["code"]) == (2, "ok")


def test_a_package_with_the_learner_s_secret_is_never_written_over_by_its_bundle(world: World, tmp_path: Path) -> None:
    package = tmp_path / "S000001.zip"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("S000001.json", world.cases["valid"].read_bytes())
        archive.writestr("holder.json", '{"type": "TestamurHolder"}')
    before = package.read_bytes()
    for more in ((), ("--out", tmp_path / "out")):
        result = command("bundle", "prove", world.cases["valid"], package, *more, *options(world))
        assert result.code == 2
        assert "is an archive" in result.err
    assert package.read_bytes() == before
    assert not (tmp_path / "out").exists()


def test_two_files_of_one_name_do_not_become_one(world: World, tmp_path: Path) -> None:
    for folder, case in (("a", "valid"), ("b", "forged")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.json").write_bytes(world.cases[case].read_bytes())
    files = tmp_path / "a" / "x.json", tmp_path / "b" / "x.json"
    assert command("bundle", "prove", *files, "--out", tmp_path / "out", *options(world)).code == 2
    assert not (tmp_path / "out").exists()
    assert command("bundle", "prove", files[1], "--out", tmp_path / "out", *options(world)).code == 3
    assert (tmp_path / "out" / "x.json").read_bytes() == files[1].read_bytes()
    assert (tmp_path / "out" / "x.json").stat().st_mode & 0o777 == 0o600


def test_evidence_is_added_to_every_bundle_of_a_folder_and_of_nothing_else(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "batch"
    folder.mkdir()
    (folder / "valid.json").write_bytes(world.cases["valid"].read_bytes())
    (folder / "batch.json").write_text("{}")
    assert command("bundle", "prove", folder, *options(world)).code == 0
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["batch", "batch.json", "valid.json"]
    assert "evidence" in json.loads((folder / "valid.json").read_bytes())
    assert command("bundle", "prove", tmp_path, *options(world)).code == 2
    assert command("bundle", "prove", "-", *options(world)).code == 2


@pytest.mark.parametrize("moment", ["yesterday", "2999-01-01T00:00:00Z"])
def test_a_moment_that_is_none_or_lies_ahead_is_refused(world: World, moment: str) -> None:
    assert command("verify", world.cases["valid"], "--at", moment, *options(world)).code == 2


def test_a_past_moment_before_the_anchoring_is_not_valid(world: World) -> None:
    result = command("verify", world.cases["valid"], "--at", "2020-01-01", "--json", *options(world))
    assert result.json["outcome"] != "valid"


@pytest.mark.parametrize(
    ("tag", "told"), [("en", ("Certificate number", "UTC+08:00")), ("zh", ("证书编号", "北京时间"))]
)
def test_people_are_told_whom_what_numbers_when_and_by_whom(world: World, tag: str, told: tuple[str, ...]) -> None:
    result = command("verify", world.cases["valid"], "--lang", tag, *options(world))
    facts = command("verify", world.cases["valid"], "--json", *options(world)).json["facts"]
    names = ("subject", "student_number", "achievement", "qualification", "level", "certificate_number", "issuer")
    assert [name for name in names if str(facts[name]) not in result.out] == []
    assert [text for text in told if text not in result.out] == []
    assert "UTC" not in result.out.replace("UTC+08:00", "")
    forged = command("verify", world.cases["forged"], "--lang", tag, *options(world))
    assert told[0] not in forged.out


def test_a_delivered_zip_is_opened_and_a_members_name_paints_no_verdict(world: World, tmp_path: Path) -> None:
    name = "x\033[2K\r\033[32m✓ Valid\033[0m\n.json"
    with zipfile.ZipFile(tmp_path / "R1.zip", "w") as archive:
        archive.writestr(name, world.cases["revoked"].read_bytes())
        archive.writestr("holder.json", '{"type": "TestamurHolder"}')
    result = command("verify", tmp_path / "R1.zip", *options(world))
    assert result.code == 4
    assert "\033" not in result.out
    assert [line for line in result.out.splitlines() if line.startswith(("✓", "\\x1b"))] == []
    record = command("verify", tmp_path / "R1.zip", "--json", *options(world)).json
    assert (record["input"], record["code"]) == (f"{tmp_path / 'R1.zip'}:{name}", "revoked")


@pytest.mark.parametrize("tag", ["en", "zh"])
def test_a_file_of_another_kind_is_named_and_not_called_invalid(world: World, tmp_path: Path, tag: str) -> None:
    words, file = language(tag), tmp_path / "paper.pdf"
    file.write_bytes(b"%PDF-1.7")
    result = command("verify", file, "--lang", tag, *options(world))
    assert result.code == 3
    for text in ("kind.pdf.headline", "kind.terminal", "kind.next", "outcome.foreign"):
        assert words.text(text) in result.out
    assert words.text("outcome.invalid") not in result.out
    record = command("verify", file, "--json", *options(world)).json
    assert (record["outcome"], record["code"]) == ("invalid", "malformed")
    assert record["checks"][0]["facts"]["kind"] == "pdf"


def test_a_byte_order_mark_before_a_bundle_changes_nothing(world: World, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xef\xbb\xbf" + world.cases["valid"].read_bytes())
    assert command("verify", tmp_path / "a.json", *options(world)).code == 0
