"""The bundle file: what it holds, what it refuses, and that its leaf is the credential's."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from testamur.batch.bundle import MAX_BUNDLE_BYTES, Bundle
from testamur.batch.claims import Claims
from testamur.batch.leaf import content, foreign_content
from testamur.credential.errors import MalformedError

from tests.client.credential import sample

Tree = dict[str, Any]


def _tree() -> Tree:
    return {
        "type": "TestamurBundle",
        "version": 1,
        "credential": sample.signed(),
        "inclusion": {
            "version": 1,
            "kind": 1,
            "issuer": 7,
            "leafIndex": 1,
            "size": 3,
            "path": ["0x" + "11" * 32, "0x" + "22" * 32],
            "salt": "0x" + "33" * 32,
            "outcomeTag": "0x" + "44" * 32,
            "holder": "0x" + "55" * 32,
            "list": 3,
            "statusIndex": 94567,
        },
        "anchor": {
            "chainId": 20260,
            "contract": "0x" + "66" * 20,
            "batchId": "0x" + "77" * 32,
            "root": "0x" + "88" * 32,
            "block": 42,
        },
    }


def _refusal(change: Callable[[Tree], object]) -> MalformedError:
    tree = _tree()
    change(tree)
    with pytest.raises(MalformedError) as caught:
        Bundle.parse(orjson.dumps(tree))
    return caught.value


def test_a_bundle_reads_back_what_it_writes() -> None:
    bundle = Bundle.parse(orjson.dumps(_tree()))
    assert orjson.loads(bundle.dump()) == _tree()
    assert Bundle.parse(bundle.dump()) == bundle
    proved = bundle.with_evidence({"version": 1, "nodes": ["0x00"], "finality": [{"signature": None}]})
    assert Bundle.parse(proved.dump()).evidence == proved.evidence


def test_the_leaf_of_a_bundle_is_made_of_the_credential_and_the_inclusion() -> None:
    bundle = Bundle.parse(orjson.dumps(_tree()))
    assert bundle.document is not None
    leaf = bundle.leaf
    assert leaf.claims == bundle.document.claims
    assert leaf.content == content(b"\x33" * 32, bundle.document.canonical)
    assert (leaf.kind, leaf.issuer, leaf.list, leaf.status_index) == (1, 7, 3, 94567)
    assert (leaf.outcome_tag, leaf.holder) == (b"\x44" * 32, b"\x55" * 32)


def test_an_imported_entry_carries_its_hash_and_claims_in_place_of_a_credential() -> None:
    tree = _tree()
    del tree["credential"]
    claims = Claims(1, 2, 5, 5101, 118_500, 0)
    tree["foreign"] = {"hash": "0x" + "99" * 32, "claims": "0x" + claims.encode().hex()}
    tree["inclusion"]["kind"] = 2
    bundle = Bundle.parse(orjson.dumps(tree))
    assert bundle.document is None
    assert bundle.leaf.content == foreign_content(b"\x33" * 32, b"\x99" * 32)
    assert bundle.leaf.claims == claims
    assert orjson.loads(bundle.dump()) == tree


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda tree: tree.update(type="OpenBadge"), "$.type"),
        (lambda tree: tree.update(version=2), "$.version"),
        (lambda tree: tree.update(version=True), "$.version"),
        (lambda tree: tree.update(version="1"), "$.version"),
        (lambda tree: tree.update(chainId=1), "$.chainId"),
        (lambda tree: tree.update(evidence=[]), "$.evidence"),
        (lambda tree: tree.update(foreign={}), "$.foreign"),
        (lambda tree: tree["inclusion"].update(version=2), "$.inclusion.version"),
        (lambda tree: tree["inclusion"].update(kind=2), "$.foreign"),
        (lambda tree: tree["inclusion"].update(kind=3), "$.inclusion.kind"),
        (lambda tree: tree["inclusion"].update(issuer=2**32), "$.inclusion.issuer"),
        (lambda tree: tree["inclusion"].update(leafIndex=-1), "$.inclusion.leafIndex"),
        (lambda tree: tree["inclusion"].update(size=1.5), "$.inclusion.size"),
        (lambda tree: tree["inclusion"].update(size=True), "$.inclusion.size"),
        (lambda tree: tree["inclusion"].update(path="0x"), "$.inclusion.path"),
        (lambda tree: tree["inclusion"].update(path=["0x" + "00" * 32] * 33), "$.inclusion.path"),
        (lambda tree: tree["inclusion"]["path"].append("0x" + "00" * 31), "$.inclusion.path[2]"),
        (lambda tree: tree["inclusion"].update(salt="0X" + "33" * 32), "$.inclusion.salt"),
        (lambda tree: tree["inclusion"].update(salt="0x" + "AA" * 32), "$.inclusion.salt"),
        (lambda tree: tree["inclusion"].update(hint=1), "$.inclusion.hint"),
        (lambda tree: tree["anchor"].update(contract="0x" + "66" * 32), "$.anchor.contract"),
        (lambda tree: tree["anchor"].update(chainId=None), "$.anchor.chainId"),
        (lambda tree: tree["anchor"].pop("block"), "$.anchor.block"),
        (lambda tree: tree["credential"].update(id="x"), "$.credential.id"),
        (lambda tree: tree.update(credential=None), "$.credential"),
    ],
)
def test_a_bundle_with_a_fault_is_refused_with_its_place(change: Callable[[Tree], object], path: str) -> None:
    assert _refusal(change).path == path


@pytest.mark.parametrize("key", ["type", "version", "credential", "inclusion", "anchor"])
def test_a_bundle_that_lacks_a_part_is_refused(key: str) -> None:
    assert _refusal(lambda tree: tree.pop(key)).path == f"$.{key}"


def test_a_file_is_read_no_further_than_the_limit(tmp_path: Path) -> None:
    file = tmp_path / "huge.json"
    file.write_bytes(b" " * (MAX_BUNDLE_BYTES + 10))
    with pytest.raises(MalformedError, match="at most"):
        Bundle.load(file)
    file.write_bytes(orjson.dumps(_tree()))
    assert Bundle.load(file).inclusion.size == 3


def test_a_bundle_is_not_changed_by_giving_it_evidence() -> None:
    bundle = Bundle.parse(orjson.dumps(_tree()))
    before = copy.deepcopy(bundle.to_tree())
    bundle.with_evidence({"version": 1})
    assert bundle.to_tree() == before
