"""Whole batches out of force: who voids, who lifts, who clears, and what counts in between."""

import pytest
from testamur.artifacts.genesis import directory_name

from tests.contracts.evm import refused
from tests.contracts.suite import DAY, PERIODS, STATUS, Suite, account

DOCUMENT = b"\x07" * 32
DELAY = PERIODS["voidDelay"]


@pytest.fixture
def batch(issuing: Suite) -> bytes:
    """A batch of 100 in list 1 of institution 1."""
    found: bytes = issuing.anchor(1).output
    return found


def void(suite: Suite, batch: bytes, person: str = "status 1", *, size: int = 100, reason: int = 1) -> None:
    suite.send(person, "StatusRegistry", "voidBatch", 1, batch, size, reason)


def status(suite: Suite, batch: bytes) -> tuple[bool, bool]:
    found: tuple[bool, bool] = suite.call("StatusRegistry", "batchStatusOf", 1, batch)
    return found


def test_a_voided_batch_is_suspended_at_first_and_revoked_from_the_second_written_down(
    issuing: Suite, batch: bytes
) -> None:
    receipt = issuing.send("status 1", "StatusRegistry", "voidBatch", 1, batch, 100, 1)
    now = issuing.chain.timestamp
    told = {"batchId": batch, "list": 1, "batchesVersion": 1, "revokedFrom": now + DELAY, "reason": 1}
    assert receipt.named("BatchVoided") == [{**told, "operator": account("status 1")}]
    assert issuing.call("StatusRegistry", "voidOf", 1, batch) == {
        "since": now,
        "revokedFrom": now + DELAY,
        "lifted": 0,
        "cleared": 0,
        "institution": 1,
        "list": 1,
        "operatorIndex": 5,
        "reason": 1,
    }
    issuing.chain.mine(DELAY - 1)
    assert status(issuing, batch) == (False, True)
    issuing.chain.mine(1)
    assert status(issuing, batch) == (True, False)


def test_a_period_that_is_changed_later_bends_no_voiding(issuing: Suite, batch: bytes) -> None:
    void(issuing, batch)
    revoked_from = issuing.call("StatusRegistry", "voidOf", 1, batch)["revokedFrom"]
    issuing.govern("Alliance", "setParameter", directory_name("voidDelay"), 10 * DAY)
    issuing.chain.mine(revoked_from - issuing.chain.timestamp)
    assert status(issuing, batch) == (True, False)


def test_govern_lifts_a_stolen_accounts_voiding_and_the_account_once_cut_off_voids_no_more(
    issuing: Suite, batch: bytes
) -> None:
    void(issuing, batch)
    receipt = issuing.send("govern 1", "StatusRegistry", "liftVoid", 1, batch)
    assert receipt.named("BatchVoidLifted") == [
        {"batchId": batch, "list": 1, "batchesVersion": 1, "operator": account("govern 1")}
    ]
    assert status(issuing, batch) == (False, False)
    assert issuing.call("StatusRegistry", "voidOf", 1, batch)["lifted"] == issuing.chain.timestamp
    issuing.send("admin 1", "Operators", "markOperatorCompromised", account("status 1"), issuing.chain.timestamp)
    with refused("StatusRegistryNotKeeper", 1, account("status 1")):
        void(issuing, batch)
    assert status(issuing, batch) == (False, False)


def test_what_was_lifted_is_voided_again_and_its_delay_begins_anew(issuing: Suite, batch: bytes) -> None:
    void(issuing, batch)
    issuing.send("govern 1", "StatusRegistry", "liftVoid", 1, batch)
    issuing.chain.mine(2 * DELAY)
    void(issuing, batch, reason=2)
    found = issuing.call("StatusRegistry", "voidOf", 1, batch)
    assert (found["since"], found["lifted"], found["reason"]) == (issuing.chain.timestamp, 0, 2)
    assert status(issuing, batch) == (False, True)


@pytest.mark.parametrize("person", ["status 1", "admin 1", "issue 1", "govern 2", "stranger"])
def test_nobody_but_govern_of_its_institution_lifts(person: str, issuing: Suite, batch: bytes) -> None:
    void(issuing, batch)
    with refused("BatchVoidsCannotLift", batch, account(person)):
        issuing.send(person, "StatusRegistry", "liftVoid", 1, batch)


def test_what_counts_as_revoked_is_cleared_by_a_vote_alone(issuing: Suite, batch: bytes) -> None:
    void(issuing, batch)
    revoked_from = issuing.call("StatusRegistry", "voidOf", 1, batch)["revokedFrom"]
    issuing.chain.mine(revoked_from - issuing.chain.timestamp)
    with refused("BatchVoidsLiftTooLate", batch, revoked_from):
        issuing.send("govern 1", "StatusRegistry", "liftVoid", 1, batch)
    with refused("GovernedNotAlliance", account("govern 1")):
        issuing.send("govern 1", "StatusRegistry", "clearVoid", 1, batch, DOCUMENT)
    receipt = issuing.decide(("StatusRegistry", "clearVoid", 1, batch, DOCUMENT))
    assert receipt.named("BatchVoidCleared") == [
        {"batchId": batch, "list": 1, "batchesVersion": 1, "document": DOCUMENT}
    ]
    assert status(issuing, batch) == (False, False)


def test_a_void_batch_is_neither_voided_nor_freed_twice(issuing: Suite, batch: bytes) -> None:
    void(issuing, batch)
    with refused("BatchVoidsVoidAlready", batch):
        void(issuing, batch)
    issuing.send("govern 1", "StatusRegistry", "liftVoid", 1, batch)
    with refused("BatchVoidsNotVoid", batch):
        issuing.send("govern 1", "StatusRegistry", "liftVoid", 1, batch)
    with refused("BatchVoidsNotVoid", batch):
        issuing.govern("StatusRegistry", "clearVoid", 1, batch, DOCUMENT)


@pytest.mark.parametrize("person", ["status 2", "issue 1", "admin 1", "govern 1", "stranger"])
def test_only_status_of_the_keeper_voids(person: str, issuing: Suite, batch: bytes) -> None:
    with refused("StatusRegistryNotKeeper", 1, account(person)):
        void(issuing, batch, person)


def test_a_mistyped_batch_is_refused(issuing: Suite, batch: bytes) -> None:
    with refused("BatchVoidsOtherSize", batch, 100):
        void(issuing, batch, size=99)
    with refused("BatchVoidsUnknownBatch", 1, DOCUMENT):
        void(issuing, DOCUMENT)
    with refused("StatusRegistryReasonOutOfBounds", 4):
        void(issuing, batch, reason=4)


def test_no_batch_is_void_before_it_is_recorded(issuing: Suite) -> None:
    """A STATUS thief prepares no trap for a batch to come."""
    root = b"\x13" * 32
    coming = issuing.call("CredentialBatches", "batchId", 1, 1, 1, 100, root)
    for size in (100, 0):
        with refused("BatchVoidsUnknownBatch", 1, coming):
            void(issuing, coming, size=size)
    assert issuing.anchor(1, root).output == coming
    assert status(issuing, coming) == (False, False)


@pytest.mark.parametrize("version", [0, 2, 65_535])
def test_a_version_that_never_acted_has_recorded_nothing(version: int, issuing: Suite, batch: bytes) -> None:
    with refused("BatchVoidsUnknownBatch", version, batch):
        issuing.send("status 1", "StatusRegistry", "voidBatch", version, batch, 100, 1)


def test_a_waiting_successors_word_on_batches_counts_for_nothing(issuing: Suite, batch: bytes) -> None:
    parts = [issuing.address("Operators"), issuing.address("Directory")]
    waiting = issuing.chain.deploy("CredentialBatches", b"\x0e" * 20, ["address", "address"], parts)
    issuing.govern("Directory", "set", directory_name("CredentialBatches"), waiting, 1)
    with refused("BatchVoidsUnknownBatch", 2, batch):
        issuing.send("status 1", "StatusRegistry", "voidBatch", 2, batch, 100, 1)
    issuing.chain.mine(PERIODS["directoryDelay"])
    with refused("BatchVoidsUnknownBatch", 2, batch):
        issuing.send("status 1", "StatusRegistry", "voidBatch", 2, batch, 100, 1)
    void(issuing, batch)  # that of the version before is voided as ever
    assert status(issuing, batch) == (False, True)


def test_a_batch_is_voided_where_its_list_stands(issuing: Suite, batch: bytes) -> None:
    parts = [issuing.address(name) for name in ("Alliance", "Operators", "Directory")]
    types = ["address"] * 3 + ["uint32"]
    successor = issuing.chain.deploy("StatusRegistry", b"\x0e" * 20, types, [*parts, 1])
    issuing.govern("Directory", "set", directory_name("StatusRegistry"), successor, 1)
    issuing.chain.mine(PERIODS["directoryDelay"])
    with refused("StatusRegistryUnknownList", 1):
        issuing.chain.send(account("status 1"), successor, "voidBatch", 1, batch, 100, 1)
    void(issuing, batch)
    assert status(issuing, batch) == (False, True)


def test_a_suspended_issuers_custodian_voids_and_its_own_govern_does_not_lift_that(
    issuing: Suite, batch: bytes
) -> None:
    issuing.govern("IssuerRegistry", "suspend", 1, DOCUMENT)
    with refused("StatusRegistryNotKeeper", 1, account("status 1")):
        void(issuing, batch)
    issuing.govern("StatusRegistry", "setCustodian", 1, 2, DOCUMENT)
    void(issuing, batch, "status 2")
    with refused("BatchVoidsCannotLift", batch, account("govern 1")):
        issuing.send("govern 1", "StatusRegistry", "liftVoid", 1, batch)
    issuing.send("govern 2", "StatusRegistry", "liftVoid", 1, batch)


def test_an_issuer_that_was_suspended_over_a_theft_still_lifts_what_the_thief_voided(
    issuing: Suite, batch: bytes
) -> None:
    void(issuing, batch)
    issuing.govern("IssuerRegistry", "suspend", 1, DOCUMENT)
    issuing.send("govern 1", "StatusRegistry", "liftVoid", 1, batch)
    assert status(issuing, batch) == (False, False)


def test_a_reinstated_issuers_govern_lifts_what_its_custodian_voided(issuing: Suite, batch: bytes) -> None:
    issuing.govern("IssuerRegistry", "suspend", 1, DOCUMENT)
    issuing.govern("StatusRegistry", "setCustodian", 1, 2, DOCUMENT)
    void(issuing, batch, "status 2")
    issuing.govern("IssuerRegistry", "reinstate", 1, DOCUMENT)
    issuing.send("govern 1", "StatusRegistry", "liftVoid", 1, batch)
    assert status(issuing, batch) == (False, False)


def test_a_voiding_touches_no_other_batch_and_no_bit(issuing: Suite, batch: bytes) -> None:
    other = issuing.anchor(1, b"\x12" * 32, first=100).output
    issuing.hire("newcomer", 1, STATUS)
    void(issuing, batch, "newcomer")
    assert status(issuing, other) == (False, False)
    revoked, suspended = issuing.call("StatusRegistry", "words", 1, 0, 2)
    assert (list(revoked), list(suspended)) == ([0, 0], [0, 0])


def test_a_batch_of_any_size_takes_the_same_gas(issuing: Suite) -> None:
    small = issuing.anchor(1, size=1).output
    large = issuing.anchor(1, b"\x12" * 32, size=2**17 - 1, first=1).output
    used = [
        issuing.send("status 1", "StatusRegistry", "voidBatch", 1, batch, size, 1).gas
        for batch, size in ((small, 1), (large, 2**17 - 1))
    ]
    assert abs(used[0] - used[1]) < 200
    assert max(used) < 90_000
