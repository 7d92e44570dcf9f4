"""A closed or full stdout never changes an outcome, by real processes: 0 only where all was well and was told."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest
from testamur.streams import _Raw

from tests.world import World

PROGRAMS = ("testamur", "testamur-node")
BEHIND = pytest.mark.skipif(sys.platform != "linux", reason="/dev/full and closed descriptors are a Unix matter")
pytestmark = BEHIND


@pytest.fixture
def hung_up() -> Iterator[BinaryIO]:
    """A pipe whose reader has gone."""
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb", buffering=0) as stream:
        yield stream


@pytest.fixture
def full() -> Iterator[BinaryIO]:
    with open("/dev/full", "wb", buffering=0) as stream:
        yield stream


def run(*words: object, stdout: BinaryIO | None, unbuffered: bool = False) -> tuple[int, str]:
    """Exit code and stderr; without a `stdout` it is closed, and stdin with it."""
    program = [str(Path(sys.executable).with_name(str(words[0]))), *map(str, words[1:])]
    shell = ["sh", "-c", '"$@" <&- >&-', "sh", *program] if stdout is None else program
    environment = {**os.environ, "PYTHONUNBUFFERED": "1" if unbuffered else "", "TESTAMUR_LANG": "en"}
    done = subprocess.run(shell, stdout=stdout, stderr=subprocess.PIPE, env=environment, timeout=120, check=False)
    return done.returncode, done.stderr.decode()


def verify(world: World, *cases: str) -> tuple[object, ...]:
    return ("testamur", "verify", *(world.cases[case] for case in cases), "--policy", world.result.policy,
            "--rpc", world.result.rpc)  # fmt: skip


def test_a_verdict_keeps_its_code_when_nobody_hears_it(world: World, hung_up: BinaryIO, full: BinaryIO) -> None:
    for stdout in (None, hung_up, full):
        code, said = run(*verify(world, "revoked"), stdout=stdout)
        assert (code, "Traceback" in said) == (4, False)
    # the gravest of several decides although the first could not be told
    assert run(*verify(world, "valid", "expired"), "--json", stdout=hung_up)[0] == 5


def test_a_valid_verdict_that_was_not_told_does_not_end_with_0(world: World, full: BinaryIO, tmp_path: Path) -> None:
    for stdout, unbuffered in ((None, False), (full, True), (full, False)):
        code, said = run(*verify(world, "valid"), stdout=stdout, unbuffered=unbuffered)
        assert code == 1
        assert "stdout did not take everything that was to be told" in said
    with (tmp_path / "told").open("wb") as told:
        assert run(*verify(world, "valid"), stdout=told) == (0, "")
    assert "✓" in (tmp_path / "told").read_text(encoding="utf-8")


@pytest.mark.parametrize("program", PROGRAMS)
def test_both_programs_say_that_they_were_not_heard(program: str, full: BinaryIO, tmp_path: Path) -> None:
    code, said = run(program, "--help", stdout=full)
    assert (code, said) == (1, "stdout did not take everything that was to be told: No space left on device\n")
    code, said = run(program, "doctor", *(["--home", tmp_path] if program == "testamur-node" else []), stdout=None)
    assert code == (2 if program == "testamur" else 1)
    assert "Traceback" not in said


class Halting(io.RawIOBase):
    """A pipe that its owner made non-blocking: now it takes a part, now nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.taken = b""
        self.turn = 0

    def write(self, data: "memoryview | bytes") -> int | None:  # type: ignore[override]
        self.turn += 1
        if self.turn % 2:
            return None
        self.taken += bytes(data)[:3]
        return min(3, len(data))


def test_a_pipe_that_is_full_for_a_moment_is_waited_for() -> None:
    under = Halting()
    raw = _Raw(under)
    with io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8") as text:
        text.write("李华 valid\n")
        text.flush()
        assert (under.taken.decode(), raw.lost) == ("李华 valid\n", None)
