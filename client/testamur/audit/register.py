"""Whom an event concerns, and by which name: what many events leave out, learned from those that came before.

A status event carries a list and no institution, a vote's execution a number and no proposer, a permission an account:
an auditor who asks for one institution must be shown them all the same.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from testamur.chain.abi import LogEntry
from testamur.chain.calls import decode_call

__all__ = ["LEARNED", "Register"]

LEARNED = (
    ("Alliance", "ProposalCreated"),
    ("IssuerRegistry", "IssuerRegistered"),
    ("IssuerRegistry", "IssuerRenamed"),
    ("QualificationFrameworks", "CrosswalkAdded"),
    ("StatusRegistry", "CustodianNamed"),
    ("StatusRegistry", "ListOpened"),
)
"""Contract and name of the events that `learn` takes something from."""
_INSTITUTIONS = ("institution", "issuer", "authority", "custodian")
_ACCOUNTS = ("account", "operator", "requester", "canceller")


@dataclass(slots=True)
class Register:
    """Filled event by event, oldest first."""

    homes: dict[bytes, str]
    """Contract of the suite by its address, replaced ones too."""
    institution_of: Callable[[bytes], int]
    """The institution that an account acts or acted for; 0 for none."""
    names: dict[int, str] = field(default_factory=dict)
    """The newest registered name by institution."""
    _lists: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    _proposals: dict[tuple[bytes, int], set[int]] = field(default_factory=lambda: defaultdict(set))
    _crosswalks: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    _accounts: dict[bytes, int] = field(default_factory=dict)

    def learn(self, contract: str, entry: LogEntry) -> None:
        """Keep what an event says about lists, proposals and names."""
        told = entry.arguments
        if (contract, entry.event) not in LEARNED:
            return
        if contract == "IssuerRegistry":
            self.names[told["institution"]] = told["name"]
        elif contract == "StatusRegistry":
            self._lists[told["list"]] |= {told[name] for name in ("issuer", "custodian") if name in told}
        elif contract == "Alliance":
            self._proposals[entry.address, told["id"]] |= {told["institution"], *self._called(told["calls"])}
        else:
            self._crosswalks[told["number"]] |= self._named(told)

    def concerned(self, contract: str, entry: LogEntry) -> tuple[int, ...]:
        """Every institution that an event concerns, in whichever role, in number order."""
        told = entry.arguments
        found = self._named(told)
        if contract == "StatusRegistry" and "list" in told:
            found |= self._lists.get(told["list"], set())
        elif contract == "Alliance" and "id" in told:
            found |= self._proposals.get((entry.address, told["id"]), set())
        elif contract == "QualificationFrameworks" and "number" in told and "framework" not in told:
            found |= self._crosswalks.get(told["number"], set())
        if not found:
            found |= {self._account(told[name]) for name in _ACCOUNTS if name in told}
        return tuple(sorted(found - {0}))

    def described(self, contract: str, entry: LogEntry) -> dict[str, Any]:
        """The event's arguments, with each call of a proposal as text beside its bytes."""
        if (contract, entry.event) != ("Alliance", "ProposalCreated"):
            return entry.arguments
        return {**entry.arguments, "calls": [{**call, "call": self._text(call)} for call in entry.arguments["calls"]]}

    def _text(self, call: dict[str, Any]) -> str:
        found = decode_call(self.homes.get(call["target"], "Directory"), call["data"])
        return str(found) if found is not None else f"0x{call['target'].hex()}[0x{call['data'].hex()}]"

    def _called(self, calls: Iterable[dict[str, Any]]) -> set[int]:
        """The institutions that the calls of a proposal are about."""
        found: set[int] = set()
        for call in calls:
            home = self.homes.get(call["target"])
            decoded = decode_call(home, call["data"]) if home is not None else None
            if decoded is None:
                continue
            found |= self._named(decoded.arguments)
            if "list" in decoded.arguments:
                found |= self._lists.get(decoded.arguments["list"], set())
        return found

    def _account(self, account: bytes) -> int:
        if account not in self._accounts:
            self._accounts[account] = self.institution_of(account)
        return self._accounts[account]

    @staticmethod
    def _named(arguments: dict[str, Any]) -> set[int]:
        return {arguments[name] for name in _INSTITUTIONS if isinstance(arguments.get(name), int)}
