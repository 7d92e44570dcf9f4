"""Undoing the newest blocks of a stopped node: what would be lost is said first, and that it was done stays on record.

On a governed chain others have seen those blocks: a verifier that knows a credential as suspended would find it valid
again. So the operator must say twice that this is meant, and the store remembers it for whoever asks the node later
(`testamur_nodeStatus`), also when new blocks have taken the place of the old.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from testamur.proof.hashing import keccak256

from testamur_node.application import Application
from testamur_node.chain.receipt import Log
from testamur_node.operations.upkeep import UpkeepError, opened
from testamur_node.store.rollbacks import Rollback, noted

__all__ = ["ConsentError", "Losses", "StatusChange", "demand_consent", "roll_back"]

_MOST_INDEXES = 50
"""Credentials of one kind of change that a line for people names."""
_SINGLE = {"CredentialRevoked": "revoked", "CredentialSuspended": "suspended", "CredentialReinstated": "reinstated"}
_WORDS = {"WordsRevoked": "revoked", "WordsSuspended": "suspended", "WordsReinstated": "reinstated"}
_ONE = {keccak256(f"{name}(uint32,uint32,uint8)".encode()): what for name, what in _SINGLE.items()}
_MANY = {keccak256(f"{name}(uint32,uint32,uint256,uint8)".encode()): what for name, what in _WORDS.items()} | {
    keccak256(b"RevocationsCleared(uint32,uint32,uint256,bytes32)"): "cleared"
}
"""Events of contracts/interfaces/IStatusRegistry.sol."""


class ConsentError(UpkeepError):
    """Nothing was undone, since the operator has not said that it is meant."""


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A credential whose status an undone block had changed."""

    list: int
    index: int
    change: str
    """revoked, suspended, reinstated or cleared"""
    block: int

    def to_json(self) -> dict[str, object]:
        """One entry of `statusChanges`."""
        return {"list": self.list, "index": self.index, "change": self.change, "block": self.block}


@dataclass(frozen=True, slots=True)
class Losses:
    """What undoing blocks takes away."""

    head: int
    target: int
    transactions: int
    changes: tuple[StatusChange, ...]
    is_governed: bool
    """Others rely on this chain."""

    def to_json(self) -> dict[str, object]:
        """The object `lost` of `rollback --json`."""
        return {
            "blocks": self.head - self.target,
            "transactions": self.transactions,
            "statusChanges": [change.to_json() for change in self.changes],
        }

    def to_lines(self) -> Iterator[str]:
        """The same for people."""
        if self.head == self.target:
            yield f"no block is lost, only what was signed after block {self.head}"
            return
        yield f"lost: blocks {self.target + 1} to {self.head} with {self.transactions} transactions"
        groups: dict[tuple[int, str], list[int]] = {}
        for one in self.changes:
            groups.setdefault((one.list, one.change), []).append(one.index)
        for (number, change), indexes in groups.items():
            yield _lost(number, change, indexes)


def _lost(number: int, change: str, indexes: list[int]) -> str:
    """One kind of change in one list, for people."""
    more = len(indexes) - _MOST_INDEXES
    shown = ", ".join(map(str, indexes[:_MOST_INDEXES])) + (f" … (+{more})" if more > 0 else "")
    if change == "revoked":
        return f"lost: revocations in list {number} of {shown}"
    if change == "suspended":
        return f"lost: suspensions in list {number} of {shown}"
    if change == "reinstated":
        return f"lost: reinstatements in list {number} of {shown}"
    return f"lost: cleared revocations in list {number} of {shown}"


def demand_consent(losses: Losses, *, is_meant: bool, is_meant_though_governed: bool) -> None:
    """Raise `ConsentError` unless the operator has said what must be said."""
    if losses.is_governed and not is_meant_though_governed:
        raise ConsentError(
            "nothing was undone: this is a governed chain, and verifiers may have seen those blocks",
            "where it is meant all the same, add --yes --of-a-governed-chain, and tell the other institutions",
        )
    if not is_meant:
        raise ConsentError("nothing was undone yet", "add --yes where this is meant")


def roll_back(
    home: Path,
    count: int,
    consent: Callable[[Losses], None] = lambda _losses: None,
    now: Callable[[], float] = time.time,
) -> Losses:
    """Undo the newest `count` blocks of a stopped node, and every heartbeat after the block that stays.

    `consent` is told first what that takes away, and raises where it is not meant.
    """
    with opened(home) as application:
        head = application.head.number
        if not 0 <= count <= head:
            raise UpkeepError(f"cannot undo {count} blocks: the chain has {head}")
        target = head - count
        pruned = int.from_bytes(application.store.meta("pruned") or b"", "big")
        if target < pruned:
            raise UpkeepError(f"cannot go back to block {target}: its state was pruned, {pruned} is the oldest kept")
        losses = _losses(application, head, target)
        consent(losses)
        before = Rollback(head, application.head.hash, target, losses.transactions, len(losses.changes), int(now()))
        application.roll_back(target, noted(application.store, before))
        return losses


def _losses(application: Application, head: int, target: int) -> Losses:
    store = application.store
    transactions = 0
    changes: list[StatusChange] = []
    for number in range(target + 1, head + 1):
        receipts = store.receipts(number)
        transactions += len(receipts)
        for receipt in receipts:
            for log in receipt.logs:
                changes += _changes(log, number)
    return Losses(head, target, transactions, tuple(changes), application.spec.is_permissioned)


def _changes(log: Log, block: int) -> Iterator[StatusChange]:
    """The credentials that a log tells of."""
    if len(log.topics) < 3:
        return
    number, place = (int.from_bytes(topic, "big") for topic in log.topics[1:3])
    change = _ONE.get(log.topics[0])
    if change is not None:
        yield StatusChange(number, place, change, block)
    change = _MANY.get(log.topics[0])
    if change is not None:
        mask = int.from_bytes(log.data[:32], "big")
        yield from (StatusChange(number, place << 8 | bit, change, block) for bit in range(256) if mask >> bit & 1)
