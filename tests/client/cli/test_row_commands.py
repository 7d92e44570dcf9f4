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


def test_each_learner_gets_a_zip_with_the_secret_once(world: World, run: Path) -> None:
    first = command("deliver", run / "batch", "--row", "S000001", "--out", run / "out", "--zip", "--json")
    assert (first.code, first.json["holderSecret"]) == (0, True)
    with zipfile.ZipFile(run / "out" / "S000001.zip") as archive:
        assert sorted(archive.namelist()) == ["README.txt", "S000001.json", "holder.json"]
        secret = json.loads(archive.read("holder.json"))
        (run / "one.json").write_bytes(archive.read("S000001.json"))
    assert secret["holder"] == json.loads((run / "one.json").read_bytes())["inclusion"]["holder"]
    assert code(world, run / "one.json") == "ok"
    assert (run / "out" / "S000001.zip").stat().st_mode & 0o777 == 0o600
    rest = command("deliver", run / "batch", "--out", run / "out", "--json")
    assert [line["holderSecret"] for line in rest.lines] == [False, True, True, True]
    assert not (run / "batch" / "holders.jsonl").exists()
    assert secret["key"][2:] not in (run / "batch" / "journal.db").read_bytes().hex()
    with (run / "out" / "delivered.csv").open(encoding="utf-8") as file:
        assert [row["row"] for row in csv.DictReader(file)] == [
            "S000001", "S000001", "S000002", "S000003", "S000004",
        ]  # fmt: skip


def test_an_unknown_row_or_folder_is_refused(run: Path) -> None:
    assert command("deliver", run / "batch", "--row", "S9", "--out", run / "out").code == 2
    assert command("deliver", run, "--out", run / "out").code == 2
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
    options = ("--profile", world.result.profile, "--json")
    assert command("revoke", "--row", "S000002", "--dir", run / "batch", *options).code == 0
    assert command("forget", "--row", "S000002", "--dir", run / "batch").code == 0
    assert bundle.exists()
    erased = command("forget", "--row", "S000002", "--dir", run / "batch", "--yes", "--json")
    assert erased.json["erased"] == [{"list": tree["inclusion"]["list"], "index": tree["inclusion"]["statusIndex"]}]
    assert not bundle.exists()
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
        "--profile", work / "testamur.toml", "--policy", world.result.policy,
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
