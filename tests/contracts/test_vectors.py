"""The contracts read the same samples as the client: leaves, trees and batch ids of `tests/vectors`."""

import json
from pathlib import Path
from typing import Any

from testamur.batch.anchor import batch_id

from tests.contracts.evm import CHAIN_ID
from tests.contracts.suite import Suite
from tests.vectors import generate


def _read(name: str) -> Any:
    return json.loads((Path(generate.FOLDER) / name).read_text("utf-8"))


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def test_every_sample_leaf_is_contained_in_its_anchored_batch_at_its_place_and_at_no_other(issuing: Suite) -> None:
    first = 0
    for case in _read("tree.json"):
        size, root = case["size"], _bytes(case["root"])
        name = issuing.anchor(1, root, size=size, first=first).output
        first += size
        for proof in case["inclusion"]:
            index, path = proof["index"], [_bytes(part) for part in proof["path"]]
            leaf = generate.leaf(index).encode()
            assert issuing.call("CredentialBatches", "contains", name, leaf, index, path)
            assert not issuing.call("CredentialBatches", "contains", name, leaf, index + 1, path)
            assert not issuing.call("CredentialBatches", "contains", name, leaf[:-1] + b"\0", index, path)
            assert not issuing.call("CredentialBatches", "contains", name, leaf, index, [*path, root])


def test_the_contract_names_a_batch_as_the_client_does(issuing: Suite) -> None:
    address = issuing.address("CredentialBatches")
    for case in _read("batch-id.json"):
        parts = (case["kind"], case["issuer"], case["list"], case["size"], _bytes(case["root"]))
        named = issuing.call("CredentialBatches", "batchId", *parts)
        assert named == batch_id(CHAIN_ID, address, *parts)
        if case["chainId"] == CHAIN_ID:
            assert named == _bytes(case["batchId"])
