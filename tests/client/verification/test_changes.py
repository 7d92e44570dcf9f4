"""Since when and why a credential is out of force: a node's word, told as one, on which no check rests (ADR 0029)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from eth_abi.abi import encode
from testamur.api.view import view_of
from testamur.artifacts import GENESIS_ADDRESSES
from testamur.batch.bundle import Bundle
from testamur.language import language
from testamur.language.verdict import check_sentence
from testamur.proof.hashing import keccak256
from testamur.verification.connection import Chain
from testamur.verification.verdict import iso
from testamur.verification.verify import verify

from tests.client.verification.world import FOUNDED, NOW, Node, World, credential, world

INDEX = 70_001


@pytest.fixture
def chain() -> World:
    made = world()
    made.revoke(INDEX)
    return made


@pytest.fixture
def bundle(chain: World) -> Bundle:
    return chain.issue([credential(n, status_index=70_000 + n) for n in range(3)])[1]


def log(event: str, topics: list[int], data: bytes, block: int, number: int = 0) -> dict[str, Any]:
    names = [keccak256(event.encode()), *(topic.to_bytes(32, "big") for topic in topics)]
    return {
        "address": "0x" + GENESIS_ADDRESSES["StatusRegistry"].hex(),
        "topics": ["0x" + name.hex() for name in names],
        "data": "0x" + data.hex(),
        "blockNumber": hex(block),
        "transactionHash": "0x" + "12" * 32,
        "logIndex": hex(number),
    }


def single(event: str, index: int, reason: int, block: int) -> dict[str, Any]:
    return log(f"{event}(uint32,uint32,uint8)", [1, index], encode(["uint8"], [reason]), block)


def words(event: str, index: int, reason: int, block: int) -> dict[str, Any]:
    data = encode(["uint256", "uint8"], [1 << (index & 255), reason])
    return log(f"{event}(uint32,uint32,uint256,uint8)", [1, index >> 8], data, block)


def status_of(chain: World, bundle: Bundle, node: Node) -> dict[str, Any]:
    verdict = verify(bundle, node.chain(), chain.policy(), NOW)
    assert verdict.code == "revoked"
    return verdict.check("status").to_json()


@pytest.mark.parametrize("make", [single, words])
def test_a_revocation_is_dated_with_its_reason_by_its_event(chain: World, bundle: Bundle, make: Any) -> None:
    node = Node(chain)
    node.logs = [make(f"{'Credential' if make is single else 'Words'}Revoked", INDEX, 1, 3)]
    facts = status_of(chain, bundle, node)["facts"]
    assert facts == {
        "list": 1, "since": iso(FOUNDED), "reason": "issued_in_error", "since_block": 3, "told_by": "node",
    }  # fmt: skip


def test_events_of_other_entries_and_of_suspensions_date_nothing(chain: World, bundle: Bundle) -> None:
    node = Node(chain)
    node.logs = [
        single("CredentialRevoked", INDEX + 1, 1, 3),
        words("WordsRevoked", INDEX + 1, 1, 3),
        single("CredentialSuspended", INDEX, 2, 3),
    ]
    assert status_of(chain, bundle, node)["facts"] == {"list": 1}


def test_the_latest_of_several_counts(chain: World, bundle: Bundle) -> None:
    node = Node(chain)
    node.logs = [single("CredentialRevoked", INDEX, 1, 2), words("WordsRevoked", INDEX, 3, 4)]
    assert status_of(chain, bundle, node)["facts"]["reason"] == "superseded"


def test_a_node_learns_the_list_and_not_the_learner(chain: World, bundle: Bundle) -> None:
    node = Node(chain)
    status_of(chain, bundle, node)
    asked = [params for method, params in node.asked if method == "eth_getLogs"]
    topics = [query["topics"] for [query] in asked if len(query["topics"]) > 1 and isinstance(query["topics"][0], list)]
    assert [topic[1:] for topic in topics] == [["0x" + (1).to_bytes(32, "big").hex()]]


@pytest.mark.parametrize(
    "answer", [None, 5, [5], [{}], [{"address": "0x", "topics": []}], "0x", [{"topics": None}], {"a": 1}]
)
def test_whatever_a_node_takes_for_events_costs_no_more_than_the_date(
    chain: World, bundle: Bundle, answer: object
) -> None:
    node = Node(chain)
    node.answers["eth_getLogs"] = answer
    assert status_of(chain, bundle, node)["facts"] == {"list": 1}


def test_offline_there_is_no_date_and_the_verdict_is_the_same(chain: World, bundle: Bundle) -> None:
    from testamur.batch.evidence import prove

    node = Node(chain)
    node.logs = [single("CredentialRevoked", INDEX, 1, 3)]
    proved = prove(bundle, node.chain(), chain.policy(), NOW)
    verdict = verify(proved, Chain.offline(), chain.policy(), NOW)
    assert (verdict.code, verdict.check("status").facts) == ("revoked", {"list": 1})


@pytest.mark.parametrize(
    ("tag", "told"),
    [("en", "By the records of the node that was asked"), ("zh", "据所询节点的记录")],
)
def test_people_are_told_date_and_reason_and_whose_word_it_is(
    chain: World, bundle: Bundle, tag: str, told: str
) -> None:
    node, spoken = Node(chain), language(tag)
    node.logs = [single("CredentialRevoked", INDEX, 1, 3)]
    record = verify(bundle, node.chain(), chain.policy(), NOW).to_json()
    view = view_of(record, spoken, datetime(2026, 11, 23, tzinfo=UTC))
    for text in (view.meaning, view.checks[6].finding, check_sentence(record["checks"][6], spoken)):
        assert told in text
        assert spoken.text("reason.issued_in_error") in text
    assert told not in view.checks[7].finding
