"""The contracts beside plain Python models of their rules: whatever people do in whatever order, both say the same.

Each rule computes the refusal that the model expects, or None, and holds the contract to it; invariants compare what
both remember.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from testamur.artifacts.genesis import directory_name

from tests.contracts.controlling import creation, exchange
from tests.contracts.evm import Reverted
from tests.contracts.suite import ISSUE, PERIODS, SCOPE, Suite, account, founded

_T = TypeVar("_T")

DOCUMENT = b"\x07" * 32
RECOGNISED, SUSPENDED, WITHDRAWN = 2, 3, 4
SIZE = 2**17
MEMBERS = (1, 2, 3)


@dataclass
class ListModel:
    """What a status list remembers."""

    issuer: int
    holder: str
    """Who opened it, or the person whom it was handed to."""
    next: int = 0
    custodian: int = 0
    revoked: set[int] = field(default_factory=set)
    suspended: set[int] = field(default_factory=set)


def started(institutions: int) -> Suite:
    """That many recognised issuers with a list each."""
    suite = founded(institutions)
    for number in range(1, institutions + 1):
        suite.admit(number)
        suite.open_list(number)
    return suite


@cache
def _start() -> Suite:
    suite = started(3)
    for number in MEMBERS:
        suite.hire(f"second {number}", number, ISSUE)
    return suite


class Issuing(RuleBasedStateMachine):
    """Issuers, lists, batches and statuses."""

    institutions = st.sampled_from(MEMBERS)
    clerks = st.sampled_from(("issue", "issue", "second"))
    lists = st.integers(1, 5)
    indexes = st.sampled_from((0, 1, 255, 256, 511, SIZE - 1, SIZE))
    masks = st.sampled_from((0b1, 0b11, 1 << 255, 2**256 - 1))

    @initialize()
    def begin(self) -> None:
        self.suite = _start().fork()
        self.states = dict.fromkeys(MEMBERS, RECOGNISED)
        self.lists_by_number = {number: ListModel(number, f"issue {number}") for number in MEMBERS}
        self.batches: dict[tuple[int, int, int, bytes], tuple[bytes, int, str]] = {}
        """(issuer, list, size, root) -> id, first counter and who anchored it."""
        self.scopes = dict.fromkeys(MEMBERS, 1)
        """Issuer -> its newest scope: one that is admitted again gets another, and the former stays ended."""
        self.scope_of: dict[bytes, int] = {}
        self.voids: dict[bytes, tuple[int, int]] = {}
        """Void batch -> from when it counts as revoked, and the institution that voided it."""

    def hold(self, expected: str | None, person: str, contract: str, function: str, *args: object) -> Any:
        """The transaction's output; its refusal is the expected one."""
        refusal, receipt = tried(lambda: self.suite.send(person, contract, function, *args))
        assert refusal == expected
        return receipt.output if receipt else None

    @rule(seconds=st.integers(1, 100_000))
    def time_passes(self, seconds: int) -> None:
        self.suite.chain.mine(seconds)

    @rule(number=institutions, function=st.sampled_from(("suspend", "reinstate", "withdraw", "admit")))
    def the_alliance_judges_an_issuer(self, number: int, function: str) -> None:
        state = self.states[number]
        allowed = {
            "suspend": {RECOGNISED: SUSPENDED},
            "reinstate": {SUSPENDED: RECOGNISED},
            "withdraw": {RECOGNISED: WITHDRAWN, SUSPENDED: WITHDRAWN},
            "admit": {WITHDRAWN: RECOGNISED},
        }[function]
        arguments = ([SCOPE], DOCUMENT) if function == "admit" else (DOCUMENT,)
        refusal, _ = tried(lambda: self.suite.govern("IssuerRegistry", function, number, *arguments))
        assert refusal == (None if state in allowed else "IssuerRegistryWrongState")
        self.states[number] = allowed.get(state, state)
        self.scopes[number] += function == "admit" and refusal is None

    @rule(number=institutions, clerk=clerks)
    @precondition(lambda self: len(self.lists_by_number) < 5)
    def an_issuer_opens_a_list(self, number: int, clerk: str) -> None:
        expected = None if self.states[number] == RECOGNISED else "StatusRegistryNotRecognised"
        output = self.hold(expected, f"{clerk} {number}", "StatusRegistry", "openList", 17)
        if expected is None:
            assert output == len(self.lists_by_number) + 1
            self.lists_by_number[len(self.lists_by_number) + 1] = ListModel(number, f"{clerk} {number}")

    @rule(number=institutions, list_=lists, clerk=st.sampled_from(("issue", "second", "status")), to=institutions)
    def an_admin_hands_a_list_over(self, number: int, list_: int, clerk: str, to: int) -> None:
        known = self.lists_by_number.get(list_)
        expected = None
        if known is None:
            expected = "StatusRegistryUnknownList"
        elif known.issuer != number:
            expected = "StatusRegistryNotAdmin"
        elif clerk == "status" or to != number:
            expected = "StatusRegistryCannotHold"
        self.hold(expected, f"admin {number}", "StatusRegistry", "handOver", list_, account(f"{clerk} {to}"))
        if expected is None:
            assert known is not None
            known.holder = f"{clerk} {to}"

    @rule(
        number=institutions,
        clerk=clerks,
        list_=lists,
        size=st.sampled_from((0, 1, 100, SIZE - 1)),
        root=st.sampled_from((b"\x11" * 32, b"\x12" * 32)),
        offset=st.sampled_from((0, 0, 0, 1)),
    )
    def an_issuer_anchors(self, number: int, clerk: str, list_: int, size: int, root: bytes, offset: int) -> None:
        who = f"{clerk} {number}"
        known = self.lists_by_number.get(list_)
        recorded = self.batches.get((number, list_, size, root))
        first = (recorded[1] if recorded else known.next if known else 0) + offset
        if recorded:
            is_own = known is not None and who in (recorded[2], known.holder)
            expected = None if is_own and not offset else "CredentialBatchesRecorded"
        else:
            expected = self.refusal_to_anchor(number, who, known, size, offset)
        scope = self.scope_of[recorded[0]] if recorded else self.scopes[number]
        output = self.hold(expected, who, "CredentialBatches", "anchor", root, size, list_, first, scope, 1)
        if recorded:
            assert output in (recorded[0], None)
        elif expected is None:
            assert known is not None
            assert isinstance(output, bytes)
            self.batches[number, list_, size, root] = (output, first, who)
            self.scope_of[output] = scope
            known.next += size

    def refusal_to_anchor(self, number: int, who: str, known: ListModel | None, size: int, offset: int) -> str | None:
        """The first reason, in the contract's order."""
        if size == 0:
            return "CredentialBatchesEmpty"
        if self.states[number] != RECOGNISED:
            return "IssuerRegistryNotRecognised"
        if known is None or known.issuer != number:
            return "StatusRegistryNotIssuer"
        if known.holder != who:
            return "StatusRegistryNotHolder"
        if offset:
            return "CounterMoved"
        return "StatusRegistryListFull" if known.next + size > SIZE else None

    @rule(number=institutions, list_=lists, index=indexes, function=st.sampled_from(("revoke", "suspend", "reinstate")))
    def one_status_changes(self, number: int, list_: int, index: int, function: str) -> None:
        known = self.lists_by_number.get(list_)
        expected = self.refusal_to_write(number, known)
        if expected is None and index >= SIZE:
            expected = "StatusRegistryIndexOutOfBounds"
        if expected is None:
            assert known is not None
            bits = known.revoked if function == "revoke" else known.suspended
            if (index in bits) != (function == "reinstate"):
                expected = "StatusRegistryUnchanged"
            elif function == "reinstate":
                bits.discard(index)
            else:
                bits.add(index)
        self.hold(expected, f"status {number}", "StatusRegistry", function, list_, index, 1)

    @rule(
        number=institutions,
        list_=lists,
        word=st.sampled_from((0, 1, 511, 512)),
        mask=masks,
        function=st.sampled_from(("revokeWords", "suspendWords", "reinstateWords")),
    )
    def words_change(self, number: int, list_: int, word: int, mask: int, function: str) -> None:
        known = self.lists_by_number.get(list_)
        expected = self.refusal_to_write(number, known)
        if expected is None and word == 512:
            expected = "StatusRegistryWordOutOfBounds"
        self.hold(expected, f"status {number}", "StatusRegistry", function, list_, [word, word], [mask, mask], 0)
        if expected is None:
            assert known is not None
            bits = known.revoked if function == "revokeWords" else known.suspended
            if function == "reinstateWords":
                bits -= set(indexes_of(word, mask))
            else:
                bits |= set(indexes_of(word, mask))

    @precondition(lambda self: self.batches)
    @rule(data=st.data(), number=institutions, size_slip=st.sampled_from((0, 0, 0, 1)))
    def a_batch_is_voided(self, data: st.DataObject, number: int, size_slip: int) -> None:
        issuer, list_, size, root = data.draw(st.sampled_from(sorted(self.batches)))
        batch = self.batches[issuer, list_, size, root][0]
        expected = "BatchVoidsOtherSize" if size_slip else None
        expected = expected or self.refusal_to_write(number, self.lists_by_number[list_])
        if expected is None and self.is_void(batch):
            expected = "BatchVoidsVoidAlready"
        slipped = size + size_slip
        self.hold(expected, f"status {number}", "StatusRegistry", "voidBatch", 1, batch, slipped, 1)
        if expected is None:
            self.voids[batch] = (self.suite.chain.timestamp + PERIODS["voidDelay"], number)

    @precondition(lambda self: self.batches)
    @rule(data=st.data(), number=institutions, by_vote=st.booleans())
    def a_voiding_ends(self, data: st.DataObject, number: int, by_vote: bool) -> None:
        _, list_, _, _ = place = data.draw(st.sampled_from(sorted(self.batches)))
        batch = self.batches[place][0]
        expected = None if self.is_void(batch) else "BatchVoidsNotVoid"
        if by_vote:
            call = ("StatusRegistry", "clearVoid", 1, batch, DOCUMENT)
            refusal, _ = tried(lambda: self.suite.govern(*call))
            assert refusal == expected
        else:
            revoked_from, by = self.voids.get(batch, (0, 0))
            if expected is None and number != by and self.refusal_to_write(number, self.lists_by_number[list_]):
                expected = "BatchVoidsCannotLift"
            if expected is None and self.suite.chain.timestamp >= revoked_from:
                expected = "BatchVoidsLiftTooLate"
            self.hold(expected, f"govern {number}", "StatusRegistry", "liftVoid", 1, batch)
        if expected is None:
            del self.voids[batch]

    def is_void(self, batch: bytes) -> bool:
        return batch in self.voids

    @rule(list_=lists, word=st.sampled_from((0, 1, 511)), mask=masks)
    def the_alliance_clears_revocations(self, list_: int, word: int, mask: int) -> None:
        known = self.lists_by_number.get(list_)
        call = ("StatusRegistry", "clearRevocations", list_, [word], [mask], DOCUMENT)
        refusal, _ = tried(lambda: self.suite.govern(*call))
        assert refusal == ("StatusRegistryUnknownList" if known is None else None)
        if known is not None:
            known.revoked -= set(indexes_of(word, mask))

    @rule(list_=lists, custodian=st.integers(0, 3))
    def the_alliance_names_a_custodian(self, list_: int, custodian: int) -> None:
        known = self.lists_by_number.get(list_)
        if known is not None:
            self.suite.govern("StatusRegistry", "setCustodian", list_, custodian, DOCUMENT)
            known.custodian = custodian

    def refusal_to_write(self, number: int, known: ListModel | None) -> str | None:
        if known is None:
            return "StatusRegistryUnknownList"
        keeper = known.issuer if self.states[known.issuer] == RECOGNISED else known.custodian
        return None if keeper == number else "StatusRegistryNotKeeper"

    def teardown(self) -> None:
        """Both remember the same; a root once anchored never changed."""
        for number, known in self.lists_by_number.items():
            record = self.suite.call("StatusRegistry", "listOf", number)
            remembered = (record["issuer"], record["next"], record["custodian"])
            assert remembered == (known.issuer, known.next, known.custodian)
            for word in (0, 1, 511):
                revoked, suspended = self.suite.call("StatusRegistry", "words", number, word, 1)
                assert (revoked, suspended) == ([bits_of(word, known.revoked)], [bits_of(word, known.suspended)])
        for (issuer, list_, size, _), (name, first, who) in self.batches.items():
            record = self.suite.call("CredentialBatches", "batch", name)
            assert (record["issuer"], record["list"], record["size"], record["first"]) == (issuer, list_, size, first)
            operator = self.suite.call("Operators", "operator", issuer, record["operatorIndex"])
            assert operator["account"] == account(who)
            status = self.suite.call("StatusRegistry", "batchStatusOf", 1, name)
            is_lasting = self.is_void(name) and self.suite.chain.timestamp >= self.voids[name][0]
            assert status == (is_lasting, self.is_void(name) and not is_lasting)


OPEN, WAITING, EXECUTABLE, EXECUTED, EXPIRED, LAPSED, VOID, WITHDRAWN = range(1, 9)
VOTABLE = (OPEN, WAITING, EXECUTABLE)
VOTING, WAIT, WINDOW = 3600, PERIODS["executionDelay"], 5000


@dataclass
class ProposalModel:
    """What a proposal remembers."""

    identifier: int
    by: int
    removals: int
    """Members removed before it was made."""
    voting_ends: int
    need: int
    change: tuple[str, int]
    said: dict[str, tuple[int, bool]] = field(default_factory=dict)
    """Account -> its entry at that time, and what it said."""
    voters: set[int] = field(default_factory=set)
    adopted: int | None = None
    """When it was last counted as adopted."""
    ending: int = 0
    """EXECUTED or WITHDRAWN."""


class Governing(RuleBasedStateMachine):
    """Members, their accounts, threshold, proposals and votes."""

    everyone = (1, 2, 3, 4)
    institutions = st.sampled_from(everyone)
    officers = st.sampled_from(("govern", "deputy", "third"))

    @initialize()
    def begin(self) -> None:
        self.suite = founded(3).fork()
        self.suite.govern(*creation(self.suite, 4))
        for name, value in (("votingPeriod", VOTING), ("executionWindow", WINDOW)):
            self.suite.govern("Alliance", "setParameter", directory_name(name), value)
        self.members = {1, 2, 3}
        self.validating = {1, 2, 3}
        self.removals = 0
        self.threshold = (2, 3)
        self.entries = {f"{officer} {number}": 1 for number in self.everyone for officer in ("govern", "deputy")}
        """Account that governs -> how often it was appointed."""
        self.appointments = dict(self.entries)
        self.proposals: list[ProposalModel] = []

    def stance(self, proposal: ProposalModel, number: int) -> bool | None:
        """Yes, no, or nothing, by the accounts that have governed ever since they spoke."""
        said = [
            support
            for who, (entry, support) in proposal.said.items()
            if who.endswith(f" {number}") and self.entries.get(who) == entry
        ]
        return all(said) if said else None

    def has_enough(self, proposal: ProposalModel) -> bool:
        yes = sum(1 for number in self.members if self.stance(proposal, number))
        return yes >= max(proposal.need, self.need())

    def need(self) -> int:
        numerator, denominator = self.threshold
        return -(-numerator * len(self.members) // denominator)

    def state(self, proposal: ProposalModel) -> int:
        now = self.suite.chain.timestamp
        if proposal.ending:
            return proposal.ending
        if proposal.removals != self.removals:
            return VOID
        if proposal.adopted is not None and now > proposal.adopted + WAIT + WINDOW:
            return LAPSED
        if proposal.adopted is None or not self.has_enough(proposal):
            return EXPIRED if now > proposal.voting_ends else OPEN
        return WAITING if now < proposal.adopted + WAIT else EXECUTABLE

    def count(self, proposal: ProposalModel) -> None:
        """What the contract writes down whenever somebody votes."""
        if self.state(proposal) not in VOTABLE:
            if self.state(proposal) == EXPIRED:
                proposal.adopted = None
        elif not self.has_enough(proposal):
            proposal.adopted = None
        elif proposal.adopted is None:
            proposal.adopted = self.suite.chain.timestamp

    @rule(seconds=st.sampled_from((1, 100, 600, 3000)))
    def time_passes(self, seconds: int) -> None:
        self.suite.chain.mine(seconds)

    @rule(
        by=institutions,
        change=st.one_of(
            st.tuples(st.sampled_from(("addMember", "removeMember")), institutions),
            st.tuples(st.just("setThreshold"), st.sampled_from((2, 3))),
        ),
    )
    def someone_proposes(self, by: int, change: tuple[str, int]) -> None:
        function, argument = change
        arguments = (argument, 3) if function == "setThreshold" else (argument,)
        may = by in self.members and f"govern {by}" in self.entries
        refusal, number = tried(lambda: self.suite.propose(("Alliance", function, *arguments), by=by))
        assert refusal == (None if may else "AllianceNotGovern")
        if number is not None:
            ends = self.suite.chain.timestamp + VOTING
            proposal = ProposalModel(number, by, self.removals, ends, self.need(), change)
            proposal.said[f"govern {by}"] = self.entries[f"govern {by}"], True
            proposal.voters.add(by)
            self.count(proposal)
            self.proposals.append(proposal)

    @precondition(lambda self: self.proposals)
    @rule(data=st.data(), by=institutions, officer=officers, support=st.sampled_from((True, True, False)))
    def someone_votes(self, data: st.DataObject, by: int, officer: str, support: bool) -> None:
        proposal = data.draw(st.sampled_from(self.proposals))
        who = f"{officer} {by}"
        expected = None
        if by not in self.members or who not in self.entries:
            expected = "AllianceNotGovern"
        elif self.state(proposal) not in VOTABLE:
            expected = "AllianceWrongState"
        refusal, _ = tried(lambda: self.suite.send(who, "Alliance", "vote", proposal.identifier, support))
        assert refusal == expected
        if expected is None:
            self.count(proposal)
            proposal.said[who] = self.entries[who], support
            proposal.voters.add(by)
            self.count(proposal)

    @precondition(lambda self: self.proposals)
    @rule(data=st.data())
    def anyone_counts_anew(self, data: st.DataObject) -> None:
        proposal = data.draw(st.sampled_from(self.proposals))
        if self.state(proposal) in VOTABLE:
            self.suite.send("anyone", "Alliance", "recount", proposal.identifier)
            self.count(proposal)

    @precondition(lambda self: self.proposals)
    @rule(data=st.data(), by=institutions)
    def someone_withdraws(self, data: st.DataObject, by: int) -> None:
        proposal = data.draw(st.sampled_from(self.proposals))
        expected = None
        if by not in self.members or f"deputy {by}" not in self.entries:
            expected = "AllianceNotGovern"
        elif by != proposal.by:
            expected = "AllianceNotProposer"
        elif self.state(proposal) != OPEN:
            expected = "AllianceWrongState"
        refusal, _ = tried(lambda: self.suite.send(f"deputy {by}", "Alliance", "withdraw", proposal.identifier))
        assert refusal == expected
        if expected is None:
            proposal.ending = WITHDRAWN

    @rule(number=institutions, left=st.sampled_from(("govern", "deputy", "third")))
    def an_institution_changes_its_accounts(self, number: int, left: str) -> None:
        """Two of three officers govern; who comes back has an entry of its own."""
        governing = [f"{officer} {number}" for officer in ("govern", "deputy", "third") if officer != left]
        exchange(self.suite, number, governing)
        for officer in ("govern", "deputy", "third"):
            who = f"{officer} {number}"
            if who not in governing:
                self.entries.pop(who, None)
            elif who not in self.entries:
                self.appointments[who] = self.entries[who] = self.appointments.get(who, 0) + 1

    @precondition(lambda self: self.proposals)
    @rule(data=st.data())
    def anyone_executes(self, data: st.DataObject) -> None:
        proposal = data.draw(st.sampled_from(self.proposals))
        function, argument = proposal.change
        expected = None
        if self.state(proposal) != EXECUTABLE:
            expected = "AllianceWrongState"
        elif function == "addMember" and argument in self.members:
            expected = "AllianceAlreadyMember"
        elif function == "removeMember" and len(self.members) == 1:
            expected = "AllianceLastMember"
        elif function == "removeMember" and argument not in self.members:
            expected = "AllianceNotMember"
        elif function == "removeMember" and argument in self.validating:
            others = self.validating - {argument}  # fewer than four: each of them says yes
            yes = {number for number in others if self.stance(proposal, number)}
            expected = "PermissionsNotUnanimous" if others - yes else None if others else "PermissionsEmptySet"
        refusal, _ = tried(lambda: self.suite.execute(proposal.identifier))
        assert refusal == expected
        if expected is None:
            self.carry_out(proposal)

    def carry_out(self, proposal: ProposalModel) -> None:
        proposal.ending = EXECUTED
        function, argument = proposal.change
        if function == "setThreshold":
            self.threshold = (argument, 3)
        elif function == "addMember":
            self.members = self.members | {argument}
        else:
            self.members = self.members - {argument}
            self.removals += 1
            self.validating &= self.members

    def teardown(self) -> None:
        """Both know the same members, and where each proposal stands."""
        assert set(self.suite.call("Alliance", "members")) == self.members
        assert self.members
        assert {entry["institution"] for entry in self.suite.call("Permissions", "validators")} == self.validating
        for proposal in self.proposals:
            assert self.suite.call("Alliance", "proposalState", proposal.identifier) == self.state(proposal)
            tally = self.suite.call("Alliance", "tally", proposal.identifier)
            stances = [self.stance(proposal, number) for number in self.members]
            assert (tally["yes"], tally["no"]) == (stances.count(True), stances.count(False))
            assert self.suite.call("Alliance", "proposal", proposal.identifier)["voters"] == len(proposal.voters)


def tried(act: Callable[[], _T]) -> tuple[str | None, _T | None]:
    """The refusal at the bottom, or what came of it."""
    try:
        return None, act()
    except Reverted as refusal:
        return refusal.cause.name, None


def indexes_of(word: int, mask: int) -> Iterator[int]:
    """The status indexes that a mask names in a word."""
    return (256 * word + bit for bit in range(256) if mask >> bit & 1)


def bits_of(word: int, indexes: set[int]) -> int:
    """The word that holds those of the indexes that fall into it."""
    return sum(1 << (index & 255) for index in indexes if index >> 8 == word)


MACHINES = (Issuing, Governing)


@pytest.mark.parametrize("machine", MACHINES)
def test_the_contracts_follow_their_model(machine: type[RuleBasedStateMachine]) -> None:
    run_state_machine_as_test(machine, settings=settings(max_examples=20, stateful_step_count=40))


@pytest.mark.slow
@pytest.mark.parametrize("machine", MACHINES)
def test_the_contracts_follow_their_model_for_long(machine: type[RuleBasedStateMachine]) -> None:
    run_state_machine_as_test(machine, settings=settings(max_examples=150, stateful_step_count=60))


def test_two_words_of_a_mask_name_their_indexes() -> None:
    assert list(indexes_of(1, 0b101)) == [256, 258]
    assert bits_of(1, {256, 258, 3}) == 0b101
