"""Keys beside a plain Python model of its rules: whatever ADMIN, GOVERN and Alliance do in whatever order."""

from dataclasses import dataclass
from functools import cache

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from testamur.proof.hashing import keccak256

from tests.contracts.suite import DAY, Suite, account, founded
from tests.contracts.test_model import tried

DOCUMENT = b"\x07" * 32
LONGEST_BACK, CONSENT = 90 * DAY, 60 * DAY
EVER = 2**40


@dataclass
class KeyModel:
    """What the record of a key remembers."""

    usage: int
    since: int
    until: int = 0
    cut: int = 0
    clearings: int = 0
    cleared_at: int = 0
    consent_until: int = 0


@cache
def _start() -> Suite:
    suite = founded(2)
    suite.chain.mine(200 * DAY)
    return suite


class Keying(RuleBasedStateMachine):
    """Signing keys of two institutions, over the same few bytes."""

    institutions = st.integers(1, 2)
    keys = st.sampled_from((b"\x21" * 32, b"\x22" * 32))
    people = st.sampled_from(("admin", "admin", "admin", "govern", "alliance"))
    offsets = st.sampled_from((-200 * DAY, -91 * DAY, -90 * DAY, -40 * DAY, -1, 0, 1, 30 * DAY))

    @initialize()
    def begin(self) -> None:
        self.suite = _start().fork()
        self.records: dict[tuple[int, bytes], KeyModel] = {}

    @property
    def now(self) -> int:
        return self.suite.chain.timestamp

    def hold(self, expected: str | None, person: str, institution: int, function: str, *args: object) -> None:
        """The refusal of the transaction, or of the Alliance's call, is the expected one."""
        who = account(f"{person} {institution}") if person != "alliance" else self.suite.address("Alliance")
        refusal, _ = tried(lambda: self.suite.chain.send(who, self.suite.address("Keys"), function, *args))
        assert refusal == expected

    @rule(seconds=st.sampled_from((1, DAY, 40 * DAY, 61 * DAY, 90 * DAY)))
    def time_passes(self, seconds: int) -> None:
        self.suite.chain.mine(seconds)

    @rule(person=st.sampled_from(("admin", "admin", "govern")), number=institutions, key=keys, usage=st.integers(1, 3))
    def someone_adds(self, person: str, number: int, key: bytes, usage: int) -> None:
        expected = None
        if person != "admin":
            expected = "KeysNotAdmin"
        elif usage == 3:
            expected = "KeysUnknownUsage"
        elif (number, key) in self.records:
            expected = "KeysKeyTaken"
        self.hold(expected, person, number, "addKey", key, usage)
        if expected is None:
            self.records[number, key] = KeyModel(usage, self.now)

    @rule(person=people, number=institutions, key=keys, offset=offsets, is_now=st.booleans())
    def someone_retires(self, person: str, number: int, key: bytes, offset: int, is_now: bool) -> None:
        known = self.records.get((number, key))
        end = self.now if is_now else self.now + offset
        expected = None
        if known is None:
            expected = "KeysUnknownKey"
        elif person == "govern":
            expected = "KeysNotAdmin"
        elif not self.now <= end < (known.until or EVER):
            expected = "KeysEndOutOfBounds"
        self.hold(expected, person, number, "retireKey", number, keccak256(key), 0 if is_now else end)
        if expected is None and known is not None:
            known.until = end

    @rule(person=people, number=institutions, key=keys, offset=offsets)
    def someone_marks(self, person: str, number: int, key: bytes, offset: int) -> None:
        known, since = self.records.get((number, key)), self.now + offset
        earliest = 1 if person == "alliance" else self.now - LONGEST_BACK
        expected = None
        if known is None:
            expected = "KeysUnknownKey"
        elif person == "govern":
            expected = "KeysNotAdmin"
        elif person == "admin" and known.cleared_at and self.now < known.cleared_at + LONGEST_BACK:
            expected = "KeysRestoredByVote"
        elif not earliest <= since <= (known.cut - 1 if known.cut else self.now):
            expected = "KeysSinceOutOfBounds"
        self.hold(expected, person, number, "markKeyCompromised", number, keccak256(key), since)
        if expected is None and known is not None:
            known.cut, known.consent_until = since, 0

    @rule(number=institutions, key=keys, offset=offsets)
    def the_alliance_restores(self, number: int, key: bytes, offset: int) -> None:
        known, since = self.records.get((number, key)), self.now + offset
        expected = self.refusal_to_restore(known)
        if expected is None and known is not None and not known.cut < since <= self.now:
            expected = "KeysSinceOutOfBounds"
        self.hold(expected, "alliance", number, "restoreKey", number, keccak256(key), since, DOCUMENT)
        if expected is None and known is not None:
            self.restored(known, since)

    @rule(person=st.sampled_from(("govern", "deputy", "admin")), number=institutions, key=keys)
    def someone_consents(self, person: str, number: int, key: bytes) -> None:
        known = self.records.get((number, key))
        expected = self.refusal_to_restore(known) or ("KeysNotGovern" if person == "admin" else None)
        self.hold(expected, person, number, "consentToClearKey", number, keccak256(key))
        if expected is None and known is not None:
            known.consent_until = self.now + CONSENT

    @rule(number=institutions, key=keys)
    def the_alliance_clears(self, number: int, key: bytes) -> None:
        known = self.records.get((number, key))
        expected = self.refusal_to_restore(known)
        if expected is None and known is not None and self.now > known.consent_until:
            expected = "KeysNoConsent"
        self.hold(expected, "alliance", number, "clearKey", number, keccak256(key), DOCUMENT)
        if expected is None and known is not None:
            self.restored(known, 0)

    @staticmethod
    def refusal_to_restore(known: KeyModel | None) -> str | None:
        if known is None:
            return "KeysUnknownKey"
        return None if known.cut else "KeysNotCompromised"

    def restored(self, known: KeyModel, since: int) -> None:
        known.cut, known.consent_until, known.cleared_at = since, 0, self.now
        known.clearings += 1

    def teardown(self) -> None:
        """Both remember the same records, and the lists name exactly them."""
        for number in (1, 2):
            listed = self.suite.call("Keys", "keysOf", number, 0, 9)
            assert listed == [key for institution, key in self.records if institution == number]
        for (number, key), known in self.records.items():
            found = self.suite.call("Keys", "key", number, keccak256(key))
            assert (found["institution"], found["usage"], found["since"]) == (number, known.usage, known.since)
            assert (found["until"], found["compromisedSince"]) == (known.until, known.cut)
            assert (found["clearings"], found["clearedAt"]) == (known.clearings, known.cleared_at)


def test_keys_follow_their_model() -> None:
    run_state_machine_as_test(Keying, settings=settings(max_examples=20, stateful_step_count=40))


@pytest.mark.slow
def test_keys_follow_their_model_for_long() -> None:
    run_state_machine_as_test(Keying, settings=settings(max_examples=150, stateful_step_count=60))
