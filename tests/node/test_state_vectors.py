"""ethereum/tests: state transitions through our executor, and tries through ours, by the vectors' own comparison
rule.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from testamur.proof.hashing import keccak256
from testamur_node.chain.rules import Fork, ForkStart, imported
from testamur_node.codec import from_hex, minimal, rlp_encode, word
from testamur_node.execution.executor import BlockContext, ExecutionError
from testamur_node.execution.pyevm import PyEvm
from testamur_node.state.trie import build

from tests.node.founding import raw

SPEC = imported((ForkStart(Fork.CANCUN, block=0),))


def number(text: str) -> int:
    return int(text, 16)


def pre_state(accounts: dict[str, Any]) -> tuple[bytes, dict[bytes, bytes]]:
    """The root of a vector's `pre` and the nodes under it."""
    nodes: dict[bytes, bytes] = {}
    records = []
    for address, account in accounts.items():
        code = from_hex(account["code"])
        nodes[keccak256(code)] = code
        slots = [
            (keccak256(word(number(slot))), rlp_encode(minimal(number(value))))
            for slot, value in account["storage"].items()
            if number(value)
        ]
        fields = [minimal(number(account["nonce"])), minimal(number(account["balance"])), build(slots, nodes)]
        records.append((keccak256(from_hex(address)), rlp_encode([*fields, keccak256(code)])))
    return build(records, nodes), nodes


def signed(transaction: dict[str, Any], indexes: dict[str, int]) -> bytes:
    """The vector's transaction with the data, gas limit and value that `indexes` picks."""
    fields: dict[str, Any] = {
        "chainId": 1,
        "gas": number(transaction["gasLimit"][indexes["gas"]]),
        "value": number(transaction["value"][indexes["value"]]),
        "data": transaction["data"][indexes["data"]],
        "to": from_hex(transaction["to"]) if transaction["to"] else None,
    }
    lists = transaction.get("accessLists")
    if lists:
        fields["accessList"] = [
            {"address": "0x" + entry["address"][2:], "storageKeys": entry["storageKeys"]}
            for entry in lists[indexes["data"]]
        ]
    if "maxFeePerGas" in transaction:
        for name in ("maxFeePerGas", "maxPriorityFeePerGas"):
            fields[name] = number(transaction[name])
    else:
        fields["gasPrice"] = number(transaction["gasPrice"])
        if lists:
            fields["type"] = 1
    return raw(from_hex(transaction["secretKey"]), number(transaction["nonce"]), **fields)


def cases(folder: Path) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for path in sorted((folder / "mpt" / "GeneralStateTests").rglob("*.json")):
        for name, vector in json.loads(path.read_text(encoding="utf-8")).items():
            for expected in vector["post"]["Cancun"]:
                yield f"{name} {expected['indexes']}", vector, expected


def test_every_state_test_ends_in_the_root_and_logs_it_names(vectors: Path) -> None:
    count = 0
    for name, vector, expected in cases(vectors):
        count += 1
        root, nodes = pre_state(vector["pre"])
        environment = vector["env"]
        context = BlockContext(
            number=number(environment["currentNumber"]),
            timestamp=number(environment["currentTimestamp"]),
            coinbase=from_hex(environment["currentCoinbase"]),
            prev_randao=word(number(environment["currentRandom"])),
            gas_limit=number(environment["currentGasLimit"]),
            base_fee=number(environment["currentBaseFee"]),
            chain_id=1,
            parent_hash=bytes(32),
            excess_blob_gas=number(environment.get("currentExcessBlobGas", "0x0")),
        )
        transaction = (
            from_hex(expected["txbytes"])
            if "txbytes" in expected
            else signed(vector["transaction"], expected["indexes"])
        )
        executor = PyEvm(SPEC, nodes.get)
        if "expectException" in expected:
            with pytest.raises(ExecutionError):
                executor.execute(root, [transaction], context)
            assert root == from_hex(expected["hash"]), name
            continue
        result = executor.execute(root, [transaction], context)
        assert result.state_root == from_hex(expected["hash"]), name
        logs = [[log.address, list(log.topics), log.data] for log in result.receipts[0].logs]
        assert keccak256(rlp_encode(logs)) == from_hex(expected["logs"]), name
    assert count == 34


def test_every_trie_test_ends_in_the_root_it_names(vectors: Path) -> None:
    def octets(text: str) -> bytes:
        return from_hex(text) if text.startswith("0x") else text.encode()

    count = 0
    for path in sorted((vectors / "mpt" / "TrieTests").glob("*.json")):
        if path.name == "trietestnextprev.json":
            continue  # neighbours of a key: an order that no part of ours asks for
        for name, vector in json.loads(path.read_text(encoding="utf-8")).items():
            steps = vector["in"].items() if isinstance(vector["in"], dict) else vector["in"]
            held: dict[bytes, bytes] = {}
            for key, value in steps:
                place = keccak256(octets(key)) if "secure" in path.name.lower() else octets(key)
                if value is None:
                    held.pop(place, None)
                else:
                    held[place] = octets(value)
            assert build(held.items()) == from_hex(vector["root"]), f"{path.name} {name}"
            count += 1
    assert count > 10
