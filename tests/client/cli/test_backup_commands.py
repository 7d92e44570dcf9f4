"""`backup`, `restore`: everything goes on from another folder, and no archive is believed."""

import json
import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from testamur.profile import Profile

from tests.world import World, command


@pytest.fixture
def office(world: World, tmp_path: Path) -> Path:
    """A folder with a profile of its own, as a registrar has it: keystores elsewhere, runs beside the profile."""
    home = tmp_path / "office"
    made = command("backup", "--out", tmp_path / "world.zip", "--with-password", "--profile", world.result.profile)
    assert made.code in (0, 8)
    assert command("restore", tmp_path / "world.zip", "--out", home).code == 0
    (home / "state" / "issued.db").unlink(missing_ok=True)
    return home


def at(home: Path, *words: object) -> Any:
    return command(*words, "--json", "--profile", home / "testamur.toml")


def issue(home: Path, rows: int, out: Path, *more: object) -> Any:
    return at(
        home, "issue", home / f"in-{rows}" / "roster.csv", "--template", home / f"in-{rows}" / "template.json",
        "--out", out, *more,
    )  # fmt: skip


def prepare(home: Path, rows: int, out: Path) -> None:
    assert at(home, "template", "example", "--rows", rows, "--out", home / f"in-{rows}").code == 0
    assert issue(home, rows, out).code == 0


def test_everything_goes_on_from_a_backup_in_another_place(world: World, office: Path, tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere" / "batch"
    prepare(office, 3, office / "batch")
    prepare(office, 2, outside)
    assert at(office, "deliver", office / "batch", "--row", "S000001", "--out", office / "out", "--zip").code == 0
    made = at(office, "backup", "--out", tmp_path / "all.zip", "--with-password")
    assert (made.code, made.json["missing"]) == (0, [])
    assert sorted(made.json["runs"]) == ["batch", "runs/2-batch"]
    assert (tmp_path / "all.zip").stat().st_mode & 0o777 == 0o600
    before = {name: (office / "batch" / name).read_bytes() for name in ("bundles.jsonl", "holders.jsonl")}
    package = (office / "out" / "S000001.zip").read_bytes()
    shutil.rmtree(office)
    shutil.rmtree(outside)

    laptop = tmp_path / "mounted" / "laptop"
    restored = command("restore", tmp_path / "all.zip", "--out", laptop, "--json")
    assert restored.code == 0
    assert {path.stat().st_mode & 0o077 for path in laptop.rglob("*")} == {0}
    assert {name: (laptop / "batch" / name).read_bytes() for name in before} == before
    assert at(laptop, "extract", "S000002", "--dir", laptop / "batch", "--out", tmp_path / "two.json").code == 0
    judge = ("--policy", world.result.policy, "--rpc", world.result.rpc)
    assert command("verify", tmp_path / "two.json", *judge).code == 0
    delivered = at(laptop, "deliver", laptop / "batch", "--out", laptop / "out", "--zip")
    assert (delivered.code, [line["state"] for line in delivered.lines]) == (0, ["stands", "delivered", "delivered"])
    assert (laptop / "out" / "S000001.zip").read_bytes() == package
    resumed = issue(laptop, 3, laptop / "batch", "--resume")
    assert (resumed.code, resumed.json["state"]) == (0, "already")
    assert issue(laptop, 3, laptop / "again").code == 2, "what was issued is remembered"
    assert issue(laptop, 3, laptop / "again", "--again").code == 0, "list keys and accounts are there"
    assert at(laptop, "revoke", "--row", "S000002", "--dir", laptop / "batch", "--yes").code == 0
    again = at(laptop, "backup", "--out", tmp_path / "again.zip")
    assert (again.code, len(again.json["runs"])) == (0, 3), "it knows where its runs lie now"


def test_a_run_that_was_killed_goes_on_from_a_backup(
    world: World, office: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from testamur.batch import issuing

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    assert at(office, "template", "example", "--rows", 2, "--out", office / "in-2").code == 0
    with monkeypatch.context() as patch:
        patch.setattr(issuing, "write_bundles", killed)
        assert issue(office, 2, office / "batch").code == 130
    assert at(office, "backup", "--out", tmp_path / "all.zip", "--with-password").code == 0
    shutil.rmtree(office)
    laptop = tmp_path / "laptop"
    assert command("restore", tmp_path / "all.zip", "--out", laptop).code == 0
    resumed = issue(laptop, 2, laptop / "batch", "--resume")
    assert (resumed.code, resumed.json["issued"]) == (0, 2)


def test_keystores_stand_in_one_place_and_a_lost_roster_is_told(office: Path, tmp_path: Path) -> None:
    profile = Profile.load(office)
    accounts = profile.institution().accounts
    for number, path in enumerate((*accounts.govern, accounts.issue, accounts.status)):
        assert path is not None
        assert path.startswith("keys/"), "wherever they lay before"
        assert stat.S_IMODE(profile.resolve(path).stat().st_mode) == 0o600, number
    prepare(office, 2, office / "batch")
    (office / "batch").rename(office / "moved")
    moved = at(office, "backup", "--out", tmp_path / "one.zip")
    assert (moved.code, moved.json["missing"]) == (8, [str(office / "batch")])
    named = at(office, "backup", "--out", tmp_path / "two.zip", "--run", office / "moved")
    assert (named.code, named.json["runs"]) == (0, ["moved"])


Tree = dict[str, Any]


def manifest_of(files: dict[str, bytes]) -> Tree:
    from hashlib import sha256

    listed = {name: {"sha256": sha256(data).hexdigest(), "size": len(data)} for name, data in files.items()}
    return {
        "type": "TestamurBackup", "version": 2, "files": listed, "missing": [], "password": False, "runs": [],
    }  # fmt: skip


def archive(path: Path, files: dict[str, bytes], change: Callable[[Tree], None] = lambda tree: None) -> Path:
    tree = manifest_of(files)
    change(tree)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
        packed.writestr("backup.json", orjson.dumps(tree))
    return path


@pytest.fixture
def plain(world: World) -> dict[str, bytes]:
    """A backup of a profile alone."""
    return {"testamur.toml": world.result.profile.read_bytes(), "state/note.txt": b"one"}


def test_a_plain_archive_is_restored(plain: dict[str, bytes], tmp_path: Path) -> None:
    assert command("restore", archive(tmp_path / "a.zip", plain), "--out", tmp_path / "out").code == 0
    assert (tmp_path / "out" / "state" / "note.txt").read_bytes() == b"one"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["state", "testamur.toml"]


@pytest.mark.parametrize(
    "name",
    [
        "../out.txt",
        "/etc/out.txt",
        "a/../../out.txt",
        "a//b",
        "a/./b",
        "C:/x",
        "a\\b",
        "..",
        "a\x00b",
        "State/NOTE.txt",
        ".restore.partial",
        ".Restore.partial/testamur.toml",
        "a/" * 3_000 + "b",
    ],
)
def test_a_name_that_leaves_the_folder_is_refused(plain: dict[str, bytes], tmp_path: Path, name: str) -> None:
    source = tmp_path / "a.zip"
    tree = manifest_of({**plain, name: b"x"})
    with zipfile.ZipFile(source, "w") as packed:
        for known, data in plain.items():
            packed.writestr(known, data)
        packed.writestr(zipfile.ZipInfo(name), b"x")
        packed.writestr("backup.json", orjson.dumps(tree))
    assert command("restore", source, "--out", tmp_path / "deep" / "out").code == 2
    assert not (tmp_path / "deep").exists() or list((tmp_path / "deep").rglob("*")) == []
    assert not list(tmp_path.glob("**/out.txt"))


def _longer(tree: Tree) -> None:
    tree["files"]["state/note.txt"]["size"] = 2


def _of_another_hash(tree: Tree) -> None:
    tree["files"]["state/note.txt"]["sha256"] = "00" * 32


def _unlisted(tree: Tree) -> None:
    del tree["files"]["state/note.txt"]


def _without_a_profile(tree: Tree) -> None:
    del tree["files"]["testamur.toml"]


def _of_another_version(tree: Tree) -> None:
    tree["version"] = 9


def _with_a_run_that_is_none(tree: Tree) -> None:
    tree["runs"] = [{"name": "00", "folder": "../x", "inputs": {}}]


def _of_no_form(tree: Tree) -> None:
    tree["files"] = ["testamur.toml"]


def _missing_what_is_no_list(tree: Tree) -> None:
    tree["missing"] = 3


def _missing_no_paths(tree: Tree) -> None:
    tree["missing"] = [{"a": 1}]


@pytest.mark.parametrize(
    "change",
    [
        _missing_what_is_no_list, _missing_no_paths, _longer, _of_another_hash, _unlisted, _without_a_profile,
        _of_another_version, _with_a_run_that_is_none, _of_no_form,
    ],
)  # fmt: skip
def test_a_manifest_that_does_not_fit_is_refused_whole(
    plain: dict[str, bytes], tmp_path: Path, change: Callable[[Tree], None]
) -> None:
    source = archive(tmp_path / "a.zip", plain, change)
    result = command("restore", source, "--out", tmp_path / "out")
    assert (result.code, "Traceback" in result.err) == (2, False)
    assert not (tmp_path / "out").exists()


def test_links_and_bombs_are_refused(plain: dict[str, bytes], tmp_path: Path) -> None:
    link = tmp_path / "link.zip"
    with zipfile.ZipFile(link, "w") as packed:
        for name, data in plain.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (stat.S_IFLNK | 0o777) << 16 if name.startswith("state") else 0o600 << 16
            packed.writestr(info, data)
        packed.writestr("backup.json", orjson.dumps(manifest_of(plain)))
    bomb = archive(tmp_path / "bomb.zip", {**plain, "state/bomb": bytes(64 << 20)})
    assert bomb.stat().st_size < 1 << 20
    for source in (link, bomb):
        assert command("restore", source, "--out", tmp_path / "out").code == 2
        assert not (tmp_path / "out").exists()


def test_nothing_that_stands_is_written_over(plain: dict[str, bytes], tmp_path: Path) -> None:
    source, out = archive(tmp_path / "a.zip", plain), tmp_path / "out"
    (out / "lost+found").mkdir(parents=True)
    (out / "state").mkdir()
    (out / "state" / "kept.txt").write_text("mine")
    assert command("restore", source, "--out", out).code == 2
    assert [path.name for path in (out / "state").iterdir()] == ["kept.txt"]
    shutil.rmtree(out / "state")
    (out / ".restore.partial").mkdir()
    (out / ".restore.partial" / "half").write_text("left by a killed one")
    assert command("restore", source, "--out", out).code == 0, "a disk may be mounted there"
    assert sorted(path.name for path in out.iterdir()) == ["lost+found", "state", "testamur.toml"]


def test_nothing_is_unpacked_through_a_link(plain: dict[str, bytes], tmp_path: Path) -> None:
    source, out, elsewhere = archive(tmp_path / "a.zip", plain), tmp_path / "out", tmp_path / "elsewhere"
    out.mkdir()
    elsewhere.mkdir()
    (elsewhere / "kept.txt").write_text("another's")
    (out / ".restore.partial").symlink_to(elsewhere)
    assert command("restore", source, "--out", out).code == 0
    assert [path.name for path in elsewhere.iterdir()] == ["kept.txt"]
    assert sorted(path.name for path in out.iterdir()) == ["state", "testamur.toml"]


def test_a_backup_that_cannot_be_written_leaves_nothing(world: World, tmp_path: Path) -> None:
    options = ("--profile", world.result.profile)
    assert command("backup", "--out", tmp_path / "none" / "a.zip", *options).code == 2
    assert list(tmp_path.iterdir()) == []
    assert json.loads(command("policy", "show", world.result.policy, "--json").out), "the world is as it was"
