"""Files that are replaced whole or not at all, by one process or by several."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from testamur.files import replacing, write_private


def test_a_file_is_replaced_whole_or_stays_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_private(path, b"one")
    with pytest.raises(TypeError), replacing(path) as file:
        file.write("half")  # type: ignore[arg-type] # what a writer may raise
    assert path.read_bytes() == b"one"
    with replacing(path) as file:
        file.write(b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o600, "closed to others, it stays so"
    assert os.listdir(tmp_path) == ["a.json"]


def test_two_writers_do_not_take_each_other_s_half(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    other = f"from testamur.files import write_private as w; from pathlib import Path; w(Path({str(path)!r}), b'other')"
    with replacing(path, 0o600) as file:
        file.write(b"mine, ")
        subprocess.run([sys.executable, "-c", other], check=True)
        assert path.read_bytes() == b"other"
        file.write(b"whole")
    assert path.read_bytes() == b"mine, whole"
    assert os.listdir(tmp_path) == ["a.json"]


def test_what_a_killed_process_left_goes_and_no_link_is_followed(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    (tmp_path / f".holders.jsonl.{gone.pid}.partial").write_text("a secret that was to be erased")
    (tmp_path / f".holders.jsonl.{os.getpid()}.partial").symlink_to(victim)
    (tmp_path / f".holders.jsonl.{os.getppid()}.partial").write_text("of one that lives")
    write_private(tmp_path / "holders.jsonl", b"rest")
    assert victim.read_text() == "untouched"
    assert sorted(os.listdir(tmp_path)) == [f".holders.jsonl.{os.getppid()}.partial", "holders.jsonl", "victim"]
