"""README's Start block as it is pasted: what runs behind `&` is waited for, and zsh, too, reads every line."""

import re
import shlex
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"


def test_the_start_block_waits_for_the_node_and_holds_no_comment() -> None:
    start = README.read_text(encoding="utf-8").partition("## Start")[2].partition("\n## ")[0]
    demo, whole = re.findall(r"^```sh\n(.*?)^```$", start, re.MULTILINE | re.DOTALL)
    assert demo.split() == ["./run", "demo"], "it serves until Ctrl-C, so nothing stands behind it"
    lines = whole.splitlines()
    assert not any("#" in line for line in lines), "at its prompt zsh takes # for a word"
    [behind] = [place for place, line in enumerate(lines) if line.endswith("&")]
    assert lines[behind + 1].startswith("until testamur-node status --home chain")
    assert shlex.split(lines[-1]) == ["testamur", "serve"], "what serves stands last"
