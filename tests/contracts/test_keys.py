"""DIDs and signing keys: whose they are, since when, until when, and what takes back what (threat 15)."""

import pytest
from testamur.proof.hashing import keccak256

from tests.contracts.evm import refused
from tests.contracts.suite import DAY, Suite, account, text_hash

DOCUMENT = b"\x07" * 32
KEY = b"\x21" * 32
KEY_HASH = keccak256(KEY)
EVER = 2**40 - 1


def key(suite: Suite, institution: int = 1) -> dict[str, int]:
    found: dict[str, int] = suite.call("Keys", "key", institution, KEY_HASH)
    return found


# --- DIDs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("did", ["", "did:a:b", "DID:web:x.example", "did:web:大学", "did:web:a b", "did:" + "x" * 253])
def test_a_malformed_did_is_refused(did: str, issuing: Suite) -> None:
    with refused("KeysDidMalformed", did):
        issuing.govern("Keys", "addDid", 1, did)


def test_a_did_has_one_owner_for_ever(issuing: Suite) -> None:
    did = "did:web:second.example"
    receipt = issuing.govern("Keys", "addDid", 1, did)
    assert receipt.named("DidAdded") == [{"institution": 1, "didHash": text_hash(did), "did": did}]
    issuing.govern("Keys", "endDid", text_hash(did), 0, DOCUMENT)
    for institution in (1, 2):
        with refused("KeysDidTaken", text_hash(did), 1):
            issuing.govern("Keys", "addDid", institution, did)


def test_a_did_ends_by_vote_now_or_later_and_only_ever_earlier(issuing: Suite) -> None:
    did, now = text_hash("did:web:university-1.example"), issuing.chain.timestamp
    with refused("KeysEndOutOfBounds", now - 1, now, EVER):
        issuing.govern("Keys", "endDid", did, now - 1, DOCUMENT)
    receipt = issuing.govern("Keys", "endDid", did, now + DAY, DOCUMENT)
    assert receipt.named("DidEnded") == [{"institution": 1, "didHash": did, "until": now + DAY, "document": DOCUMENT}]
    with refused("KeysEndOutOfBounds", now + DAY, now, now + DAY - 1):
        issuing.govern("Keys", "endDid", did, now + DAY, DOCUMENT)
    issuing.govern("Keys", "endDid", did, 0, DOCUMENT)
    assert issuing.call("Keys", "did", did)["until"] == now
    with refused("GovernedNotAlliance"):
        issuing.send("admin 1", "Keys", "endDid", did, 0, DOCUMENT)


def test_dids_and_keys_of_an_institution_are_listed_from_storage(issuing: Suite) -> None:
    issuing.govern("Keys", "addDid", 1, "did:web:second.example")
    for number in range(1, 4):
        issuing.send("admin 1", "Keys", "addKey", bytes([number]) * 32, 1)
    assert issuing.call("Keys", "didCount", 1) == 2
    assert issuing.call("Keys", "didsOf", 1, 0, 9) == ["did:web:university-1.example", "did:web:second.example"]
    assert issuing.call("Keys", "didsOf", 2, 0, 9) == ["did:web:university-2.example"]
    assert issuing.call("Keys", "keyCount", 1) == 3
    assert issuing.call("Keys", "keysOf", 1, 1, 1) == [b"\x02" * 32]
    assert issuing.call("Keys", "keysOf", 1, 2, 2**255) == [b"\x03" * 32]
    assert issuing.call("Keys", "keysOf", 1, 3, 1) == issuing.call("Keys", "keysOf", 2, 0, 9) == []


# --- signing keys ----------------------------------------------------------------------------------------------------


def test_a_key_is_added_retired_and_found_by_institution_and_hash(issuing: Suite) -> None:
    receipt = issuing.send("admin 1", "Keys", "addKey", KEY, 2)
    by = account("admin 1")
    assert receipt.named("KeyAdded") == [{"institution": 1, "keyHash": KEY_HASH, "key": KEY, "usage": 2, "by": by}]
    since = issuing.chain.timestamp
    issuing.chain.mine(DAY)
    issuing.send("admin 1", "Keys", "retireKey", 1, KEY_HASH, 0)
    assert key(issuing) == {
        "institution": 1,
        "usage": 2,
        "operatorIndex": 3,
        "since": since,
        "until": since + DAY,
        "compromisedSince": 0,
        "clearings": 0,
        "clearedAt": 0,
    }


def test_the_same_bytes_registered_by_another_institution_hinder_nobody(issuing: Suite) -> None:
    """Who reads a key in another's event registers it first."""
    issuing.send("admin 2", "Keys", "addKey", KEY, 2)
    issuing.send("admin 1", "Keys", "addKey", KEY, 1)
    issuing.send("admin 2", "Keys", "markKeyCompromised", 2, KEY_HASH, issuing.chain.timestamp)
    assert (key(issuing)["usage"], key(issuing)["compromisedSince"]) == (1, 0)
    for function in ("retireKey", "markKeyCompromised"):
        with refused("KeysNotAdmin"):
            issuing.send("admin 2", "Keys", function, 1, KEY_HASH, issuing.chain.timestamp)
    with refused("KeysKeyTaken", 1, KEY_HASH):
        issuing.send("admin 1", "Keys", "addKey", KEY, 2)


@pytest.mark.parametrize("person", ["govern 1", "issue 1", "status 1", "recovery 1", "stranger"])
def test_only_admin_adds_keys(person: str, issuing: Suite) -> None:
    with refused("KeysNotAdmin"):
        issuing.send(person, "Keys", "addKey", KEY, 1)


def test_an_end_may_be_planned_and_only_ever_moves_earlier(issuing: Suite) -> None:
    issuing.send("admin 1", "Keys", "addKey", KEY, 1)
    now = issuing.chain.timestamp
    with refused("KeysEndOutOfBounds", now - 1, now, EVER):
        issuing.send("admin 1", "Keys", "retireKey", 1, KEY_HASH, now - 1)
    issuing.send("admin 1", "Keys", "retireKey", 1, KEY_HASH, now + 365 * DAY)
    for later in (now + 365 * DAY, now + 366 * DAY, EVER):
        with refused("KeysEndOutOfBounds", later, now, now + 365 * DAY - 1):
            issuing.send("admin 1", "Keys", "retireKey", 1, KEY_HASH, later)
    issuing.govern("Keys", "retireKey", 1, KEY_HASH, now + 30 * DAY)
    issuing.send("admin 1", "Keys", "retireKey", 1, KEY_HASH, 0)
    assert key(issuing)["until"] == now


# --- cut-offs --------------------------------------------------------------------------------------------------------


def test_a_keys_cut_off_only_moves_earlier_and_90_days_back(issuing: Suite) -> None:
    """Threat 15: forward it would revalidate forgeries, to zero it would kill everything."""
    issuing.send("admin 1", "Keys", "addKey", KEY, 1)
    now = issuing.chain.timestamp
    earliest = now - 90 * DAY
    for since in (0, earliest - 1, now + 1):
        with refused("KeysSinceOutOfBounds", since, earliest, now):
            issuing.send("admin 1", "Keys", "markKeyCompromised", 1, KEY_HASH, since)
    issuing.send("admin 1", "Keys", "markKeyCompromised", 1, KEY_HASH, earliest + 5)
    with refused("KeysSinceOutOfBounds", earliest + 5, earliest, earliest + 4):
        issuing.send("admin 1", "Keys", "markKeyCompromised", 1, KEY_HASH, earliest + 5)
    issuing.send("admin 1", "Keys", "markKeyCompromised", 1, KEY_HASH, earliest)
    assert key(issuing)["compromisedSince"] == earliest


def test_a_frozen_admin_adds_nothing_and_cuts_off_from_now_on_alone(issuing: Suite) -> None:
    issuing.send("admin 1", "Keys", "addKey", KEY, 1)
    issuing.send("govern 1", "Operators", "freezeAdmin", account("admin 1"))
    now = issuing.chain.timestamp
    with refused("KeysAdminFrozen"):
        issuing.send("admin 1", "Keys", "addKey", b"\x22" * 32, 1)
    with refused("KeysAdminFrozen"):
        issuing.send("admin 1", "Keys", "markKeyCompromised", 1, KEY_HASH, now - 1)
    issuing.send("admin 1", "Keys", "markKeyCompromised", 1, KEY_HASH, now)
    issuing.send("admin 1", "Keys", "retireKey", 1, KEY_HASH, 0)
    assert (key(issuing)["compromisedSince"], key(issuing)["until"]) == (now, now)


def test_a_vote_marks_a_key_any_time_back(issuing: Suite) -> None:
    issuing.send("admin 1", "Keys", "addKey", KEY, 1)
    long_ago = issuing.chain.timestamp - 3000 * DAY
    issuing.govern("Keys", "markKeyCompromised", 1, KEY_HASH, long_ago)
    for since in (long_ago + 1, 0):
        with refused("KeysSinceOutOfBounds", since, 1, long_ago - 1):
            issuing.govern("Keys", "markKeyCompromised", 1, KEY_HASH, since)


def test_a_vote_states_a_later_cut_off_which_the_record_counts(issuing: Suite) -> None:
    """A stolen ADMIN key cuts off 90 days of credentials; a vote mends it, and the thief cannot again."""
    issuing.send("admin 1", "Keys", "addKey", KEY, 1)
    issuing.chain.mine(100 * DAY)
    now = issuing.chain.timestamp
    issuing.send("admin 1", "Keys", "markKeyCompromised", 1, KEY_HASH, now - 90 * DAY)
    for since in (0, now - 90 * DAY, now + 1):
        with refused("KeysSinceOutOfBounds", since, now - 90 * DAY + 1, now):
            issuing.govern("Keys", "restoreKey", 1, KEY_HASH, since, DOCUMENT)
    receipt = issuing.govern("Keys", "restoreKey", 1, KEY_HASH, now, DOCUMENT)
    told = {"institution": 1, "keyHash": KEY_HASH, "former": now - 90 * DAY, "since": now, "clearings": 1}
    assert receipt.named("KeyRestored") == [{**told, "document": DOCUMENT}]
    record = key(issuing)
    assert (record["compromisedSince"], record["clearings"], record["clearedAt"]) == (now, 1, now)
    with refused("KeysRestoredByVote", 1, KEY_HASH, now + 90 * DAY):
        issuing.send("admin 1", "Keys", "markKeyCompromised", 1, KEY_HASH, now - DAY)
    issuing.send("admin 1", "Keys", "retireKey", 1, KEY_HASH, 0)  # what acts from now on stays possible
    issuing.fork().govern("Keys", "markKeyCompromised", 1, KEY_HASH, now - DAY)
    issuing.chain.mine(90 * DAY)
    with refused("KeysSinceOutOfBounds", now - 1, now, now - 1):  # then 90 days do not reach behind the vote
        issuing.send("admin 1", "Keys", "markKeyCompromised", 1, KEY_HASH, now - 1)


def test_taking_a_cut_off_away_needs_the_vote_and_the_institutions_govern(issuing: Suite) -> None:
    """Neither the votes of others nor a thief in the house revives a key that was really stolen."""
    issuing.send("admin 1", "Keys", "addKey", KEY, 1)
    now = issuing.chain.timestamp
    with refused("KeysNotCompromised", 1, KEY_HASH):
        issuing.send("govern 1", "Keys", "consentToClearKey", 1, KEY_HASH)
    issuing.send("admin 1", "Keys", "markKeyCompromised", 1, KEY_HASH, now)
    with refused("KeysNoConsent", 1, KEY_HASH):
        issuing.govern("Keys", "clearKey", 1, KEY_HASH, DOCUMENT)
    for person in ("govern 2", "admin 1", "recovery 1", "stranger"):
        with refused("KeysNotGovern"):
            issuing.send(person, "Keys", "consentToClearKey", 1, KEY_HASH)
    consented = issuing.send("deputy 1", "Keys", "consentToClearKey", 1, KEY_HASH)
    told = {"institution": 1, "keyHash": KEY_HASH, "by": account("deputy 1"), "until": now + 60 * DAY}
    assert consented.named("KeyClearingConsented") == [told]
    assert issuing.call("Keys", "keyConsent", 1, KEY_HASH) == {"by": account("deputy 1"), "until": now + 60 * DAY}
    assert key(issuing)["compromisedSince"] == now
    with refused("GovernedNotAlliance"):
        issuing.send("govern 1", "Keys", "clearKey", 1, KEY_HASH, DOCUMENT)
    receipt = issuing.govern("Keys", "clearKey", 1, KEY_HASH, DOCUMENT)
    told = {"institution": 1, "keyHash": KEY_HASH, "former": now, "since": 0, "clearings": 1, "document": DOCUMENT}
    assert receipt.named("KeyRestored") == [told]
    record = key(issuing)
    assert (record["compromisedSince"], record["clearings"]) == (0, 1)
    with refused("KeysRestoredByVote"):
        issuing.send("admin 1", "Keys", "markKeyCompromised", 1, KEY_HASH, now)
    with refused("KeysNotCompromised", 1, KEY_HASH):
        issuing.govern("Keys", "restoreKey", 1, KEY_HASH, now, DOCUMENT)
    issuing.chain.mine(91 * DAY)
    issuing.send("admin 1", "Keys", "markKeyCompromised", 1, KEY_HASH, issuing.chain.timestamp - 90 * DAY)
    assert key(issuing)["clearings"] == 1


def test_a_consent_lapses_falls_with_its_account_and_ends_with_a_new_cut_off(issuing: Suite) -> None:
    issuing.send("admin 1", "Keys", "addKey", KEY, 1)
    now = issuing.chain.timestamp
    issuing.send("admin 1", "Keys", "markKeyCompromised", 1, KEY_HASH, now)
    issuing.send("deputy 1", "Keys", "consentToClearKey", 1, KEY_HASH)
    late, marked, fallen = issuing.fork(), issuing.fork(), issuing.fork()
    late.chain.mine(60 * DAY + 1)
    marked.send("admin 1", "Keys", "markKeyCompromised", 1, KEY_HASH, now - DAY)
    fallen.govern("Operators", "markOperatorCompromised", account("deputy 1"), now)
    for suite in (late, marked, fallen):
        with refused("KeysNoConsent", 1, KEY_HASH):
            suite.govern("Keys", "clearKey", 1, KEY_HASH, DOCUMENT)
    issuing.govern("Keys", "clearKey", 1, KEY_HASH, DOCUMENT)
