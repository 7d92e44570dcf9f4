"""Names, delays and successors; every block's hash (threats 6, 8)."""

import pytest
from testamur.artifacts import CONTRACTS, artifact
from testamur.artifacts.genesis import directory_name
from testamur.artifacts.slots import nested_slot
from testamur.proof.hashing import keccak256

from tests.contracts.evm import SYSTEM, refused
from tests.contracts.suite import DAY, GENESIS_TIME, PERIODS, Suite, account

NO_ONE = b"\x0e" * 20
BATCHES, STATUS = directory_name("CredentialBatches"), directory_name("StatusRegistry")
HOUR = 3600
DELAY = PERIODS["directoryDelay"]
DOCUMENT = b"\x07" * 32
NAMED = keccak256(b"directoryName()")[:4]
PREDECESSOR = keccak256(b"predecessor()")[:4]


def new_batches(suite: Suite) -> bytes:
    parts = [suite.address("Operators"), suite.address("Directory")]
    return suite.chain.deploy("CredentialBatches", NO_ONE, ["address", "address"], parts)


def new_status(suite: Suite, first_list: int = 1) -> bytes:
    parts = [suite.address(name) for name in ("Alliance", "Operators", "Directory")]
    return suite.chain.deploy("StatusRegistry", NO_ONE, ["address"] * 3 + ["uint32"], [*parts, first_list])


def test_the_directory_names_the_genesis_contracts_with_their_code(suite: Suite) -> None:
    for name in CONTRACTS:
        if name == "Directory":
            continue
        entry = suite.call("Directory", "entry", directory_name(name), 1)
        assert entry == {
            "target": suite.address(name),
            "from": GENESIS_TIME,
            "layout": 1,
            "codeHash": keccak256(suite.chain.code(suite.address(name))),
        }
        assert suite.call("Directory", "current", directory_name(name)) == suite.address(name)
        assert suite.call("Directory", "count", directory_name(name)) == 1


def test_a_name_that_genesis_did_not_have_waits_too(suite: Suite) -> None:
    """A registry without batches: its first entry of that name acts after the delay, as any other."""
    lone = suite.chain.deploy(
        "Directory", NO_ONE, ["address", "bytes32[]", "address[]", "uint16[]"], [suite.address("Alliance"), [], [], []]
    )
    batches = suite.chain.deploy("CredentialBatches", NO_ONE, ["address", "address"], [b"\0" * 20, lone])
    suite.chain.send(suite.address("Alliance"), lone, "set", BATCHES, batches, 7)
    assert suite.chain.call(lone, "current", BATCHES) == b"\0" * 20
    with refused("DirectoryUnknownName"):
        suite.chain.call(lone, "resolve", BATCHES)
    suite.chain.mine(DELAY)
    assert suite.chain.call(lone, "resolve", BATCHES) == (batches, 1)
    assert suite.chain.call(lone, "entry", BATCHES, 1)["layout"] == 7


def test_a_successor_acts_after_the_delay_and_not_a_second_sooner(suite: Suite) -> None:
    successor = new_batches(suite)
    suite.decide(("Directory", "set", BATCHES, successor, 1))
    assert suite.call("Directory", "count", BATCHES) == 2
    suite.chain.mine(DELAY - 1)
    assert suite.call("Directory", "resolve", BATCHES) == (suite.address("CredentialBatches"), 1)
    suite.chain.mine()
    assert suite.call("Directory", "resolve", BATCHES) == (successor, 2)
    assert suite.call("Directory", "at", BATCHES, suite.chain.timestamp - 1) == suite.address("CredentialBatches")
    assert suite.call("Directory", "at", BATCHES, GENESIS_TIME - 1) == b"\0" * 20


def test_one_entry_a_name_waits_and_a_shortened_delay_lets_no_other_pass_it(suite: Suite) -> None:
    slow, quick = new_batches(suite), new_batches(suite)
    suite.govern("Directory", "set", BATCHES, slow, 1)
    suite.govern("Alliance", "setParameter", directory_name("directoryDelay"), HOUR)
    with refused("DirectoryEntryWaits", BATCHES, 2, suite.chain.timestamp + DELAY):
        suite.govern("Directory", "set", BATCHES, quick, 1)
    suite.chain.mine(DELAY)
    suite.govern("Directory", "set", BATCHES, quick, 1)
    suite.chain.mine(HOUR)
    assert suite.call("Directory", "resolve", BATCHES) == (quick, 3)


def test_a_slip_is_cancelled_and_its_number_and_contract_are_free_again(suite: Suite) -> None:
    slip, right = new_batches(suite), new_batches(suite)
    suite.decide(("Directory", "set", BATCHES, slip, 1))
    suite.chain.mine(DELAY - 100)
    receipt = suite.decide(("Directory", "cancel", BATCHES, DOCUMENT))
    assert receipt.named("EntryCancelled") == [{"name": BATCHES, "version": 2, "target": slip, "document": DOCUMENT}]
    assert suite.call("Directory", "count", BATCHES) == 1
    with refused("DirectoryUnknownVersion", BATCHES, 2):
        suite.call("Directory", "entry", BATCHES, 2)
    suite.decide(("Directory", "set", BATCHES, right, 1))
    suite.chain.mine(200)  # the slip would act now; the next waits the whole delay
    assert suite.call("Directory", "resolve", BATCHES) == (suite.address("CredentialBatches"), 1)
    suite.chain.mine(DELAY)
    assert suite.call("Directory", "resolve", BATCHES) == (right, 2)
    suite.decide(("Directory", "set", BATCHES, slip, 1))
    suite.chain.mine(DELAY)
    assert suite.call("Directory", "resolve", BATCHES) == (slip, 3)


def test_what_acts_already_is_not_cancelled_and_only_the_alliance_cancels(suite: Suite) -> None:
    with refused("DirectoryNothingWaits", BATCHES):
        suite.decide(("Directory", "cancel", BATCHES, DOCUMENT))
    suite.decide(("Directory", "set", BATCHES, new_batches(suite), 1))
    with refused("GovernedNotAlliance", account("govern 1")):
        suite.send("govern 1", "Directory", "cancel", BATCHES, DOCUMENT)
    suite.chain.mine(DELAY)
    with refused("DirectoryNothingWaits", BATCHES):
        suite.decide(("Directory", "cancel", BATCHES, DOCUMENT))


@pytest.mark.parametrize("slip", ["Permissions", "IssuerRegistry", "Operators"])
def test_the_address_of_another_contract_is_no_successor(slip: str, suite: Suite) -> None:
    """One mistyped address stopped every revocation, and no later version could open a list."""
    with refused("DirectoryUnfit", STATUS, suite.address(slip), NAMED):
        suite.decide(("Directory", "set", STATUS, suite.address(slip), 1))


@pytest.mark.parametrize("wrong", ["Alliance", "Operators", "Directory"])
def test_a_contract_of_another_alliance_is_no_successor(wrong: str, suite: Suite) -> None:
    parts = {name: suite.address(name) for name in ("Alliance", "Operators", "Directory")} | {wrong: NO_ONE}
    target = suite.chain.deploy("StatusRegistry", NO_ONE, ["address"] * 3 + ["uint32"], [*parts.values(), 1])
    selector = keccak256(f"{wrong.lower()}()".encode())[:4]
    with refused("DirectoryUnfit", STATUS, target, selector):
        suite.decide(("Directory", "set", STATUS, target, 1))


def candidate(suite: Suite, name: bytes, predecessor: bytes | None) -> bytes:
    """A contract that answers its name, and its predecessor where it has one, and reverts at any other question."""
    answers = {NAMED: name} | ({} if predecessor is None else {PREDECESSOR: predecessor.rjust(32, b"\0")})
    runtime = bytes.fromhex("5f3560e01c")  # the selector
    for position, selector in enumerate(answers):
        place = 5 + 11 * len(answers) + 3 + 42 * position
        runtime += b"\x80\x63" + selector + b"\x14\x61" + place.to_bytes(2, "big") + b"\x57"
    runtime += bytes.fromhex("5f5ffd")
    for answer in answers.values():
        runtime += b"\x5b\x7f" + answer + bytes.fromhex("5f5260205ff35b00")
    init_code = b"\x60" + bytes([len(runtime)]) + bytes.fromhex("600a5f3960") + bytes([len(runtime)]) + b"\x5f\xf3"
    return suite.chain.create("Anything", NO_ONE, init_code + runtime)


def test_what_has_a_predecessor_names_the_version_in_force(suite: Suite) -> None:
    name = directory_name("Something")
    with refused("DirectoryUnfit", name, (wrong := candidate(suite, name, NO_ONE)), PREDECESSOR):
        suite.govern("Directory", "set", name, wrong, 1)
    first = candidate(suite, name, b"")
    suite.govern("Directory", "set", name, first, 1)
    suite.chain.mine(DELAY)
    for other in (NO_ONE, b"", None):  # another one, none, and no word about it where the version in force has one
        with refused("DirectoryUnfit", name, (wrong := candidate(suite, name, other)), PREDECESSOR):
            suite.govern("Directory", "set", name, wrong, 1)
    second = candidate(suite, name, first)
    suite.govern("Directory", "set", name, second, 1)
    suite.chain.mine(DELAY)
    assert suite.call("Directory", "resolve", name) == (second, 2)


def test_what_has_no_predecessor_follows_what_has_none(suite: Suite) -> None:
    name = directory_name("Something")
    for version in (1, 2):
        suite.govern("Directory", "set", name, candidate(suite, name, None), 1)
        suite.chain.mine(DELAY)
        assert suite.call("Directory", "count", name) == version


def test_verifiers_read_more_versions_than_a_name_may_have(suite: Suite) -> None:
    """One more than a verifier reads would make every verdict unproven."""
    from testamur.verification.registry import _MOST_VERSIONS

    name = directory_name("Something")
    suite.govern("Alliance", "setParameter", directory_name("directoryDelay"), HOUR)
    for _ in range(_MOST_VERSIONS - 1):
        suite.govern("Directory", "set", name, candidate(suite, name, None), 1)
        suite.chain.mine(HOUR)
    with refused("DirectoryTooManyVersions", name):
        suite.govern("Directory", "set", name, candidate(suite, name, None), 1)


@pytest.mark.parametrize("code", ["5b5f56", "5f5ffd", "621000005ff3", "60205ff3"])
def test_a_contract_that_loops_reverts_or_answers_nothing_of_use_is_refused(code: str, suite: Suite) -> None:
    """An endless loop costs the gas of the question and no more."""
    runtime = bytes.fromhex(code)
    length = bytes([len(runtime)])
    init_code = b"\x60" + length + bytes.fromhex("600a5f3960") + length + bytes.fromhex("5ff3") + runtime
    target = suite.chain.create("Anything", NO_ONE, init_code)
    assert suite.chain.code(target) == runtime
    with refused("DirectoryUnfit", STATUS, target, NAMED):
        suite.govern("Directory", "set", STATUS, target, 1)


@pytest.mark.parametrize("name", ["Alliance", "Operators", "Permissions", "BlockHistory"])
def test_the_root_of_trust_is_never_replaced(name: str, suite: Suite) -> None:
    with refused("DirectoryNeverReplaced", directory_name(name)):
        suite.decide(("Directory", "set", directory_name(name), new_batches(suite), 1))


def test_a_successor_stops_the_old_contract_from_anchoring_and_from_opening_lists(issuing: Suite) -> None:
    """Threat 8: an old contract keeps accepting a suspended issuer."""
    batches, status = new_batches(issuing), new_status(issuing)
    issuing.decide(("Directory", "set", BATCHES, batches, 1), ("Directory", "set", STATUS, status, 1))
    issuing.chain.mine(DELAY - 1)
    issuing.anchor(1)
    issuing.chain.mine()
    with refused("CredentialBatchesNotCurrent", batches):
        issuing.anchor(1, b"\x12" * 32, first=100)
    with refused("StatusRegistryNotCurrent", status):
        issuing.open_list(1)


def test_a_second_versions_lists_continue_the_first_ones_numbers(issuing: Suite) -> None:
    """Threat 8: a second StatusRegistry reopens list 2, nothing revoked. Lists opened during the delay count too."""
    status = new_status(issuing)
    issuing.decide(("Directory", "set", STATUS, status, 1))
    assert issuing.open_list(1) == 3
    issuing.chain.mine(DELAY)
    assert issuing.chain.call(status, "nextList") == 4
    assert issuing.chain.send(account("issue 1"), status, "openList", 17).output == 4
    assert issuing.chain.call(status, "listOf", 3)["issuer"] == 0
    assert issuing.chain.send(account("issue 1"), status, "openList", 17).output == 5


def test_a_batch_names_the_version_that_holds_its_list(issuing: Suite) -> None:
    status = new_status(issuing, 100)
    issuing.decide(("Directory", "set", STATUS, status, 1))
    first = issuing.anchor(1).output
    issuing.chain.mine(DELAY)
    number = issuing.chain.send(account("issue 1"), status, "openList", 17).output
    assert number == 100
    second = issuing.anchor(1, b"\x12" * 32, list_=number).output
    versions = [issuing.call("CredentialBatches", "batch", each)["statusVersion"] for each in (first, second)]
    assert versions == [1, 2]


def test_statuses_in_an_old_version_can_still_change(issuing: Suite) -> None:
    issuing.decide(("Directory", "set", STATUS, new_status(issuing), 1))
    issuing.chain.mine(DELAY)
    issuing.send("status 1", "StatusRegistry", "revoke", 1, 77, 0)
    assert issuing.call("StatusRegistry", "statusOf", 1, 77) == (True, False)


def test_a_contract_that_was_replaced_never_comes_back(issuing: Suite) -> None:
    """It would count on from where it stopped, over its successor's numbers."""
    issuing.govern("Directory", "set", STATUS, new_status(issuing), 1)
    issuing.chain.mine(DELAY)
    with refused("DirectoryNamedBefore", STATUS, issuing.address("StatusRegistry")):
        issuing.decide(("Directory", "set", STATUS, issuing.address("StatusRegistry"), 1))


def test_a_look_alike_contract_does_not_advance_a_list(issuing: Suite) -> None:
    """Threat 6: the same code at another address is not the one that the Directory names."""
    look_alike = new_batches(issuing)
    with refused("CredentialBatchesNotCurrent", issuing.address("CredentialBatches")):
        issuing.chain.send(account("issue 1"), look_alike, "anchor", b"\x11" * 32, 100, 1, 0, 1, 1)
    with refused("StatusRegistryNotBatches", look_alike):
        issuing.chain.send(look_alike, issuing.address("StatusRegistry"), "advance", 1, 1, 4, 0, 100)


def test_every_block_hash_is_kept_and_found_by_slot(suite: Suite) -> None:
    history = suite.address("BlockHistory")
    for number in range(1, 4):
        suite.chain.send_raw(SYSTEM, history, keccak256(bytes([number])))
        suite.chain.mine()
    for number in range(3):
        expected = keccak256(bytes([number + 1]))
        slot = nested_slot("BlockHistory", "_hashes", suite.chain.number - 4 + number)
        assert suite.chain.storage(history, slot).to_bytes(32, "big") == expected
    asked = (suite.chain.number - 2).to_bytes(32, "big")
    assert suite.chain.send_raw(NO_ONE, history, asked).output == keccak256(bytes([3]))


def test_nobody_but_the_system_writes_a_block_hash(suite: Suite) -> None:
    history = suite.address("BlockHistory")
    parent = suite.chain.number - 1
    slot = nested_slot("BlockHistory", "_hashes", parent)
    before = suite.chain.storage(history, slot)
    suite.chain.send_raw(account("govern 1"), history, b"\x07" * 32)
    assert suite.chain.storage(history, slot) == before


def test_a_block_hash_that_begins_with_any_selector_is_kept(suite: Suite) -> None:
    """So BlockHistory has no functions that a hash could name."""
    assert [entry["type"] for entry in artifact("BlockHistory").abi if entry["type"] != "error"] == ["fallback"]


def test_the_wait_is_the_alliances_period(suite: Suite) -> None:
    suite.decide(("Alliance", "setParameter", directory_name("directoryDelay"), DAY))
    receipt = suite.decide(("Directory", "set", BATCHES, new_batches(suite), 1))
    (event,) = receipt.named("EntrySet")
    assert event["from"] == suite.chain.timestamp + DAY
