"""`supersede`, `deliver`, `extract`, `forget`, `reconcile`, `backup`, `restore`: what happens after issuing."""

import csv
import json
import shutil
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import pytest
from testamur.profile import Profile

from tests.world import World, command


@pytest.fixture
def run(world: World, tmp_path: Path) -> Path:
    """A finished run of four rows with its roster and template beside it."""
    options = ("--profile", world.result.profile)
    assert command("template", "example", "--rows", 4, "--out", tmp_path / "in", *options).code == 0
    issued = command(
        "issue", tmp_path / "in" / "roster.csv", "--template", tmp_path / "in" / "template.json",
        "--out", tmp_path / "batch", "--per-file", *options,
    )  # fmt: skip
    assert issued.code == 0
    return tmp_path


def code(world: World, path: Path) -> Any:
    return command("verify", path, "--json", "--policy", world.result.policy, "--rpc", world.result.rpc).json["code"]


def corrected(run: Path) -> Path:
    """The second row alone, with another name."""
    with (run / "in" / "roster.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    rows[2][rows[0].index("姓名")] = "李清照"
    with (run / "corrected.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([rows[0], rows[2]])
    return run / "corrected.csv"


def mend(world: World, run: Path, roster: Path, *more: object) -> Any:
    return command(
        "supersede", roster, "--dir", run / "batch", "--template", run / "in" / "template.json", "--out", run / "new",
        "--json", "--profile", world.result.profile, *more,
    )  # fmt: skip


def test_a_misspelt_name_is_mended_by_a_new_credential_of_the_same_outcome(world: World, run: Path) -> None:
    old = run / "batch" / "bundles" / "S000002.json"
    done = mend(world, run, corrected(run), "--per-file")
    assert done.code == 0
    new = run / "new" / "bundles" / "S000002.json"
    assert (code(world, old), code(world, new)) == ("revoked", "ok")
    before, after = (json.loads(path.read_bytes())["inclusion"] for path in (old, new))
    assert before["outcomeTag"] == after["outcomeTag"]
    assert (before["list"], before["statusIndex"]) != (after["list"], after["statusIndex"])
    assert "李清照" in new.read_text(encoding="utf-8")
    assert code(world, run / "batch" / "bundles" / "S000001.json") == "ok"
    again = mend(world, run, run / "corrected.csv", "--resume")
    assert (again.code, again.json["issued"]["state"]) == (0, "already")


def test_a_row_is_corrected_a_second_time_only_when_it_is_said(world: World, run: Path) -> None:
    """Two corrections of one row would both be valid."""
    assert mend(world, run, corrected(run)).code == 0
    second = mend(world, run, run / "corrected.csv", "--out", run / "second")
    assert (second.code, "S000002" in second.err) == (2, True)
    assert not (run / "second").exists()
    of_the_first = command(
        "supersede", run / "corrected.csv", "--dir", run / "new", "--template", run / "in" / "template.json",
        "--out", run / "third", "--per-file", "--json", "--profile", world.result.profile,
    )  # fmt: skip
    assert of_the_first.code == 0, "the run that replaced it is the one to correct"
    assert code(world, run / "third" / "bundles" / "S000002.json") == "ok"
    assert mend(world, run, run / "corrected.csv", "--again", "--out", run / "second").code == 0


def test_a_correction_that_stopped_before_it_revoked_is_not_begun_anew_elsewhere(
    world: World, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from testamur.issuer import Issuer

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Issuer, "change", killed)
        assert mend(world, run, corrected(run)).code != 0
    assert code(world, run / "batch" / "bundles" / "S000002.json") == "ok"
    elsewhere = mend(world, run, run / "corrected.csv", "--out", run / "elsewhere")
    assert (elsewhere.code, str(run / "new") in elsewhere.err) == (2, True)
    assert mend(world, run, run / "corrected.csv", "--resume").code == 0
    assert code(world, run / "batch" / "bundles" / "S000002.json") == "revoked"


def test_a_roster_that_was_issued_is_not_issued_again_into_another_folder(world: World, run: Path) -> None:
    arguments = (
        "issue", run / "in" / "roster.csv", "--template", run / "in" / "template.json", "--json",
        "--profile", world.result.profile,
    )  # fmt: skip
    second = command(*arguments, "--out", run / "second")
    assert second.code == 2
    assert ("4 of 4 rows were issued already" in second.err, str(run / "batch") in second.err) == (True, True)
    assert not (run / "second").exists()
    assert command(*arguments, "--out", run / "second", "--dry-run").code == 2
    assert "4 行已由" in command(*arguments, "--out", run / "second", "--lang", "zh").err
    assert command(*arguments, "--out", run / "second", "--again").code == 0


def test_a_run_goes_on_though_a_row_was_revoked_meanwhile(world: World, run: Path) -> None:
    (run / "batch" / "bundles.jsonl").unlink()  # as where a run was killed after anchoring
    options = ("--profile", world.result.profile, "--json")
    assert command("revoke", "--row", "S000003", "--dir", run / "batch", "--yes", *options).code == 0
    resumed = command(
        "issue", run / "in" / "roster.csv", "--template", run / "in" / "template.json", "--out", run / "batch",
        "--resume", *options,
    )  # fmt: skip
    assert resumed.code == 0, resumed.err
    assert resumed.json["outOfForce"] == [{"row": "S000003", "status": "revoked"}]


def test_a_row_that_was_never_issued_is_not_superseded(world: World, run: Path) -> None:
    path = corrected(run)
    path.write_text(path.read_text(encoding="utf-8").replace("S000002", "S000099"), encoding="utf-8")
    assert mend(world, run, path).code == 2
    assert not (run / "new").exists()


def test_a_bad_corrected_row_revokes_nothing(world: World, run: Path) -> None:
    path = corrected(run)
    path.write_text(path.read_text(encoding="utf-8").replace("2026-07-01", "soon"), encoding="utf-8")
    assert mend(world, run, path).code == 2
    assert code(world, run / "batch" / "bundles" / "S000002.json") == "ok"


def hand_out(world: World, run: Path, out: str, *more: object) -> Any:
    return command("deliver", run / "batch", "--out", run / out, "--json", "--profile", world.result.profile, *more)


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_each_learner_gets_a_package_once_with_secret_evidence_and_the_page(world: World, run: Path) -> None:
    first = hand_out(world, run, "out", "--row", "S000001", "--zip")
    assert (first.code, first.json["holderSecret"], first.json["state"]) == (0, True, "delivered")
    package = run / "out" / "S000001.zip"
    files = contents(package)
    assert sorted(files) == ["README.txt", "S000001.json", "holder.json"]
    secret = json.loads(files["holder.json"])
    (run / "one.json").write_bytes(files["S000001.json"])
    assert secret["holder"] == json.loads(files["S000001.json"])["inclusion"]["holder"]
    page = world.profile.institution().page_url
    assert page is not None
    note = files["README.txt"].decode()
    assert note.count(page) == 2, "in both languages"
    assert ("To check it" in note, "核验方法" in note) == (True, True)
    assert code(world, run / "one.json") == "ok"
    assert command("verify", run / "one.json", "--offline", "--policy", world.result.policy).code == 0
    assert package.stat().st_mode & 0o777 == 0o600
    assert (run / "out").stat().st_mode & 0o777 == 0o700
    assert command("verify", package, "--offline", "--policy", world.result.policy).code == 0, "as it was handed out"
    written = package.read_bytes()
    rest = hand_out(world, run, "out", "--zip")
    assert rest.code == 0
    assert [line["state"] for line in rest.lines] == ["stands", *["delivered"] * 3]
    assert package.read_bytes() == written, "the learner's only secret is in it"
    assert not (run / "batch" / "holders.jsonl").exists()
    assert secret["key"][2:] not in (run / "batch" / "journal.db").read_bytes().hex()
    again = hand_out(world, run, "out", "--zip")
    assert (again.code, {line["state"] for line in again.lines}) == (0, {"stands"})
    with (run / "out" / "delivered.csv").open(encoding="utf-8") as file:
        assert [row["row"] for row in csv.DictReader(file)] == ["S000001", "S000002", "S000003", "S000004"]


def test_what_went_elsewhere_is_told_and_not_replaced_by_a_package_without_its_secret(world: World, run: Path) -> None:
    assert hand_out(world, run, "out").code == 0
    judged = command("verify", run / "out" / "S000001", "--policy", world.result.policy, "--rpc", world.result.rpc)
    assert judged.code == 0, "the holder's secret beside it is no bundle"
    second = hand_out(world, run, "second")
    assert (second.code, {line["state"] for line in second.lines}) == (8, {"gone"})
    assert str(run / "out") in second.lines[0]["reason"]
    assert [path.name for path in (run / "second").iterdir() if path.name != "delivered.csv"] == []
    said = command("deliver", run / "batch", "--out", run / "second", "--profile", world.result.profile, "--lang", "zh")
    assert "只有学习者持有" in said.out


def test_a_revoked_row_is_left_out_and_named_unless_it_is_asked_for(world: World, run: Path) -> None:
    options = ("--profile", world.result.profile, "--yes", "--json")
    assert command("revoke", "--row", "S000002", "--dir", run / "batch", *options).code == 0
    first = hand_out(world, run, "out", "--zip")
    assert first.code == 8
    assert [line["state"] for line in first.lines] == ["delivered", "revoked", "delivered", "delivered"]
    assert not (run / "out" / "S000002.zip").exists()
    wanted = hand_out(world, run, "out", "--zip", "--revoked")
    assert (wanted.code, [line["state"] for line in wanted.lines][1]) == (0, "delivered")
    files = contents(run / "out" / "S000002.zip")
    assert "已撤销" in files["README.txt"].decode()
    (run / "two.json").write_bytes(files["S000002.json"])
    assert code(world, run / "two.json") == "revoked"


def test_a_delivery_that_was_killed_is_completed_and_no_secret_is_lost(
    world: World, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Packages are written, the journal does not know of them yet: as after kill -9 between the two."""
    from testamur.batch.journal import Journal

    holders = [json.loads(line) for line in (run / "batch" / "holders.jsonl").read_bytes().splitlines()]

    def killed(journal: Journal, delivered: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "store_deliveries", killed)
        assert hand_out(world, run, "out", "--zip", "--row", "S000001", "--row", "S000002").code != 0
    (run / "out" / ".S000003.zip.partial").write_bytes(b"half")
    written = {path.name: path.read_bytes() for path in (run / "out").glob("*.zip")}
    assert len(written) == 2
    assert hand_out(world, run, "out", "--zip").code == 0
    assert {name: (run / "out" / name).read_bytes() for name in written} == written
    for holder in holders:
        secret = json.loads(contents(run / "out" / f"{holder['row']}.zip")["holder.json"])
        assert secret["key"] == holder["key"]
    assert not (run / "batch" / "holders.jsonl").exists()
    with (run / "out" / "delivered.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 4


def test_what_is_no_package_of_the_row_is_never_written_over(world: World, run: Path) -> None:
    (run / "out").mkdir()
    (run / "out" / "S000001.zip").write_bytes(b"somebody's")
    (run / "out" / "S000002").mkdir()
    zips = hand_out(world, run, "out", "--zip", "--row", "S000001")
    folders = hand_out(world, run, "out", "--row", "S000002")
    assert [(done.code, done.json["state"]) for done in (zips, folders)] == [(8, "occupied")] * 2
    assert (run / "out" / "S000001.zip").read_bytes() == b"somebody's"
    assert hand_out(world, run, "elsewhere", "--zip").code == 0, "their secrets are here still"


def test_an_unknown_row_or_folder_is_refused(world: World, run: Path) -> None:
    options = ("--profile", world.result.profile)
    assert command("deliver", run / "batch", "--row", "S9", "--out", run / "out", *options).code == 2
    assert command("deliver", run, "--out", run / "out", *options).code == 2
    assert command("extract", "S9", "--dir", run / "batch").code == 2
    assert command("forget", "--row", "S9", "--dir", run / "batch", "--yes").code == 2


def test_a_row_is_extracted_to_a_file_and_never_over_one(world: World, run: Path) -> None:
    assert command("extract", "S000003", "--dir", run / "batch", "--out", run / "three.json").code == 0
    assert code(world, run / "three.json") == "ok"
    assert command("extract", "S000003", "--dir", run / "batch", "--out", run / "three.json").code == 2


def test_a_forgotten_learner_leaves_nothing_and_stays_revoked(world: World, run: Path) -> None:
    bundle = run / "batch" / "bundles" / "S000002.json"
    kept = run / "kept.json"
    shutil.copyfile(bundle, kept)
    tree = json.loads(kept.read_bytes())
    options = ("--profile", world.result.profile, "--yes", "--json")
    assert command("revoke", "--row", "S000002", "--dir", run / "batch", *options).code == 0
    assert command("forget", "--row", "S000002", "--dir", run / "batch").code == 0
    assert bundle.exists()
    erased = command("forget", "--row", "S000002", "--dir", run / "batch", *options)
    assert erased.json["erased"] == [{"list": tree["inclusion"]["list"], "index": tree["inclusion"]["statusIndex"]}]
    assert not bundle.exists()
    roster = (run / "in" / "roster.csv").read_text(encoding="utf-8").splitlines()
    (run / "in" / "one.csv").write_text("\n".join((roster[0], roster[2])) + "\n", encoding="utf-8")
    anew = command(
        "issue", run / "in" / "one.csv", "--template", run / "in" / "template.json", "--out", run / "anew",
        "--dry-run", "--profile", world.result.profile,
    )  # fmt: skip
    assert anew.code == 0, "the register has forgotten the row's numbers"
    everything = b"".join(path.read_bytes() for path in (run / "batch").rglob("*") if path.is_file())
    for trace in ("S000002", tree["credential"]["id"], tree["credential"]["proof"]["proofValue"]):
        assert trace.encode() not in everything
    assert tree["inclusion"]["salt"][2:] not in everything.hex()
    assert code(world, kept) == "revoked"
    assert command("extract", "S000003", "--dir", run / "batch", "--out", run / "three.json").code == 0
    assert code(world, run / "three.json") == "ok"


def test_reconciling_says_what_the_chain_holds(world: World, run: Path) -> None:
    options = ("--profile", world.result.profile, "--json")
    assert command("suspend", "--row", "S000004", "--dir", run / "batch", *options).code == 0
    result = command("reconcile", run / "batch", *options)
    assert result.code == 0
    assert [line["status"] for line in result.lines] == ["active", "active", "active", "suspended"]


def test_a_lost_list_key_is_brought_back_by_a_backup(world: World, run: Path, tmp_path: Path) -> None:
    work = tmp_path / "office"
    backup = tmp_path / "backup.zip"
    made = command(
        "backup",
        "--out",
        backup,
        "--run",
        run / "batch",
        "--with-password",
        "--json",
        "--profile",
        world.result.profile,
    )
    assert (made.code, made.json["missing"]) == (0, [])
    assert backup.stat().st_mode & 0o777 == 0o600
    assert command("restore", backup, "--out", work).code == 0
    profile = Profile.load(work / "testamur.toml")
    key = profile.resolve(profile.institution().lists[0].key)
    assert len(bytes.fromhex(key.read_text().strip())) == 32
    key.unlink()
    arguments = (
        "issue", run / "in" / "roster.csv", "--template", run / "in" / "template.json",
        "--profile", work / "testamur.toml", "--policy", world.result.policy, "--again",
    )  # fmt: skip
    lost = command(*arguments, "--out", tmp_path / "lost")
    assert lost.code == 9
    assert "backup" in lost.err
    assert command("restore", backup, "--out", tmp_path / "again").code == 0
    shutil.copyfile(tmp_path / "again" / key.relative_to(work), key)
    assert command(*arguments, "--out", tmp_path / "found").code == 0
    with sqlite3.connect(next((work / "runs").glob("*/journal.db"))) as journal:
        assert journal.execute("SELECT count(*) FROM rows").fetchone() == (4,)


def test_a_backup_leaves_the_password_out_and_overwrites_nothing(world: World, tmp_path: Path) -> None:
    backup = tmp_path / "backup.zip"
    options = ("--profile", world.result.profile)
    assert command("backup", "--out", backup, *options).code == 0
    assert command("backup", "--out", backup, *options).code == 2
    password = world.profile.password_path
    assert password is not None
    with zipfile.ZipFile(backup) as archive:
        assert not [name for name in archive.namelist() if archive.read(name).strip() == password.read_bytes().strip()]
    assert command("restore", backup, "--out", tmp_path / "one").code == 0
    assert command("restore", backup, "--out", tmp_path / "one").code == 2


def test_a_damaged_backup_is_refused_whole(world: World, tmp_path: Path) -> None:
    backup, spoiled = tmp_path / "backup.zip", tmp_path / "spoiled.zip"
    assert command("backup", "--out", backup, "--profile", world.result.profile).code == 0
    with zipfile.ZipFile(backup) as archive, zipfile.ZipFile(spoiled, "w") as other:
        for name in archive.namelist():
            other.writestr(name, archive.read(name) + (b" " if name == "testamur.toml" else b""))
    assert command("restore", spoiled, "--out", tmp_path / "two").code == 2
    assert not (tmp_path / "two").exists()
    (tmp_path / "text.zip").write_text("no zip")
    assert command("restore", tmp_path / "text.zip", "--out", tmp_path / "two").code == 2
