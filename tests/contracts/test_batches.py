"""Anchoring: what it needs, what a record says, and that a retry is safe (threats 3, 4, 8, 30)."""

from typing import Any

import pytest
from testamur.proof.hashing import keccak256
from testamur.proof.merkle import Tree, leaf_hash

from tests.contracts.evm import CHAIN_ID, Reverted, refused
from tests.contracts.suite import DAY, ISSUE, Suite, account

ROOT = b"\x11" * 32
OTHER_ROOT = b"\x12" * 32
DOCUMENT = b"\x07" * 32


def expected_id(suite: Suite, root: bytes, size: int, list_: int = 1, issuer: int = 1, kind: int = 1) -> bytes:
    """keccak256(abi.encode(…)) by hand."""
    contract = int.from_bytes(suite.address("CredentialBatches"), "big")
    words = (CHAIN_ID, contract, kind, issuer, list_, size, int.from_bytes(root, "big"))
    return keccak256(b"".join(word.to_bytes(32, "big") for word in words))


def test_an_anchored_batch_says_who_when_where_and_in_which_scope(issuing: Suite) -> None:
    receipt = issuing.anchor(1, ROOT)
    batch_id = expected_id(issuing, ROOT, 100)
    assert receipt.output == batch_id
    assert issuing.call("CredentialBatches", "batch", batch_id) == {
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
    assert receipt.named("BatchAnchored") == [
        {
            "batchId": batch_id,
            "issuer": 1,
            "list": 1,
            "root": ROOT,
            "size": 100,
            "operator": account("issue 1"),
            "first": 0,
            "scopeIndex": 1,
            "kind": 1,
            "statusVersion": 1,
        }
    ]
    assert receipt.named("ListAdvanced") == [{"list": 1, "holder": 4, "first": 0, "size": 100}]
    assert issuing.call("StatusRegistry", "listOf", 1)["next"] == 100


def test_a_recorded_batch_returns_at_once_before_any_other_check_and_without_event(issuing: Suite) -> None:
    batch_id = issuing.anchor(1, ROOT).output
    record = issuing.call("CredentialBatches", "batch", batch_id)
    issuing.chain.mine(DAY)
    issuing.govern("IssuerRegistry", "suspend", 1, DOCUMENT)
    issuing.send("admin 1", "Operators", "retireOperator", account("issue 1"))
    again = issuing.anchor(1, ROOT)
    assert (again.output, again.events) == (batch_id, ())
    assert issuing.call("CredentialBatches", "batch", batch_id) == record
    assert issuing.call("StatusRegistry", "listOf", 1)["next"] == 100


def test_a_retry_by_the_account_that_the_list_was_handed_to_is_the_same_batch(issuing: Suite) -> None:
    first = issuing.anchor(1, ROOT).output
    issuing.hire("newcomer", 1, ISSUE)
    with refused("CredentialBatchesRecorded", first, 4, 1, 0):
        issuing.send("newcomer", "CredentialBatches", "anchor", ROOT, 100, 1, 0, 1, 1)
    issuing.send("admin 1", "StatusRegistry", "handOver", 1, account("newcomer"))
    again = issuing.send("newcomer", "CredentialBatches", "anchor", ROOT, 100, 1, 0, 1, 1)
    assert (again.output, again.events) == (first, ())
    assert issuing.anchor(1, ROOT).output == first  # and by the account that anchored it


@pytest.mark.parametrize(("first", "scope"), [(100, 1), (0, 2), (55, 9)])
def test_a_recorded_batch_with_another_range_or_scope_is_refused_with_its_facts(
    first: int, scope: int, issuing: Suite
) -> None:
    """A thief's front-run with a scope of its own choice must not pass for the honest batch."""
    recorded = issuing.anchor(1, ROOT).output
    with refused("CredentialBatchesRecorded", recorded, 4, 1, 0):
        issuing.anchor(1, ROOT, first=first, scope=scope)


def test_a_colleague_fills_no_list_but_its_own(issuing: Suite) -> None:
    """One batch of garbage with a stolen ISSUE key used up a colleague's list."""
    issuing.hire("thief", 1, ISSUE)
    with refused("StatusRegistryNotHolder", 1, 4):
        issuing.send("thief", "CredentialBatches", "anchor", OTHER_ROOT, 2**17, 1, 0, 1, 1)
    issuing.anchor(1, ROOT)


def test_a_root_front_run_with_a_wrong_size_or_list_does_not_block_the_right_batch(issuing: Suite) -> None:
    """Threat 3: whoever sees a pending root anchors it first."""
    issuing.anchor(2, ROOT, size=64, list_=2)
    batch_id = issuing.anchor(1, ROOT).output
    record = issuing.call("CredentialBatches", "batch", batch_id)
    assert (record["issuer"], record["size"], record["list"]) == (1, 100, 1)


def test_two_batches_of_one_root_and_different_sizes_are_two_records(issuing: Suite) -> None:
    small = issuing.anchor(1, ROOT, size=64).output
    large = issuing.anchor(1, ROOT, size=100, first=64).output
    assert small != large
    assert [issuing.call("CredentialBatches", "batch", each)["size"] for each in (small, large)] == [64, 100]


@pytest.mark.parametrize(("first", "next_"), [(0, 100), (99, 100), (101, 100)])
def test_a_batch_that_does_not_follow_the_last_is_told_the_counter(first: int, next_: int, issuing: Suite) -> None:
    issuing.anchor(1, ROOT)
    with refused("CounterMoved", next_):
        issuing.anchor(1, OTHER_ROOT, first=first)
    issuing.anchor(1, OTHER_ROOT, first=next_)


def test_a_batch_fills_a_list_to_its_last_entry_and_not_beyond(issuing: Suite) -> None:
    issuing.anchor(1, ROOT, size=2**17 - 1)
    with refused("StatusRegistryListFull", 1, 1):
        issuing.anchor(1, OTHER_ROOT, size=2, first=2**17 - 1)
    issuing.anchor(1, OTHER_ROOT, size=1, first=2**17 - 1)
    with refused("StatusRegistryListFull", 1, 0):
        issuing.anchor(1, b"\x13" * 32, size=1, first=2**17)


def test_a_list_of_another_issuer_takes_no_batch(issuing: Suite) -> None:
    with refused("StatusRegistryNotIssuer", 2, 1):
        issuing.anchor(1, list_=2)
    with refused("StatusRegistryNotIssuer", 3, 1):
        issuing.anchor(1, list_=3)


@pytest.mark.parametrize("person", ["govern", "deputy", "admin", "status", "recovery"])
def test_only_an_issue_operator_anchors(person: str, issuing: Suite) -> None:
    with refused("CredentialBatchesNotIssueOperator", account(f"{person} 1")):
        issuing.anchor(1, by=person)


def test_an_operator_that_was_retired_or_compromised_anchors_no_more(issuing: Suite) -> None:
    retired, compromised = issuing.fork(), issuing
    retired.send("admin 1", "Operators", "retireOperator", account("issue 1"))
    compromised.send("admin 1", "Operators", "markOperatorCompromised", account("issue 1"), issuing.chain.timestamp)
    for suite in (retired, compromised):
        with refused("CredentialBatchesNotIssueOperator"):
            suite.anchor(1)


@pytest.mark.parametrize(("function", "state"), [("suspend", 3), ("withdraw", 4)])
def test_an_issuer_that_is_not_recognised_cannot_anchor(function: str, state: int, issuing: Suite) -> None:
    issuing.decide(("IssuerRegistry", function, 1, DOCUMENT))
    with refused("IssuerRegistryNotRecognised", 1, state):
        issuing.anchor(1)
    with refused("StatusRegistryNotRecognised", 1):
        issuing.open_list(1)
    issuing.anchor(2, list_=2)


def test_an_applicant_cannot_anchor(suite: Suite) -> None:
    suite.register(1)
    with refused("IssuerRegistryNotRecognised", 1, 1):
        suite.anchor(1)


@pytest.mark.parametrize(("offset", "is_in_force"), [(-1, False), (0, True), (9, True), (10, False)])
def test_a_scope_is_in_force_from_its_first_second_to_before_its_last(
    offset: int, is_in_force: bool, issuing: Suite
) -> None:
    start = issuing.chain.timestamp + DAY
    issuing.govern("IssuerRegistry", "addScope", 1, (1, 0, 1, 9, 0, start, start + 10), DOCUMENT)
    issuing.chain.mine(DAY + offset)
    if is_in_force:
        issuing.anchor(1, scope=2)
        return
    with refused("IssuerRegistryScopeNotInForce", 1, 2):
        issuing.anchor(1, scope=2)


@pytest.mark.parametrize("index", [0, 2, 65535])
def test_a_scope_that_does_not_exist_anchors_nothing(index: int, issuing: Suite) -> None:
    with refused("IssuerRegistryScopeNotInForce", 1, index):
        issuing.anchor(1, scope=index)


def test_an_imported_register_is_a_batch_of_another_kind(issuing: Suite) -> None:
    """Threat 30: the kind stands in leaf, record and batch id."""
    own, imported = issuing.anchor(1, ROOT).output, issuing.anchor(1, ROOT, first=100, kind=2).output
    assert own != imported == expected_id(issuing, ROOT, 100, kind=2)
    assert issuing.call("CredentialBatches", "batch", imported)["kind"] == 2


# --- several at once -------------------------------------------------------------------------------------------------


def test_several_batches_are_anchored_in_one_transaction(issuing: Suite) -> None:
    anchorings = [(ROOT, 10, 1, 0, 1, 1), (OTHER_ROOT, 20, 1, 10, 1, 1), (ROOT, 10, 1, 0, 1, 1)]
    receipt = issuing.send("issue 1", "CredentialBatches", "anchorMany", anchorings)
    first, second = expected_id(issuing, ROOT, 10), expected_id(issuing, OTHER_ROOT, 20)
    assert receipt.output == [first, second, first]
    assert [event["batchId"] for event in receipt.named("BatchAnchored")] == [first, second]
    assert [event["operator"] for event in receipt.named("BatchAnchored")] == [account("issue 1")] * 2


def test_several_batches_revert_whole_and_name_the_failing_position(issuing: Suite) -> None:
    anchorings = [(ROOT, 10, 1, 0, 1, 1), (OTHER_ROOT, 20, 1, 11, 1, 1)]
    with pytest.raises(Reverted) as caught:
        issuing.send("issue 1", "CredentialBatches", "anchorMany", anchorings)
    assert (caught.value.name, caught.value.facts[0]) == ("CredentialBatchesAnchoringFailed", 1)
    assert (caught.value.cause.name, caught.value.cause.facts) == ("CounterMoved", (10,))
    assert issuing.call("CredentialBatches", "batch", expected_id(issuing, ROOT, 10))["issuer"] == 0


# --- contains --------------------------------------------------------------------------------------------------------


def leaf_input(index: int, **changes: int) -> bytes:
    """142 bytes as docs/protocol.md 2 lays them out; a different one for each index."""
    head: dict[str, Any] = {"version": 1, "kind": 1, "issuer": 1, "list": 1} | changes
    widths = {"version": 1, "kind": 1, "issuer": 4, "list": 4}
    encoded = b"".join(head[name].to_bytes(width, "big") for name, width in widths.items())
    return encoded + (94567 + index).to_bytes(4, "big") + keccak256(bytes([index])) * 4


@pytest.fixture
def held(issuing: Suite) -> tuple[Suite, bytes, Tree, list[bytes]]:
    """A batch of five on the chain: the suite, its id, its tree, its leaf inputs."""
    inputs = [leaf_input(index) for index in range(5)]
    tree = Tree([leaf_hash(each) for each in inputs])
    return issuing, issuing.anchor(1, tree.root, size=5).output, tree, inputs


Held = tuple[Suite, bytes, Tree, list[bytes]]


def test_each_leaf_of_a_batch_is_contained_at_its_index(held: Held) -> None:
    suite, batch_id, tree, inputs = held
    for index, each in enumerate(inputs):
        assert suite.call("CredentialBatches", "contains", batch_id, each, index, tree.path(index))


def test_a_leaf_at_another_index_or_with_another_path_is_not_contained(held: Held) -> None:
    suite, batch_id, tree, inputs = held
    for index in (0, 2, 3, 4, 5, 2**32 - 1):
        assert not suite.call("CredentialBatches", "contains", batch_id, inputs[1], index, tree.path(1))
    for path in (tree.path(1)[:-1], (*tree.path(1), ROOT), tree.path(2), ()):
        assert not suite.call("CredentialBatches", "contains", batch_id, inputs[1], 1, path)


def test_a_leaf_one_bit_away_is_not_contained(held: Held) -> None:
    suite, batch_id, tree, inputs = held
    for position in range(0, 142, 9):
        altered = bytearray(inputs[1])
        altered[position] ^= 1
        assert not suite.call("CredentialBatches", "contains", batch_id, bytes(altered), 1, tree.path(1))


@pytest.mark.parametrize("length", [0, 10, 64, 65, 141, 143])
def test_an_inner_node_or_any_input_of_another_length_is_no_leaf(length: int, held: Held) -> None:
    """Threat 4: an inner node passes as a leaf."""
    suite, batch_id, tree, inputs = held
    assert not suite.call("CredentialBatches", "contains", batch_id, (inputs[1] + b"\0")[:length], 1, tree.path(1))


@pytest.mark.parametrize("change", [{"version": 2}, {"kind": 2}, {"issuer": 2}, {"list": 2}])
def test_a_leaf_made_for_another_batch_is_not_contained_even_under_its_root(
    change: dict[str, int], issuing: Suite
) -> None:
    tree = Tree([leaf_hash(leaf_input(0, **change))])
    batch_id = issuing.anchor(1, tree.root, size=1).output
    assert not issuing.call("CredentialBatches", "contains", batch_id, leaf_input(0, **change), 0, [])


def test_nothing_is_contained_in_a_batch_that_was_not_anchored(held: Held) -> None:
    suite, batch_id, tree, inputs = held
    unknown = expected_id(suite, tree.root, 6)
    assert not suite.call("CredentialBatches", "contains", unknown, inputs[1], 1, tree.path(1))
    assert suite.call("CredentialBatches", "batch", unknown)["issuer"] == 0
    assert suite.call("CredentialBatches", "batchId", 1, 1, 1, 5, tree.root) == batch_id
