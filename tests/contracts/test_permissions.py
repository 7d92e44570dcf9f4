"""What the node reads, and the floors that keep any vote from bricking the chain (threat 16)."""

import pytest

from tests.contracts.controlling import creation
from tests.contracts.evm import SYSTEM, refused
from tests.contracts.refusals.ground import new_permissions
from tests.contracts.suite import DAY, Suite, account, founded, validator

LIMITS = {
    "gasLimit": 30_000_000,
    "maxBlockBytes": 4_194_304,
    "maxTransactionBytes": 262_144,
    "heartbeatSeconds": 30,
    "evidenceMaxBytes": 65_536,
    "evidenceMaxAgeSeconds": 365 * DAY,
    "evidenceMaxAgeBlocks": 1_100_000,
    "transactionGas": 30_000_000,
    "unnamedGas": 1_000_000,
    "creationGas": 6_000_000,
}
KEY = b"\x21" * 32
PEER = b"\x22" * 20


def join(suite: Suite, number: int) -> None:
    """Institution `number` is created and becomes a member."""
    suite.govern(*creation(suite, number))
    suite.govern("Alliance", "addMember", number)


def word(value: int | bytes) -> int:
    """An event's value as a number, indexed or not."""
    return value if isinstance(value, int) else int.from_bytes(value, "big")


def total(suite: Suite) -> int:
    return sum(entry["power"] for entry in suite.call("Permissions", "validators"))


@pytest.mark.parametrize(
    ("name", "lowest", "highest"),
    [
        ("gasLimit", 10_000_000, 1_000_000_000),
        ("maxTransactionBytes", 131_072, 16_777_216),
        ("maxBlockBytes", 524_288, 104_857_600),
        ("heartbeatSeconds", 1, 60),
        ("evidenceMaxBytes", 1024, 4_194_304),
        ("evidenceMaxAgeSeconds", DAY, 3650 * DAY),
        ("evidenceMaxAgeBlocks", 1000, 1_000_000_000),
        ("transactionGas", 10_000_000, 1_000_000_000),
        ("unnamedGas", 100_000, 100_000_000),
        ("creationGas", 6_000_000, 100_000_000),
    ],
)
def test_a_limit_keeps_its_bounds(name: str, lowest: int, highest: int, suite: Suite) -> None:
    for value in (lowest, min(highest, LIMITS["maxBlockBytes"] // 2) if name == "maxTransactionBytes" else highest):
        suite.fork().govern("Permissions", "setParameters", tuple((LIMITS | {name: value}).values()))
    for value in (lowest - 1, highest + 1):
        with refused("PermissionsParameterOutOfBounds"):
            suite.govern("Permissions", "setParameters", tuple((LIMITS | {name: value}).values()))


def test_a_voted_limit_stands_in_the_state(suite: Suite) -> None:
    wanted = LIMITS | {"gasLimit": 60_000_000}
    receipt = suite.decide(("Permissions", "setParameters", tuple(wanted.values())))
    assert suite.call("Permissions", "parameters") == wanted
    assert receipt.named("ParametersChanged") == [{"parameters": wanted}]


def test_founders_may_transact_and_nobody_else(suite: Suite) -> None:
    for role in ("govern", "deputy", "admin", "issue", "status", "recovery"):
        assert suite.call("Permissions", "account", account(f"{role} 1"))["transact"] == 1
    assert suite.call("Permissions", "account", account("stranger")) == {"transact": 0, "deploy": False}


def test_deploying_is_a_right_of_its_own(suite: Suite) -> None:
    suite.decide(("Permissions", "setDeploy", account("admin 1"), True))
    assert suite.call("Permissions", "account", account("admin 1")) == {"transact": 1, "deploy": True}
    suite.decide(("Permissions", "setDeploy", account("admin 1"), False))
    assert not suite.call("Permissions", "account", account("admin 1"))["deploy"]


def test_peers_come_and_go(suite: Suite) -> None:
    others = [bytes([number]) * 20 for number in (1, 2)]
    for peer in (*others, PEER, PEER):
        suite.govern("Permissions", "setPeer", peer, True)
    assert suite.call("Permissions", "peers") == [*others, PEER]
    suite.govern("Permissions", "setPeer", others[0], False)
    suite.govern("Permissions", "setPeer", others[0], False)
    assert suite.call("Permissions", "peers") == [PEER, others[1]]
    assert suite.call("Permissions", "isPeer", PEER)
    assert not suite.call("Permissions", "isPeer", others[0])


def test_no_vote_takes_the_peers_away_that_the_validators_need() -> None:
    suite = founded(4)
    peers = [bytes([number]) * 20 for number in range(1, 5)]
    for peer in peers[:1]:
        suite.govern("Permissions", "setPeer", peer, True)
    with refused("PermissionsTooFewPeers", 0, 3):
        suite.govern("Permissions", "setPeer", peers[0], False)
    for peer in peers[1:]:
        suite.govern("Permissions", "setPeer", peer, True)
    suite.govern("Permissions", "setPeer", peers[0], False)
    with refused("PermissionsTooFewPeers", 2, 3):
        suite.govern("Permissions", "setPeer", peers[1], False)
    assert len(suite.call("Permissions", "peers")) == 3


# --- validators ------------------------------------------------------------------------------------------------------


def test_a_new_validator_enters_with_power_1_and_is_raised_later(suite: Suite) -> None:
    with refused("PermissionsEntersWithOne", KEY, 100):
        suite.decide(("Permissions", "setValidator", KEY, 100, 2))
    suite.decide(("Permissions", "setValidator", KEY, 1, 2))
    suite.decide(("Permissions", "setValidator", KEY, 100, 2))
    assert suite.call("Permissions", "validator", KEY) == {"power": 100, "institution": 2, "index": 3}


def test_a_removed_validators_place_is_taken_by_the_last(suite: Suite) -> None:
    suite.decide(("Permissions", "setValidator", KEY, 1, 2), ("Permissions", "setValidator", validator(1).key, 0, 1))
    assert [entry["key"] for entry in suite.call("Permissions", "validators")] == [KEY, validator(2).key]
    assert suite.call("Permissions", "validator", KEY)["index"] == 1
    assert suite.call("Permissions", "validator", validator(1).key)["index"] == 0


def test_the_last_validator_stays(suite: Suite) -> None:
    with refused("PermissionsEmptySet"):
        suite.decide(*[("Permissions", "setValidator", validator(number).key, 0, number) for number in (1, 2)])


def test_below_four_institutions_each_change_needs_every_member() -> None:
    suite = founded(3)
    change = ("Permissions", "setValidator", validator(3).key, 50, 3)
    proposal = suite.propose(change)
    suite.vote(proposal, [2])
    suite.wait()
    with refused("PermissionsNotUnanimous", 3, 3):
        suite.execute(proposal)
    suite.vote(proposal, [3])
    suite.execute(proposal)


def test_a_no_of_a_validating_institution_is_no_yes() -> None:
    suite = founded(3)
    proposal = suite.propose(("Permissions", "setValidator", validator(3).key, 50, 3))
    suite.vote(proposal, [2])
    suite.vote(proposal, [3], support=False)
    suite.wait()
    with refused("PermissionsNotUnanimous", 3, 3):
        suite.execute(proposal)


def test_members_that_do_not_validate_are_not_asked_for_unanimity() -> None:
    """One silent member of six held up the first edition's set."""
    suite = founded(3)
    for number in (4, 5, 6):
        join(suite, number)
    change = suite.propose(("Permissions", "setValidator", KEY, 1, 4))
    suite.vote(change, [2, 3, 4])
    suite.wait()
    suite.execute(change)
    assert suite.call("Permissions", "validator", KEY)["power"] == 1


def test_only_members_validate(suite: Suite) -> None:
    suite.govern(*creation(suite, 3))
    for institution in (3, 900):
        with refused("PermissionsNotMember", KEY, institution):
            suite.decide(("Permissions", "setValidator", KEY, 1, institution))


def test_a_member_that_is_removed_takes_its_validators_along() -> None:
    suite = founded(5)
    suite.decide(("Permissions", "setValidator", KEY, 1, 3))
    proposal = suite.propose(("Alliance", "removeMember", 3))
    suite.vote(proposal, [2, 4, 5])
    suite.wait()
    receipt = suite.execute(proposal)
    gone = [event["key"] for event in receipt.named("ValidatorChanged")]
    assert sorted(gone) == sorted([KEY, validator(3).key])
    assert {entry["institution"] for entry in suite.call("Permissions", "validators")} == {1, 2, 4, 5}
    assert total(suite) == 400


def test_below_four_institutions_a_member_is_removed_with_the_yes_of_the_other_validating_ones() -> None:
    suite = founded(3)
    join(suite, 4)
    proposal = suite.propose(("Alliance", "removeMember", 3))
    suite.vote(proposal, [3, 4])
    suite.wait()
    with refused("PermissionsNotUnanimous", 2, 3):
        suite.execute(proposal)
    suite.vote(proposal, [2])
    suite.execute(proposal)
    assert total(suite) == 200


def test_a_removal_that_would_leave_nobody_or_a_third_is_refused() -> None:
    suite = founded(2)
    suite.decide(("Permissions", "setValidator", validator(2).key, 0, 2))
    with refused("PermissionsEmptySet"):
        suite.decide(("Alliance", "removeMember", 1))
    suite = founded(5)
    suite.decide(("Permissions", "setValidator", validator(1).key, 150, 1))
    suite.chain.mine()
    with refused("PermissionsInstitutionTooStrong", 1, 150, 450):
        suite.decide(("Alliance", "removeMember", 3))
    suite.decide(("Permissions", "setValidator", validator(1).key, 149, 1))
    suite.chain.mine()
    suite.decide(("Alliance", "removeMember", 3))


def test_a_key_that_left_comes_back_for_its_institution_alone() -> None:
    suite = founded(2)
    suite.decide(("Permissions", "setValidator", validator(2).key, 0, 2))
    with refused("PermissionsKeyUsedBefore", validator(2).key, 2):
        suite.decide(("Permissions", "setValidator", validator(2).key, 1, 1))
    suite.decide(("Permissions", "setValidator", validator(2).key, 1, 2))
    assert suite.call("Permissions", "usedBy", validator(2).key) == 2


def test_an_institution_leaves_by_itself_where_five_validate() -> None:
    suite = founded(5)
    with refused("PermissionsNotGovern", account("govern 1"), 2):
        suite.send("govern 1", "Permissions", "withdrawValidator", validator(2).key)
    receipt = suite.send("deputy 2", "Permissions", "withdrawValidator", validator(2).key)
    gone = {"key": validator(2).key, "institution": 2, "account": account("deputy 2")}
    assert receipt.named("ValidatorWithdrawn") == [gone]
    suite.chain.mine()
    with refused("PermissionsTooFewToLeave", 4, 5):
        suite.send("govern 1", "Permissions", "withdrawValidator", validator(1).key)


def test_the_system_alone_writes_down_misbehaviour(suite: Suite) -> None:
    with refused("PermissionsNotSystem", account("govern 1")):
        suite.send("govern 1", "Permissions", "recordMisbehaviour", validator(2).key, 7, 1)
    suite.decide(("Permissions", "setValidator", validator(2).key, 0, 2))
    contract = suite.address("Permissions")
    for key, institution in ((validator(2).key, 2), (KEY, 0)):  # one that left, and one that nobody knows
        receipt = suite.chain.send(SYSTEM, contract, "recordMisbehaviour", key, 7, 1)
        wanted = {"institution": institution, "key": key, "height": (7).to_bytes(32, "big"), "kind": 1}
        (seen,) = receipt.named("ValidatorMisbehaved")
        assert {name: word(value) for name, value in seen.items()} == {n: word(v) for n, v in wanted.items()}


def test_from_four_institutions_on_two_thirds_of_the_members_suffice() -> None:
    suite = founded(4)
    proposal = suite.propose(("Permissions", "setValidator", validator(4).key, 99, 4))
    suite.vote(proposal, [2, 3])
    suite.wait()
    suite.execute(proposal)
    assert total(suite) == 399


def test_from_four_institutions_on_none_holds_a_third() -> None:
    suite = founded(4)
    suite.decide(("Permissions", "setValidator", validator(1).key, 149, 1))
    with refused("PermissionsInstitutionTooStrong", 1, 150, 450):
        suite.decide(("Permissions", "setValidator", validator(1).key, 150, 1))


def test_an_institutions_validators_count_together() -> None:
    suite = founded(4)
    suite.decide(("Permissions", "setValidator", KEY, 1, 1))
    with refused("PermissionsInstitutionTooStrong", 1, 150, 450):
        suite.decide(("Permissions", "setValidator", KEY, 50, 1))


def test_the_changes_of_one_block_are_added_up() -> None:
    """The engine sees the changes of one block as one: a third moved in pieces is a third."""
    suite = founded(6)
    first, second = (("Permissions", "setValidator", validator(number).key, 0, number) for number in (1, 2))
    one, another = suite.adopt(first), suite.adopt(second)
    suite.execute(one)
    with refused("PermissionsTooMuchMoved", 200, 600):
        suite.execute(another)
    suite.chain.mine()
    suite.execute(another)
    assert total(suite) == 400


def test_the_step_from_three_institutions_to_four_needs_every_member() -> None:
    suite = founded(3)
    join(suite, 4)
    proposal = suite.propose(("Permissions", "setValidator", KEY, 1, 4))
    suite.vote(proposal, [2, 4])
    suite.wait()
    with refused("PermissionsNotUnanimous", 3, 3):
        suite.execute(proposal)
    suite.vote(proposal, [3])
    suite.execute(proposal)
    suite.chain.mine()
    suite.decide(("Permissions", "setValidator", KEY, 100, 4))
    assert total(suite) == 400


def test_a_genesis_of_four_institutions_holds_the_same_rule(suite: Suite) -> None:
    validators = [(bytes([number]) * 32, 100, number) for number in (1, 2, 3)] + [(KEY, 300, 4)]
    with refused("PermissionsInstitutionTooStrong", 4, 300, 600):
        new_permissions(suite, validators)


def test_a_set_of_256_institutions_changes_within_the_smallest_gas_limit(suite: Suite) -> None:
    """Else an alliance that grew could not change its validators any more."""
    validators = [(number.to_bytes(32, "big"), 100, number) for number in range(1, 257)]
    large = new_permissions(suite, validators)
    alliance = suite.chain.call(large, "alliance")
    receipt = suite.chain.send(alliance, large, "setValidator", (7).to_bytes(32, "big"), 99, 7)
    assert receipt.gas < 5_000_000
