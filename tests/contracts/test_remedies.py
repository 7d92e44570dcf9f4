"""The remedy of a dispute: one revocation of a leaf that its batch holds, by the contract named Disputes alone."""

import pytest

from tests.contracts.court import appoint, leaf, recorded
from tests.contracts.evm import Receipt, refused
from tests.contracts.suite import Suite, account

DISPUTE = b"\x44" * 32
OTHER = b"\x45" * 32


class Case:
    """A batch of five, and a court that may give remedies."""

    def __init__(self, suite: Suite, leaves: list[bytes] | None = None) -> None:
        self.suite = suite
        self.leaves = leaves or [leaf(index) for index in range(5)]
        self.batch, self.tree = recorded(suite, self.leaves)
        self.court = appoint(suite)

    def remedy(
        self,
        index: int = 1,
        *,
        dispute: bytes = DISPUTE,
        by: bytes | None = None,
        input_: bytes | None = None,
        version: int = 1,
        reason: int = 1,
    ) -> Receipt:
        registry, path = self.suite.address("StatusRegistry"), list(self.tree.path(index))
        arguments = (dispute, version, self.batch, input_ or self.leaves[index], index, path, reason)
        return self.suite.chain.send(by or self.court, registry, "remedy", *arguments)


@pytest.fixture
def case(issuing: Suite) -> Case:
    return Case(issuing)


def test_a_remedy_revokes_the_place_that_the_leaf_names_and_no_other(case: Case) -> None:
    receipt = case.remedy()
    place = 94567 + 1
    assert receipt.named("DisputeRemedied") == [
        {"dispute": DISPUTE, "list": 1, "index": place, "batchId": case.batch, "by": case.court}
    ]
    assert receipt.named("CredentialRevoked") == [{"list": 1, "index": place, "reason": 1}]
    assert case.suite.call("StatusRegistry", "statusOf", 1, place) == (True, False)
    for neighbour in (place - 1, place + 1):
        assert case.suite.call("StatusRegistry", "statusOf", 1, neighbour) == (False, False)


def test_a_dispute_has_one_remedy(case: Case) -> None:
    case.remedy()
    with refused("StatusRegistryRemedied", DISPUTE):
        case.remedy(2)
    case.remedy(2, dispute=OTHER)


def test_a_keeper_that_revokes_first_does_not_keep_a_dispute_open(case: Case) -> None:
    case.suite.send("status 1", "StatusRegistry", "revoke", 1, 94568, 0)
    assert [event.name for event in case.remedy().events] == ["DisputeRemedied"]
    with refused("StatusRegistryRemedied", DISPUTE):
        case.remedy(2)


@pytest.mark.parametrize("person", ["status 1", "govern 1", "admin 1", "stranger"])
def test_nobody_but_the_contract_named_disputes_gives_a_remedy(person: str, case: Case) -> None:
    with refused("StatusRegistryNotDisputes", account(person)):
        case.remedy(by=account(person))


def test_without_a_contract_of_that_name_nobody_gives_a_remedy(issuing: Suite) -> None:
    with refused("StatusRegistryNotDisputes", account("stranger")):
        issuing.send("stranger", "StatusRegistry", "remedy", DISPUTE, 1, DISPUTE, leaf(0), 0, [], 1)


def test_a_successors_disputes_count_anew_and_the_old_contract_decides_no_more(case: Case) -> None:
    case.remedy()
    successor = appoint(case.suite, 1)
    with refused("StatusRegistryNotDisputes", case.court):
        case.remedy(2, dispute=OTHER)
    case.remedy(2, by=successor)


def test_a_leaf_that_the_batch_does_not_hold_is_not_revoked(case: Case) -> None:
    for altered in (leaf(1, status_index=7), leaf(2), leaf(1)[:-1], leaf(1) + b"\0", b""):
        with refused("StatusRegistryNotInBatch", case.batch, 1):
            case.remedy(input_=altered or b"\0")
    with refused("BatchVoidsUnknownBatch", 2, case.batch):
        case.remedy(version=2)
    with refused("StatusRegistryReasonOutOfBounds", 4):
        case.remedy(reason=4)
    assert case.suite.call("StatusRegistry", "statusOf", 1, 7) == (False, False)


def test_a_place_outside_the_list_is_refused(issuing: Suite) -> None:
    case = Case(issuing, [leaf(0, status_index=2**17), leaf(1)])
    with refused("StatusRegistryIndexOutOfBounds", 1, 2**17):
        case.remedy(0)
    case.remedy(1)
