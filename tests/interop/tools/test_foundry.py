"""Unchanged cast and forge script against a running node, with their default fees."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.interop.conftest import NodeProcess
from tests.interop.tools.conftest import NOTEBOOK, Founder, Writer, genesis_address
from tests.tooling import ROOT, foundry, output_of

pytestmark = [pytest.mark.tool, pytest.mark.timeout(200)]

REFUSED_7 = "0x82795117" + "07".rjust(64, "0")
"""NotebookRefused(7), encoded."""


def cast(writer: Writer, verb: str, *arguments: object) -> str:
    return output_of(foundry("cast"), verb, "--rpc-url", writer.url, *arguments).strip()


def send(writer: Writer, *arguments: object) -> dict[str, Any]:
    said = cast(writer, "send", "--json", "--private-key", writer.key, *arguments)
    receipt: dict[str, Any] = json.loads(said.splitlines()[0])  # its poller may log a line while it ends
    return receipt


@pytest.fixture
def notebook(writer: Writer) -> str:
    """The address of a contract that cast deployed."""
    receipt = send(writer, "--create", json.loads(NOTEBOOK.read_text(encoding="utf-8"))["bytecode"])
    assert (receipt["status"], receipt["type"]) == ("0x1", "0x2")
    return str(receipt["contractAddress"])


def test_cast_deploys_sends_and_reads(writer: Writer, notebook: str) -> None:
    before = int(cast(writer, "nonce", writer.address))
    receipt = send(writer, notebook, "set(uint256,string)", 42, "note")
    assert (receipt["status"], receipt["type"], receipt["effectiveGasPrice"]) == ("0x1", "0x2", "0x0")
    assert cast(writer, "call", notebook, "get()(uint256)") == "42"
    assert cast(writer, "call", notebook, "count(address)(uint256)", writer.address) == "1"
    assert int(cast(writer, "nonce", writer.address)) == before + 1
    assert int(cast(writer, "storage", notebook, 0), 16) == 42
    again = json.loads(cast(writer, "receipt", "--json", receipt["transactionHash"]))
    assert {name: again[name] for name in receipt} == receipt
    assert json.loads(cast(writer, "tx", "--json", receipt["transactionHash"]))["blockHash"] == receipt["blockHash"]


def test_cast_sends_legacy_transactions_too(writer: Writer, notebook: str) -> None:
    receipt = send(writer, "--legacy", notebook, "set(uint256,string)", 7, "legacy")
    assert (receipt["status"], receipt["type"]) == ("0x1", "0x0")


def test_cast_filters_logs(writer: Writer, notebook: str) -> None:
    for value in (1, 2, 2):
        send(writer, notebook, "set(uint256,string)", value, f"note {value}")
    range_ = ("--json", "--from-block", 0, "--address", notebook)
    assert len(json.loads(cast(writer, "logs", *range_))) == 3
    event = "NoteChanged(address indexed,uint256 indexed,string)"
    assert len(json.loads(cast(writer, "logs", *range_, event, writer.address, 2))) == 2
    assert json.loads(cast(writer, "logs", *range_, event, writer.address, 9)) == []


def test_cast_is_told_why_a_call_is_refused(writer: Writer, notebook: str) -> None:
    for verb in ("call", "estimate"):
        done = subprocess.run(
            [foundry("cast"), verb, "--rpc-url", writer.url, notebook, "refuse(uint256)", "7"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode != 0
        assert REFUSED_7 in done.stderr


def test_cast_sees_a_chain_without_fees(writer: Writer) -> None:
    assert cast(writer, "gas-price") == "0"
    assert cast(writer, "base-fee") == "0"
    assert cast(writer, "balance", writer.address) >= "0"


def test_a_founder_acts_through_cast_with_its_keystore(governed: NodeProcess) -> None:
    admin = Founder(governed, "uestc-admin")
    key = "0x" + "42" * 32
    receipt = admin.send("Keys", "addKey(bytes32,uint8)", key, 1)
    assert isinstance(receipt["logs"], list)
    assert len(receipt["logs"]) == 1
    writer = Writer(governed.rpc, admin.key)
    key_hash = output_of(foundry("cast"), "keccak", key).strip()
    signature = "key(uint32,bytes32)((uint32,uint8,uint16,uint40,uint40,uint40,uint16,uint40))"
    record = cast(writer, "call", genesis_address("Keys"), signature, "2", key_hash)
    assert record.startswith("(2, 1, ")


def test_an_account_without_a_right_is_told_so(governed: NodeProcess) -> None:
    stranger = "0x" + "11" * 32
    done = subprocess.run(
        [
            *(foundry("cast"), "send", "--rpc-url", governed.rpc, "--private-key", stranger),
            *(genesis_address("Keys"), "retireKey(uint32,bytes32,uint40)", "1", "0x" + "00" * 32, "0"),
            *("--gas-limit", "100000"),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "not permitted" in done.stderr or "may not" in done.stderr


def test_forge_script_broadcasts(writer: Writer, tmp_path: Path) -> None:
    for name in ("tools", "tests/interop/tools/forge", "tests/interop/data"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "foundry.toml", tmp_path)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    said = output_of(
        *(foundry("forge"), "script", "NotebookScript", "--rpc-url", writer.url),
        *("--private-key", writer.key, "--broadcast"),
        cwd=tmp_path,
    )
    assert "ONCHAIN EXECUTION COMPLETE & SUCCESSFUL" in said
    (record,) = tmp_path.glob("build/forge/broadcast/Notebook.s.sol/*/run-latest.json")
    written = json.loads(record.read_text(encoding="utf-8"))
    assert [receipt["status"] for receipt in written["receipts"]] == ["0x1"] * 3
    notebook = written["transactions"][0]["contractAddress"]
    assert cast(writer, "call", notebook, "get()(uint256)") == "43"
