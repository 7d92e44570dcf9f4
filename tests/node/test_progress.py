"""What a long command shows of itself: a bar on a terminal, a line a stage elsewhere, nothing where it was quick."""

import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from testamur_node.language import wished_language
from testamur_node.operations import upkeep
from testamur_node.progress import shown
from testamur_node.terminal import Terminal

CHINESE = wished_language(["--lang", "zh"])


class Stream(StringIO):
    """stderr, which may say that it is a terminal."""

    def __init__(self, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


def seconds(step: float) -> Iterator[float]:
    now = 0.0
    while True:
        yield now
        now += step


def told(monkeypatch: pytest.MonkeyPatch, is_terminal: bool, step: float) -> str:
    """What stderr got of two stages of ten looks each, `step` seconds apart."""
    stream = Stream(is_terminal)
    monkeypatch.setattr(sys, "stderr", stream)
    with shown(CHINESE, seconds(step).__next__) as progress:
        for stage in ("checking nodes", "checking blocks"):
            for done in range(10):
                progress(stage, done, 10)
    return stream.getvalue()


def test_a_terminal_gets_a_bar_that_ends_full(monkeypatch: pytest.MonkeyPatch) -> None:
    text = told(monkeypatch, True, 0.5)
    nodes, blocks = (text[text.rindex(label) :] for label in ("检查状态节点", "检查区块"))
    assert "100%" in nodes.split("\n")[0]
    assert "100%" in blocks
    assert "50%" in text


def test_a_log_gets_a_line_a_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, False, 0.5) == "检查状态节点\n检查区块\n"


def test_a_quick_command_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, True, 0.01) == ""


def test_a_failure_leaves_the_bar_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Stream(True)
    monkeypatch.setattr(sys, "stderr", stream)

    def half() -> None:
        with shown(CHINESE, seconds(0.5).__next__) as progress:
            for done in range(6):
                progress("importing", done, 10)
            raise ValueError("half-way")

    with pytest.raises(ValueError, match="half-way"):
        half()
    assert "100%" not in stream.getvalue()
    assert "50%" in stream.getvalue()


def test_json_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("testamur_node.terminal.shown", lambda words: pytest.fail("shown"))
    with Terminal(CHINESE, as_json=True).progress() as progress:
        progress("importing", 1, 2)


def test_an_import_tells_how_many_bytes_are_done(tmp_path: Path, vectors: Path) -> None:
    folder = vectors / "rpc-compat"
    looks: list[tuple[str, int, int]] = []
    upkeep.import_chain(
        tmp_path / "home", folder / "genesis.json", folder / "chain.rlp", lambda *look: looks.append(look)
    )
    assert len(looks) == 45
    assert {(stage, total) for stage, _, total in looks} == {("importing", (folder / "chain.rlp").stat().st_size)}
    assert [done for _, done, _ in looks] == sorted({done for _, done, _ in looks})
    checked: list[str] = []
    assert list(upkeep.verify(tmp_path / "home", lambda stage, *_: checked.append(stage))) == []
    assert list(dict.fromkeys(checked)) == ["checking nodes", "checking blocks", "checking states"]
