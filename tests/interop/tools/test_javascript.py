"""Unchanged ethers, viem and hardhat against a running node, with their default fees; the scripts report, this file
judges."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.interop.conftest import NodeProcess
from tests.interop.tools.conftest import NOTEBOOK, Writer
from tests.tooling import ROOT, output_of

pytestmark = [pytest.mark.tool, pytest.mark.timeout(200)]

SCRIPTS = Path(__file__).with_name("javascript")


def report_of(script: str, **environment: str) -> dict[str, Any]:
    node = shutil.which("node")
    assert node is not None
    said = output_of(node, SCRIPTS / script, environment=environment, timeout_seconds=150)
    report: dict[str, Any] = json.loads(said.splitlines()[-1])
    return report


def written(script: str, writer: Writer) -> dict[str, Any]:
    return report_of(script, URL=writer.url, KEY=writer.key, ARTIFACT=str(NOTEBOOK))


def test_ethers_deploys_sends_listens_and_reads(writer: Writer) -> None:
    report = written("ethers.mjs", writer)
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
    report = written("ethers.mjs", writer)
    assert report["refusal"] == {"name": "NotebookRefused", "value": 7, "code": "CALL_EXCEPTION"}
    assert report["complaint"] == "not today"
    assert report["sentRefusal"] == "CALL_EXCEPTION"


def test_viem_deploys_sends_listens_and_reads(writer: Writer) -> None:
    report = written("viem.mjs", writer)
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
    report = written("viem.mjs", writer)
    assert report["refusal"] == {"name": "NotebookRefused", "value": 7}
    assert report["complaint"] == "not today"


@pytest.fixture(scope="module")
def with_fees(started: Callable[..., NodeProcess]) -> NodeProcess:
    """A development chain whose gas costs something, as on anvil."""
    api = "eth,net,web3,testamur,txpool"
    return started("--dev", "--base-fee", "1000000000", start_options=("--http-api", api))


@pytest.mark.parametrize("mode", ["hardhat", "anvil"])
def test_viems_test_client_turns_every_lever_as_on_anvil(with_fees: NodeProcess, anvil: str, mode: str) -> None:
    report = report_of("levers.mjs", URL=with_fees.rpc, MODE=mode, BEAT="")
    fees = {"baseFeePerGas": 8 * 10**9, "next": 7 * 10**9}
    assert report["block"] == {"miner": True, "gasLimit": 20_000_000, **fees}
    assert report["times"] == [500, 7]
    assert report["automine"] == [True, False, True]
    assert (report["waiting"], report["dropped"], report["gone"]) == (1, 0, "TransactionReceiptNotFoundError")
    assert report["impersonated"] == ["success", True, 10]
    assert report == report_of("levers.mjs", URL=anvil, MODE="anvil", BEAT="")


def test_viems_interval_is_hardhats_on_the_node(with_fees: NodeProcess, anvil: str) -> None:
    """evm_setIntervalMining takes milliseconds from hardhat's users and seconds from anvil's."""
    assert report_of("levers.mjs", URL=with_fees.rpc, MODE="hardhat", BEAT="1")["beats"]
    assert report_of("levers.mjs", URL=anvil, MODE="anvil", BEAT="1")["beats"]


def hardhat_report(node: NodeProcess, folder: Path, named: str) -> dict[str, Any]:
    """What the script says when hardhat runs it; hardhat keeps what it keeps for a user in `folder`."""
    script = SCRIPTS / "hardhat" / "notebook.cjs"
    said = output_of(
        *(ROOT / "node_modules" / ".bin" / "hardhat", "--config", script.with_name("hardhat.config.cjs")),
        *("--network", "testamur", "run", "--no-compile", script),
        environment={
            "URL": node.rpc, "ARTIFACT": str(NOTEBOOK), "NAMED": named, "CACHE": str(folder / "cache"),
            "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder),
            "XDG_CACHE_HOME": str(folder), "HARDHAT_DISABLE_TELEMETRY_PROMPT": "true", "CI": "true",
        },
        timeout_seconds=150,
    )  # fmt: skip
    report: dict[str, Any] = json.loads(said.splitlines()[-1])
    return report


def test_hardhat_deploys_sends_and_turns_every_lever(started: Callable[..., NodeProcess], tmp_path: Path) -> None:
    report = hardhat_report(started("--dev"), tmp_path, "1")
    assert report["network"] == "testamur"
    assert report["deployed"]
    assert report["receipt"] == [1, True]
    assert report["log"] == [[42, "first"]]
    assert report["events"] == [43]
    assert report["value"] == 43
    levers = report["helpers"]
    assert (levers["mined"], levers["spread"]) == (5, 1 + 2 * 60)
    assert (levers["increased"], levers["set"]) == (3_600, 10_000)
    assert "is not above the newest block's" in levers["past"]
    assert levers["restored"] == 43
    assert levers["impersonated"] == [1, 10**18]
    assert "unknown account" in levers["ended"]
    assert levers["stored"] == [77, 77]
    assert (levers["code"], levers["nonce"]) == (42, 9)
    assert (levers["dropped"], levers["taken"]) == (False, True)
    assert levers["asked"] == {"miner": levers["other"], "randao": "0x" + "07" * 32, "limit": 12_345_678, "fee": 0}
    assert levers["height"] == 0


def test_hardhats_helpers_ask_for_a_name_that_the_node_does_not_bear(development: NodeProcess, tmp_path: Path) -> None:
    report = hardhat_report(development, tmp_path, "")
    assert report["value"] == 43
    assert report["refusal"] == "0x82795117" + "07".rjust(64, "0")
    assert report["helpers"] == "OnlyHardhatNetworkError"
