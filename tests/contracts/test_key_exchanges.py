"""An institution gives its validator another key by itself: two accounts, a delay, and a key that was seen to sign."""

import pytest

from tests.contracts.evm import SYSTEM, Receipt, refused
from tests.contracts.suite import DAY, Suite, account, founded, validator

OLD, NEW, OTHER = validator(2).key, b"\x31" * 32, b"\x32" * 32
NONE = b"\0" * 32
DELAY = 7 * DAY


def ask(suite: Suite, old: bytes = OLD, new: bytes = NEW) -> None:
    suite.send("admin 2", "Permissions", "requestExchange", old, new)
    suite.send("govern 2", "Permissions", "approveExchange", old, new)


def enter(suite: Suite, old: bytes = OLD) -> Receipt:
    return suite.send("stranger", "Permissions", "enterExchange", old)


def confirm(suite: Suite, key: bytes = NEW) -> Receipt:
    return suite.chain.send(SYSTEM, suite.address("Permissions"), "confirmSigning", key)


def powers(suite: Suite) -> dict[bytes, int]:
    return {entry["key"]: entry["power"] for entry in suite.call("Permissions", "validators")}


@pytest.fixture
def entered() -> Suite:
    """Five institutions; the second one's new key stands beside its old one."""
    suite = founded(5)
    ask(suite)
    suite.chain.mine(DELAY)
    enter(suite)
    suite.chain.mine()
    return suite


def test_the_new_key_has_one_and_the_old_its_power_until_the_new_one_signs(entered: Suite) -> None:
    assert (powers(entered)[OLD], powers(entered)[NEW]) == (100, 1)
    assert entered.call("Permissions", "follows", NEW) == OLD
    receipt = confirm(entered)
    assert receipt.named("KeyExchanged") == [{"oldKey": OLD, "newKey": NEW, "institution": 2, "power": 100}]
    assert (OLD in powers(entered), powers(entered)[NEW]) == (False, 100)
    assert entered.call("Permissions", "follows", NEW) == NONE
    assert entered.call("Permissions", "exchange", OLD)["state"] == 0


def test_one_account_alone_exchanges_nothing() -> None:
    suite = founded(4)
    suite.send("admin 2", "Permissions", "requestExchange", OLD, NEW)
    with refused("PermissionsSameAccount", account("admin 2")):
        suite.send("admin 2", "Permissions", "approveExchange", OLD, NEW)
    with refused("PermissionsNotController", account("issue 2"), 2):
        suite.send("issue 2", "Permissions", "approveExchange", OLD, NEW)
    with refused("PermissionsNoExchange", OLD, OTHER, 1):
        suite.send("govern 2", "Permissions", "approveExchange", OLD, OTHER)
    suite.chain.mine(DELAY)
    with refused("PermissionsNoExchange", OLD, NEW, 1):
        enter(suite)


def test_the_new_key_waits_for_the_controllers_delay_and_lapses_after_thirty_days() -> None:
    suite = founded(4)
    ask(suite)
    suite.chain.mine(DELAY - 1)
    with refused("PermissionsExchangeWaits", OLD, suite.chain.timestamp + 1):
        enter(suite)
    suite.chain.mine(30 * DAY + 2)
    with refused("PermissionsExchangeLapsed"):
        enter(suite)
    ask(suite)  # anew, over the lapsed one
    suite.chain.mine(DELAY)
    enter(suite)


def test_a_key_that_ever_validated_is_not_taken_as_new(entered: Suite) -> None:
    entered.send("govern 2", "Permissions", "cancelExchange", OLD)
    for key in (validator(1).key, NEW):
        with refused("PermissionsKeyUsedBefore"):
            entered.send("admin 2", "Permissions", "requestExchange", OLD, key)


def test_what_is_under_way_is_cancelled_by_the_institution_or_by_vote(entered: Suite) -> None:
    with refused("PermissionsNotController", account("admin 1"), 2):
        entered.send("admin 1", "Permissions", "cancelExchange", OLD)
    for suite, act in (
        (entered.fork(), lambda s: s.send("deputy 2", "Permissions", "cancelExchange", OLD)),
        (entered.fork(), lambda s: s.decide(("Permissions", "cancelExchange", OLD))),
        (entered.fork(), lambda s: s.decide(("Permissions", "setValidator", NEW, 0, 2))),
    ):
        assert len(act(suite).named("ExchangeCancelled")) == 1
        assert (powers(suite)[OLD], NEW in powers(suite)) == (100, False)
        assert confirm(suite).named("KeyExchanged") == []


def test_an_old_key_that_is_voted_out_leaves_the_new_one_with_one(entered: Suite) -> None:
    entered.decide(("Permissions", "setValidator", OLD, 0, 2))
    assert confirm(entered).named("KeyExchanged") == []
    assert powers(entered)[NEW] == 1


def test_a_vote_does_not_raise_a_key_that_has_yet_to_sign(entered: Suite) -> None:
    with refused("PermissionsExchangeUnderWay", OLD):
        entered.decide(("Permissions", "setValidator", NEW, 100, 2))


def test_a_removed_members_exchange_ends_with_it(entered: Suite) -> None:
    entered.decide(("Alliance", "removeMember", 2))
    assert not {OLD, NEW} & set(powers(entered))
    assert entered.call("Permissions", "exchange", OLD)["state"] == 0


def test_exchanged_power_moves_once_and_waits_for_a_block_with_room(entered: Suite) -> None:
    """Of 501, 100 move by the exchange: with another 100 more than a third, without less."""
    entered.decide(("Permissions", "setValidator", validator(5).key, 0, 5))
    assert confirm(entered).named("KeyExchanged") == []
    entered.chain.mine()
    assert len(confirm(entered).named("KeyExchanged")) == 1


def test_below_four_institutions_too_one_exchanges_its_key() -> None:
    suite = founded(2)
    ask(suite)
    suite.chain.mine(DELAY)
    enter(suite)
    confirm(suite)
    assert powers(suite) == {validator(1).key: 100, NEW: 100}


def test_the_system_calls_change_nothing_where_nothing_is_to_be_done() -> None:
    suite = founded(4)
    before = powers(suite)
    for key in (OLD, NEW, NONE):
        assert confirm(suite, key).events == ()
    assert powers(suite) == before
