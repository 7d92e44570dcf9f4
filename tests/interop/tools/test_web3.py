"""Unchanged web3.py 7.16 (in brownie's environment) and 8 (in ours), with default fees; one script for both."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.interop.tools.conftest import NOTEBOOK, Writer
from tests.tooling import BROWNIE, output_of

pytestmark = [pytest.mark.tool, pytest.mark.timeout(200)]

SCRIPT = Path(__file__).with_name("python") / "notebook.py"
REFUSED_7 = "0x82795117" + "07".rjust(64, "0")


@pytest.mark.parametrize(
    ("python", "version"), [(BROWNIE / "python", "7.16."), (Path(sys.executable), "8.")], ids=["web3-7.16", "web3-8"]
)
def test_web3_deploys_sends_listens_and_is_told_why(python: Path, version: str, writer: Writer) -> None:
    said = output_of(python, SCRIPT, environment={"URL": writer.url, "KEY": writer.key, "ARTIFACT": str(NOTEBOOK)})
    report: dict[str, Any] = json.loads(said.splitlines()[-1])
    assert report["web3"].startswith(version)
    assert report["from"] == writer.address
    assert report["deployment"] == 1
    assert report["receipt"] == [1, 2, 0]
    assert report["legacy"] == [1, 0]
    assert report["log"] == ["first"]
    assert report["heard"] == [[writer.address, 42], [writer.address, 43]]
    assert (report["again"], report["logs"]) == (0, 2)
    assert report["blocks"]
    assert (report["value"], report["count"]) == (43, 2)
    assert report["refusal"] == REFUSED_7
    assert "not today" in report["complaint"]
    assert set(report["history"]) == {0}
    assert report["uninstalled"]
