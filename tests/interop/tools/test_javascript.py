"""Unchanged ethers and viem against a running node, with their default fees; the scripts report, this file judges."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.interop.tools.conftest import NOTEBOOK, Writer
from tests.tooling import output_of

pytestmark = [pytest.mark.tool, pytest.mark.timeout(200)]

SCRIPTS = Path(__file__).with_name("javascript")


def report_of(script: str, writer: Writer) -> dict[str, Any]:
    node = shutil.which("node")
    assert node is not None
    said = output_of(
        node,
        SCRIPTS / script,
        environment={"URL": writer.url, "KEY": writer.key, "ARTIFACT": str(NOTEBOOK)},
        timeout_seconds=150,
    )
    report: dict[str, Any] = json.loads(said.splitlines()[-1])
    return report


def test_ethers_deploys_sends_listens_and_reads(writer: Writer) -> None:
    report = report_of("ethers.mjs", writer)
    assert report["from"] == writer.address
    assert report["deployment"]["status"] == 1
    assert report["deployment"]["contract"] == report["address"]
    assert report["code"]
    assert report["receipt"]["status"] == 1
    assert (report["receipt"]["gasPrice"], report["receipt"]["fee"]) == (0, 0)
    assert report["log"] == [[writer.address, 42, "first"]]
    assert report["event"] == [writer.address, 42, "first"]
    assert report["legacy"] == {"status": 1, "type": 0}
    assert report["queued"] == [1, 1, 1]
    assert (report["value"], report["count"]) == (46, 5)
    assert report["events"] == [42, 43, 44, 45, 46]
    assert (report["one"], report["none"]) == (["second"], 0)
    assert report["block"] == {"baseFeePerGas": 0, "holds": True}
    assert report["fees"]["gasPrice"] == 0


def test_ethers_is_told_why_it_is_refused(writer: Writer) -> None:
    report = report_of("ethers.mjs", writer)
    assert report["refusal"] == {"name": "NotebookRefused", "value": 7, "code": "CALL_EXCEPTION"}
    assert report["complaint"] == "not today"
    assert report["sentRefusal"] == "CALL_EXCEPTION"


def test_viem_deploys_sends_listens_and_reads(writer: Writer) -> None:
    report = report_of("viem.mjs", writer)
    assert report["from"] == writer.address
    assert report["deployment"]["status"] == "success"
    assert report["deployment"]["contract"] == report["address"]
    assert report["receipt"] == {"status": "success", "type": "eip1559", "gasPrice": 0}
    assert report["heard"] == [42]
    assert report["changes"] == [[writer.address, 42, "first"]]
    assert (report["again"], report["removed"]) == (0, True)
    assert report["legacy"] == {"status": "success", "type": "legacy"}
    assert report["listed"] == {"status": "success", "type": "eip2930"}
    assert (report["value"], report["count"]) == (44, 3)
    assert report["events"] == [42, 43, 44]
    assert report["one"] == ["second"]
    assert report["fees"] == {"maxFeePerGas": 0, "maxPriorityFeePerGas": 0}
    assert set(report["history"]["base"]) == {0}
    assert report["proof"] == {"nodes": True, "value": 44}
    assert report["block"] == {"baseFeePerGas": 0, "holds": True}


def test_viem_is_told_why_it_is_refused(writer: Writer) -> None:
    report = report_of("viem.mjs", writer)
    assert report["refusal"] == {"name": "NotebookRefused", "value": 7}
    assert report["complaint"] == "not today"
