"""README's Start block as it is pasted: at the prompt of a shell, in a fresh folder, until the page is served."""

import os
import pty
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.integration.test_tutorials import end_all, free_port

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
SHELLS = {"bash": ("--norc", "--noprofile", "-i"), "zsh": ("-f", "-i")}
PATIENCE_SECONDS = 500


def start() -> tuple[str, str]:
    """The block of the demo, and the one that is pasted as a whole."""
    text = README.read_text(encoding="utf-8").partition("## Start")[2].partition("\n## ")[0]
    demo, whole = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return demo, whole


def test_the_start_block_waits_for_the_node_and_holds_no_comment() -> None:
    demo, whole = start()
    assert demo.split() == ["./run", "demo"], "it serves until Ctrl-C, so nothing stands behind it"
    lines = whole.splitlines()
    assert not any("#" in line for line in lines), "at its prompt zsh takes # for a word"
    [behind] = [place for place, line in enumerate(lines) if line.endswith("&")]
    assert lines[behind + 1].startswith("until testamur-node status --home chain")
    assert shlex.split(lines[-1]) == ["testamur", "serve"], "what serves stands last"


@pytest.mark.timeout(PATIENCE_SECONDS + 100)
@pytest.mark.parametrize("shell", ["bash", pytest.param("zsh", marks=pytest.mark.tool)])
def test_the_start_block_pasted_serves_the_page(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.fail(f"{shell} is not installed: apt-get install {shell}")
    (tmp_path / "run").symlink_to(ROOT / "run")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    block, port = start()[1], free_port()
    for said, meant in (
        ("testamur-node start", f"testamur-node start --http 127.0.0.1:{port}"),
        ("127.0.0.1:8545", f"127.0.0.1:{port}"),
        ("testamur serve", "testamur serve --port 0 --json"),
    ):
        assert block.count(said) == 1, said
        block = block.replace(said, meant)
    printed, ended = pasted([shell, *SHELLS[shell]], block, tmp_path)
    assert (tmp_path / "world" / "batch" / "bundles.jsonl").read_bytes().count(b"\n") == 100
    assert "100 ok" in printed, printed[-3000:]
    assert "error" not in printed.lower(), printed[-3000:]
    assert "the shell goes on" in ended, "Ctrl-C ends what serves, and no more"


def pasted(arguments: list[str], block: str, folder: Path) -> tuple[str, str]:
    """What a shell at a terminal printed until the page was served, and after Ctrl-C."""
    ours, theirs = pty.openpty()
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "TERM": "dumb",
    }
    process = subprocess.Popen(
        arguments, cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, preexec_fn=_take_terminal
    )
    os.close(theirs)
    try:
        os.write(ours, block.encode())
        printed = _read(ours, '"fingerprint"')
        [url] = re.findall(r'"url": "([^"]*)"', printed) or pytest.fail(printed[-3000:])
        with urllib.request.urlopen(url, timeout=60) as page:
            assert b"<html" in page.read(2000)
        os.write(ours, b"\x03")
        os.write(ours, b"echo the shell 'goes on'\n")
        return printed, _read(ours, "the shell goes on")
    finally:
        end_all(folder)
        process.send_signal(signal.SIGKILL)
        process.wait()
        os.close(ours)


def _take_terminal() -> None:
    """The terminal is the shell's own, as in a window, so that Ctrl-C reaches what runs in it."""
    import fcntl
    import termios

    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _read(terminal: int, until: str) -> str:
    """What comes until a text is in it; all that came where the shell ended or patience did."""
    printed, end = b"", time.monotonic() + PATIENCE_SECONDS
    while until.encode() not in printed and time.monotonic() < end:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            printed += os.read(terminal, 65536)
        except OSError:  # EIO: the last process at the terminal ended
            break
    return printed.decode("utf-8", "replace")
