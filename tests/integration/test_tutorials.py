"""The tutorials, executed: `sh` blocks in one shell per document, `text` blocks found in what the last one printed."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
TUTORIALS = [page for page in PAGES if not page.stem.endswith(".zh")]
TRANSLATED = [page for page in PAGES if page.stem.endswith(".zh")]
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = "=== end of block"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def blocks(tutorial: Path) -> list[tuple[str, list[str]]]:
    """Each `sh` block with the lines that its output must show, in order."""
    found: list[tuple[str, list[str]]] = []
    for kind, text in BLOCK.findall(tutorial.read_text(encoding="utf-8")):
        if kind == "sh":
            found.append((text, []))
        else:
            found[-1][1].extend(text.splitlines())
    return found


@pytest.mark.timeout(700)  # some thirty commands, each a process of its own, beside whatever else the machine does
@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_does_what_it_says(tutorial: Path, tmp_path: Path) -> None:
    steps = blocks(tutorial)
    assert len(steps) > 3
    script = "set -euo pipefail\n" + "".join(f"{text}\necho '{MARK}'\n" for text, _ in steps)
    script = script.replace("127.0.0.1:8545", f"127.0.0.1:{free_port()}")
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LANG": "C.UTF-8",
        "HOME": str(tmp_path),
    }
    log = tmp_path / "log.txt"
    with log.open("wb") as output:
        shell = subprocess.Popen(["bash", "-c", script], cwd=tmp_path, env=environment, stdout=output, stderr=output)
        try:
            code = shell.wait(timeout=600)
        except subprocess.TimeoutExpired:
            pytest.fail("not done after 600 s: " + log.read_text(encoding="utf-8")[-3000:])
        finally:
            end_all(tmp_path)
    printed = log.read_text(encoding="utf-8")
    assert code == 0, printed[-3000:]
    for (text, wanted), shown in zip(steps, printed.split(MARK), strict=False):
        position = 0
        for line in wanted:
            position = shown.find(line, position)
            assert position >= 0, f"{line!r} is not (in this order) in what was printed by:\n{text}\n{shown}"


@pytest.mark.parametrize("page", TRANSLATED, ids=lambda path: path.stem)
def test_a_page_in_another_language_has_the_same_steps(page: Path) -> None:
    steps = blocks(page)
    assert len(steps) > 3
    assert steps == blocks(page.with_name(page.name.replace(".zh", "")))


def end_all(home: Path) -> None:
    """End whatever a tutorial left running (a development chain, a server): all that has its home folder."""
    mark = f"HOME={home}\0".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (entry / "environ").read_bytes() + b"\0":
                os.kill(int(entry.name), signal.SIGTERM)
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it ended by itself meanwhile, or is not ours
