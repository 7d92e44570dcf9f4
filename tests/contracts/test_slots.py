"""Storage is part of the protocol: proofs name slots. What the contracts wrote is read back by layout alone."""

import pytest
from testamur.artifacts import CONTRACTS, GENESIS_ADDRESSES, artifact, slot
from testamur.artifacts.genesis import directory_name
from testamur.artifacts.slots import array_slot, field, mapping_slot, members, nested_slot, place, record
from testamur.proof.hashing import keccak256

from tests.contracts.suite import DAY, GENESIS_TIME, ISSUE, SCOPE, Suite, account, text_hash, validator

KEY = b"\x21" * 32
DOCUMENT = b"\x07" * 32

PINNED = {
    "Directory": {"_counts": 0, "_entries": 1},
    "Alliance": {"_periods": 0, "_members": 1, "_epoch": 3},
    "Operators": {"_institutionCount": 0, "_references": 1, "_operators": 2, "_restorations": 3, "_institutions": 4},
    "Permissions": {
        "_validatorKeys": 0,
        "_validators": 1,
        "_exchanges": 6,
        "_follows": 7,
        "_peerIds": 9,
        "_parameters": 11,
        "_accounts": 13,
    },
    "BlockHistory": {"_hashes": 0},
    "Keys": {"_keys": 0, "_dids": 1, "_keysOf": 2, "_didsOf": 3, "_consents": 4},
    "IssuerRegistry": {"_issuers": 0, "_history": 1, "_holds": 2, "_scopes": 3, "_origins": 4, "_foldedNames": 5},
    "QualificationFrameworks": {"_frameworks": 0, "_levels": 1, "_types": 2, "_crosswalks": 4},
    "CredentialBatches": {"_batches": 0},
    "StatusRegistry": {"_nextList": 0, "_lists": 1, "_voids": 2, "_revoked": 3, "_suspended": 4},
}
"""Layout number 1. Whoever moves one of these gives the contracts another layout number."""


@pytest.mark.parametrize("name", CONTRACTS)
def test_proven_variables_stay_in_their_slots(name: str) -> None:
    assert {variable: slot(name, variable) for variable in PINNED[name]} == PINNED[name]


def read(suite: Suite, contract: str, variable: str, *keys: int | bytes) -> dict[str, int]:
    """The struct that stands at that key, from the chain's storage."""
    first = nested_slot(contract, variable, *keys)
    words = 1 + max(where.word for _, where in members(contract, variable))
    return record(contract, variable, [suite.chain.storage(suite.address(contract), first + i) for i in range(words)])


def test_a_batch_is_one_slot_in_the_promised_order(issuing: Suite) -> None:
    batch_id = issuing.anchor(1).output
    assert read(issuing, "CredentialBatches", "_batches", batch_id) == {
        "issuer": 1,
        "operatorIndex": 4,
        "scopeIndex": 1,
        "list": 1,
        "size": 100,
        "first": 0,
        "time": issuing.chain.timestamp,
        "blockNumber": issuing.chain.number,
        "kind": 1,
        "statusVersion": 1,
    }
    assert [where.offset for _, where in members("CredentialBatches", "_batches")] == [
        0,
        4,
        6,
        8,
        12,
        16,
        20,
        25,
        30,
        31,
    ]


@pytest.mark.parametrize(
    ("contract", "variable"),
    [
        ("CredentialBatches", "_batches"),
        ("Keys", "_keys"),
        ("Keys", "_dids"),
        ("Keys", "_consents"),
        ("IssuerRegistry", "_scopes"),
        ("IssuerRegistry", "_origins"),
        ("IssuerRegistry", "_holds"),
        ("IssuerRegistry", "_history"),
        ("Operators", "_references"),
        ("Operators", "_operators"),
        ("Permissions", "_accounts"),
        ("Permissions", "_validators"),
        ("StatusRegistry", "_lists"),
    ],
)
def test_a_record_that_proofs_name_is_one_slot(contract: str, variable: str) -> None:
    assert {where.word for _, where in members(contract, variable)} == {0}


def test_a_list_and_its_words_are_found_by_number(issuing: Suite) -> None:
    issuing.send("status 1", "StatusRegistry", "revoke", 1, 94567, 0)
    issuing.send("status 1", "StatusRegistry", "suspend", 1, 1, 0)
    issuing.govern("StatusRegistry", "setCustodian", 1, 2, DOCUMENT)
    opened = read(issuing, "StatusRegistry", "_lists", 1)
    assert (opened["issuer"], opened["log2size"], opened["next"], opened["custodian"]) == (1, 17, 0, 2)
    contract = issuing.address("StatusRegistry")
    word = issuing.chain.storage(contract, nested_slot("StatusRegistry", "_revoked", 1, 94567 >> 8))
    assert word == 1 << (94567 & 255)
    assert issuing.chain.storage(contract, nested_slot("StatusRegistry", "_suspended", 1, 0)) == 0b10
    assert (
        field(issuing.chain.storage(contract, slot("StatusRegistry", "_nextList")), "StatusRegistry", "_nextList") == 3
    )


def test_an_issuer_its_scope_keys_and_names_are_found(issuing: Suite) -> None:
    issuing.send("admin 1", "Keys", "addKey", KEY, 2)
    issuer = read(issuing, "IssuerRegistry", "_issuers", 1)
    assert (issuer["state"], issuer["scopes"], issuer["names"], issuer["changes"]) == (2, 1, 1, 2)
    assert issuer["nameHash"] == int.from_bytes(text_hash("大学 1"), "big")
    assert tuple(read(issuing, "IssuerRegistry", "_scopes", 1, 1).values()) == (*SCOPE, 1, 0, 0, 1, 0)
    assert read(issuing, "IssuerRegistry", "_origins", 1, 1)["createdAt"] == issuer["since"]
    key = read(issuing, "Keys", "_keys", 1, keccak256(KEY))
    assert key == {
        "institution": 1,
        "usage": 2,
        "operatorIndex": 3,
        "since": issuing.chain.timestamp,
        "until": 0,
        "compromisedSince": 0,
        "clearings": 0,
        "clearedAt": 0,
    }
    did = read(issuing, "Keys", "_dids", text_hash("did:web:university-2.example"))
    assert did == {"institution": 2, "since": GENESIS_TIME + 1, "until": 0}
    assert read(issuing, "IssuerRegistry", "_history", 1, 2)["state"] == 2


def test_an_operator_is_found_by_institution_and_index(issuing: Suite) -> None:
    issuing.chain.mine(DAY)
    issuing.send("admin 1", "Operators", "markOperatorCompromised", account("issue 1"), issuing.chain.timestamp - 9)
    assert read(issuing, "Operators", "_operators", 1, 4) == {
        "account": int.from_bytes(account("issue 1"), "big"),
        "roles": ISSUE,
        "until": issuing.chain.timestamp,
        "compromisedSince": issuing.chain.timestamp - 9,
    }
    assert read(issuing, "Operators", "_references", account("issue 1")) == {
        "institution": 1,
        "index": 4,
        "since": GENESIS_TIME,
        "roles": 0,
        "compromisedSince": issuing.chain.timestamp - 9,
        "nonce": 1,
        "restoredAt": 0,
    }
    issuing.govern("Operators", "restoreOperator", account("issue 1"), issuing.chain.timestamp)
    assert read(issuing, "Operators", "_restorations", 1, 4) == {
        "clearings": 1,
        "at": issuing.chain.timestamp,
        "former": issuing.chain.timestamp - 9,
    }


def test_a_framework_a_level_and_a_type_are_found(suite: Suite) -> None:
    suite.govern("QualificationFrameworks", "addFramework", 4, "框架", 2, "")
    suite.govern("QualificationFrameworks", "addLevels", 4, [(1, 1, False, "5", "初级"), (2, 1, True, "", "")])
    suite.govern("QualificationFrameworks", "addType", 4, 9, "电工", 1, 2, 3, 0)
    framework = read(suite, "QualificationFrameworks", "_frameworks", 4)
    assert (framework["levels"], framework["types"], framework["direction"], framework["ladders"]) == (2, 1, 2, 1)
    level = read(suite, "QualificationFrameworks", "_levels", 4, 2)
    assert (level["blank"], level["labelHash"]) == (1, int.from_bytes(text_hash(""), "big"))
    qualification = read(suite, "QualificationFrameworks", "_types", 4, 9)
    assert (qualification["lowestRank"], qualification["highestRank"], qualification["from"]) == (1, 2, 3)
    assert qualification["nameHash"] == int.from_bytes(text_hash("电工"), "big")


def test_a_directory_entry_is_found_by_name_and_version(suite: Suite) -> None:
    name = directory_name("StatusRegistry")
    entry = read(suite, "Directory", "_entries", name, 1)
    assert entry["target"] == int.from_bytes(GENESIS_ADDRESSES["StatusRegistry"], "big")
    assert (entry["from"], entry["layout"]) == (GENESIS_TIME, 1)
    code = suite.chain.code(suite.address("StatusRegistry"))
    assert entry["codeHash"] == int.from_bytes(keccak256(code), "big")
    assert suite.chain.storage(suite.address("Directory"), nested_slot("Directory", "_counts", name)) == 1


def test_what_the_node_reads_is_found(suite: Suite) -> None:
    peer = bytes(range(20))
    suite.govern("Permissions", "setPeer", peer, True)
    suite.govern("Permissions", "setDeploy", account("admin 1"), True)
    assert read(suite, "Permissions", "_accounts", account("admin 1")) == {"transact": 1, "deploy": 1}
    assert read(suite, "Permissions", "_parameters")["gasLimit"] == 30_000_000
    permissions = suite.address("Permissions")
    keys = slot("Permissions", "_validatorKeys")
    assert suite.chain.storage(permissions, keys) == 2
    second = suite.chain.storage(permissions, array_slot(keys, 1)).to_bytes(32, "big")
    assert second == validator(2).key
    assert read(suite, "Permissions", "_validators", second) == {"power": 100, "institution": 2, "index": 2}
    stored = suite.chain.storage(permissions, array_slot(slot("Permissions", "_peerIds"), 0))
    assert field(stored, "Permissions", "_peerIds").to_bytes(20, "big") == peer


def test_code_on_the_chain_is_the_artifacts_but_for_immutables(suite: Suite) -> None:
    for name in CONTRACTS:
        code = bytearray(suite.chain.code(suite.address(name)))
        for start, length in artifact(name).immutable_references:
            code[start : start + length] = bytes(length)
        assert bytes(code) == artifact(name).deployed_bytecode, name


def test_what_is_not_there_is_said_so() -> None:
    with pytest.raises(KeyError, match="_teapots"):
        slot("Directory", "_teapots")
    with pytest.raises(KeyError, match="colour"):
        place("CredentialBatches", "_batches.colour")
    with pytest.raises(KeyError, match="no struct"):
        members("IssuerRegistry", "_foldedNames")
    with pytest.raises(KeyError, match="Teapot"):
        artifact("Teapot")
    with pytest.raises(ValueError, match="pad"):
        mapping_slot(0, b"short")
