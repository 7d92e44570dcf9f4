"""Status lists: who writes, what changes, and how a stolen key's work is undone (threat 7)."""

import pytest

from tests.contracts.evm import refused
from tests.contracts.suite import ISSUE, STATUS, Suite, account

DOCUMENT = b"\x07" * 32
FULL = 2**256 - 1
LAST = 2**17 - 1


def status(suite: Suite, index: int, list_: int = 1) -> tuple[bool, bool]:
    found: tuple[bool, bool] = suite.call("StatusRegistry", "statusOf", list_, index)
    return found


def write(suite: Suite, function: str, *arguments: object, person: str = "status 1", list_: int = 1) -> list[str]:
    """One transaction to a list; the names of its events."""
    receipt = suite.send(person, "StatusRegistry", function, list_, *arguments)
    return [event.name for event in receipt.events]


def test_a_list_is_opened_for_the_callers_institution(issuing: Suite) -> None:
    receipt = issuing.send("issue 2", "StatusRegistry", "openList", 24)
    assert receipt.output == 3
    assert receipt.named("ListOpened") == [{"list": 3, "issuer": 2, "log2size": 24, "holder": 4}]
    assert issuing.call("StatusRegistry", "listOf", 3) == {
        "issuer": 2,
        "log2size": 24,
        "openedAt": issuing.chain.timestamp,
        "next": 0,
        "custodian": 0,
        "holder": 4,
    }
    assert issuing.call("StatusRegistry", "nextList") == 4


@pytest.mark.parametrize("log2size", [0, 16, 25, 255])
def test_a_list_is_neither_small_enough_to_name_a_learner_nor_too_large_to_read(log2size: int, issuing: Suite) -> None:
    with refused("StatusRegistrySizeOutOfBounds", log2size):
        issuing.open_list(1, log2size)


@pytest.mark.parametrize("index", [0, 1, 255, 256, 94567, LAST])
def test_one_credential_is_revoked_and_its_neighbours_are_not(index: int, issuing: Suite) -> None:
    assert write(issuing, "revoke", index, 2) == ["CredentialRevoked"]
    assert status(issuing, index) == (True, False)
    for neighbour in {index - 1, index + 1} & set(range(LAST + 1)):
        assert status(issuing, neighbour) == (False, False)
    assert status(issuing, index, 2) == (False, False)


def test_a_credential_is_suspended_and_reinstated_explicitly(issuing: Suite) -> None:
    assert write(issuing, "suspend", 5, 1) == ["CredentialSuspended"]
    assert status(issuing, 5) == (False, True)
    assert write(issuing, "reinstate", 5, 0) == ["CredentialReinstated"]
    assert status(issuing, 5) == (False, False)


def test_nothing_that_the_issuer_does_brings_a_revoked_credential_back(issuing: Suite) -> None:
    write(issuing, "revoke", 5, 0)
    write(issuing, "suspend", 5, 0)
    write(issuing, "reinstate", 5, 0)
    write(issuing, "reinstateWords", [0], [FULL], 0)
    assert status(issuing, 5) == (True, False)
    with refused("GovernedNotAlliance"):
        write(issuing, "clearRevocations", [0], [FULL], DOCUMENT)


@pytest.mark.parametrize("function", ["revoke", "suspend"])
def test_a_status_that_holds_already_is_refused(function: str, issuing: Suite) -> None:
    write(issuing, function, 5, 0)
    with refused("StatusRegistryUnchanged", 1, 5):
        write(issuing, function, 5, 0)


@pytest.mark.parametrize("index", [2**17, 2**32 - 1])
@pytest.mark.parametrize("function", ["revoke", "suspend", "reinstate"])
def test_an_index_outside_the_list_is_refused(function: str, index: int, issuing: Suite) -> None:
    with refused("StatusRegistryIndexOutOfBounds", 1, index):
        write(issuing, function, index, 0)


# --- whole words -----------------------------------------------------------------------------------------------------


def test_words_change_many_and_events_tell_only_what_changed(issuing: Suite) -> None:
    write(issuing, "revoke", 256, 0)
    receipt = issuing.send("status 1", "StatusRegistry", "revokeWords", 1, [1, 3, 1], [0b11, FULL, 0b10], 3)
    assert receipt.named("WordsRevoked") == [
        {"list": 1, "wordIndex": 1, "mask": 0b10, "reason": 3},
        {"list": 1, "wordIndex": 3, "mask": FULL, "reason": 3},
    ]
    assert write(issuing, "revokeWords", [1, 3], [0b11, FULL], 3) == []
    revoked, suspended = issuing.call("StatusRegistry", "words", 1, 0, 5)
    assert (list(revoked), list(suspended)) == ([0, 0b11, 0, FULL, 0], [0] * 5)


def test_words_are_suspended_and_reinstated(issuing: Suite) -> None:
    assert write(issuing, "suspendWords", [0, 511], [0b1010, FULL], 1) == ["WordsSuspended"] * 2
    receipt = issuing.send("status 1", "StatusRegistry", "reinstateWords", 1, [0, 511], [0b0110, 0], 1)
    assert receipt.named("WordsReinstated") == [{"list": 1, "wordIndex": 0, "mask": 0b0010, "reason": 1}]
    assert issuing.call("StatusRegistry", "words", 1, 0, 1)[1] == [0b1000]
    assert status(issuing, LAST) == (False, True)


@pytest.mark.parametrize("function", ["revokeWords", "suspendWords", "reinstateWords"])
def test_a_word_outside_the_list_reverts_all_and_is_named(function: str, issuing: Suite) -> None:
    with refused("StatusRegistryWordOutOfBounds", 1, 512):
        write(issuing, function, [0, 512], [FULL, FULL], 0)
    assert status(issuing, 0) == (False, False)


# --- who writes ------------------------------------------------------------------------------------------------------

WRITES = [("revoke", (1, 0)), ("suspend", (1, 0)), ("reinstate", (1, 0))] + [
    (f"{name}Words", ([0], [1], 0)) for name in ("revoke", "suspend", "reinstate")
]


@pytest.mark.parametrize(("function", "arguments"), WRITES)
@pytest.mark.parametrize("person", ["status 2", "issue 1", "admin 1", "govern 1", "stranger"])
def test_only_status_of_the_lists_issuer_writes(
    person: str, function: str, arguments: tuple[object, ...], issuing: Suite
) -> None:
    with refused("StatusRegistryNotKeeper", 1, account(person)):
        write(issuing, function, *arguments, person=person)


@pytest.mark.parametrize(("function", "arguments"), WRITES)
def test_a_reason_is_coarse(function: str, arguments: tuple[object, ...], issuing: Suite) -> None:
    """Threat 21: precise reasons tell on learners."""
    with refused("StatusRegistryReasonOutOfBounds", 4):
        write(issuing, function, *arguments[:-1], 4)


def test_a_stolen_status_keys_mass_revocation_is_cleared_by_vote(issuing: Suite) -> None:
    """Threat 7: a whole list revoked with a stolen key."""
    write(issuing, "revoke", 77, 0)
    theft = issuing.chain.timestamp + 60
    issuing.chain.mine(60)
    for start in range(0, 512, 256):
        write(issuing, "revokeWords", list(range(start, start + 256)), [FULL] * 256, 0)
    assert status(issuing, LAST) == (True, False)
    issuing.send("admin 1", "Operators", "markOperatorCompromised", account("status 1"), theft)
    with refused("StatusRegistryNotKeeper"):
        write(issuing, "revokeWords", [0], [FULL], 0)
    masks = [FULL] * 512
    masks[0] ^= 1 << 77  # that one was rightly revoked
    calls = [
        ("StatusRegistry", "clearRevocations", 1, list(range(at, at + 128)), masks[at : at + 128], DOCUMENT)
        for at in range(0, 512, 128)
    ]
    receipts = [issuing.decide(call) for call in calls]
    cleared = [event for receipt in receipts for event in receipt.named("RevocationsCleared")]
    assert len(cleared) == 512
    assert {event["document"] for event in cleared} == {DOCUMENT}
    revoked, _ = issuing.call("StatusRegistry", "words", 1, 0, 512)
    assert list(revoked) == [1 << 77] + [0] * 511


def test_a_clearing_names_only_what_was_revoked(issuing: Suite) -> None:
    write(issuing, "revoke", 3, 0)
    receipt = issuing.decide(("StatusRegistry", "clearRevocations", 1, [0, 1], [FULL, FULL], DOCUMENT))
    assert receipt.named("RevocationsCleared") == [
        {"list": 1, "wordIndex": 0, "mask": 1 << 3, "document": DOCUMENT},
    ]


# --- custodians ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", ["suspend", "withdraw"])
def test_an_issuer_that_is_not_recognised_loses_its_lists_to_the_custodian(function: str, issuing: Suite) -> None:
    issuing.decide(("IssuerRegistry", function, 1, DOCUMENT))
    with refused("StatusRegistryNotKeeper", 1, account("status 1")):
        write(issuing, "revoke", 5, 0)
    with refused("StatusRegistryNotKeeper", 1, account("status 2")):
        write(issuing, "revoke", 5, 0, person="status 2")
    receipt = issuing.decide(("StatusRegistry", "setCustodian", 1, 2, DOCUMENT))
    assert receipt.named("CustodianNamed") == [{"list": 1, "custodian": 2, "document": DOCUMENT}]
    assert write(issuing, "revoke", 5, 0, person="status 2") == ["CredentialRevoked"]
    with refused("StatusRegistryNotKeeper", 1, account("status 1")):
        write(issuing, "revoke", 6, 0)


def test_a_reinstated_issuer_has_its_lists_back_and_the_custodian_has_not(issuing: Suite) -> None:
    issuing.govern("IssuerRegistry", "suspend", 1, DOCUMENT)
    issuing.govern("StatusRegistry", "setCustodian", 1, 2, DOCUMENT)
    issuing.govern("IssuerRegistry", "reinstate", 1, DOCUMENT)
    with refused("StatusRegistryNotKeeper", 1, account("status 2")):
        write(issuing, "revoke", 5, 0, person="status 2")
    write(issuing, "revoke", 5, 0)


def test_a_custodian_keeps_statuses_and_anchors_nothing(issuing: Suite) -> None:
    issuing.govern("IssuerRegistry", "suspend", 1, DOCUMENT)
    issuing.govern("StatusRegistry", "setCustodian", 1, 2, DOCUMENT)
    with refused("StatusRegistryNotIssuer", 1, 2):
        issuing.anchor(2, list_=1)


def test_only_the_alliance_names_a_custodian_and_only_an_institution(issuing: Suite) -> None:
    with refused("GovernedNotAlliance", account("govern 1")):
        issuing.send("govern 1", "StatusRegistry", "setCustodian", 1, 2, DOCUMENT)
    with refused("StatusRegistryUnknownInstitution", 3):
        issuing.decide(("StatusRegistry", "setCustodian", 1, 3, DOCUMENT))
    with refused("StatusRegistryUnknownList", 3):
        issuing.decide(("StatusRegistry", "setCustodian", 3, 2, DOCUMENT))


def test_a_new_status_operator_of_the_issuer_writes(issuing: Suite) -> None:
    issuing.hire("newcomer", 1, STATUS)
    assert write(issuing, "revoke", 9, 0, person="newcomer") == ["CredentialRevoked"]


# --- who fills a list ------------------------------------------------------------------------------------------------


def test_a_list_is_handed_over_by_admin_or_vote_and_its_new_holder_alone_fills_it(issuing: Suite) -> None:
    issuing.hire("newcomer", 1, ISSUE)
    receipt = issuing.send("admin 1", "StatusRegistry", "handOver", 1, account("newcomer"))
    assert receipt.named("ListHandedOver") == [{"list": 1, "holder": 6, "by": account("admin 1")}]
    with refused("StatusRegistryNotHolder", 1, 6):
        issuing.anchor(1)
    issuing.send("newcomer", "CredentialBatches", "anchor", b"\x11" * 32, 100, 1, 0, 1, 1)
    issuing.decide(("StatusRegistry", "handOver", 1, account("issue 1")))
    issuing.anchor(1, b"\x12" * 32, first=100)


@pytest.mark.parametrize("person", ["issue 1", "govern 1", "status 1", "admin 2", "stranger"])
def test_nobody_else_hands_a_list_over(person: str, issuing: Suite) -> None:
    with refused("StatusRegistryNotAdmin", 1, account(person)):
        issuing.send(person, "StatusRegistry", "handOver", 1, account("issue 1"))


def test_a_frozen_admin_hands_no_list_over(issuing: Suite) -> None:
    """Else a stolen ADMIN that was seen in time still gives every list to an account of its own."""
    issuing.hire("newcomer", 1, ISSUE)
    issuing.send("govern 1", "Operators", "freezeAdmin", account("admin 1"))
    with refused("StatusRegistryAdminFrozen"):
        issuing.send("admin 1", "StatusRegistry", "handOver", 1, account("newcomer"))
    issuing.anchor(1)
    issuing.decide(("StatusRegistry", "handOver", 1, account("newcomer")))


@pytest.mark.parametrize("person", ["issue 2", "status 1", "admin 1", "stranger"])
def test_a_list_is_handed_to_an_issue_account_of_its_issuer_alone(person: str, issuing: Suite) -> None:
    with refused("StatusRegistryCannotHold", 1, account(person)):
        issuing.send("admin 1", "StatusRegistry", "handOver", 1, account(person))


def test_a_list_that_is_not_there_is_not_handed_over(issuing: Suite) -> None:
    with refused("StatusRegistryUnknownList", 3):
        issuing.send("admin 1", "StatusRegistry", "handOver", 3, account("issue 1"))


def test_a_holder_that_was_retired_leaves_its_list_to_be_handed_over(issuing: Suite) -> None:
    issuing.hire("newcomer", 1, ISSUE)
    issuing.send("admin 1", "Operators", "retireOperator", account("issue 1"))
    with refused("StatusRegistryCannotHold"):
        issuing.send("admin 1", "StatusRegistry", "handOver", 1, account("issue 1"))
    issuing.send("admin 1", "StatusRegistry", "handOver", 1, account("newcomer"))
    issuing.send("newcomer", "CredentialBatches", "anchor", b"\x11" * 32, 100, 1, 0, 1, 1)
