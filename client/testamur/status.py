"""Revoke, suspend, reinstate: from places in status lists (`status_targets`) to bits on the chain.

1. every place must exist                                                       -> StatusTargetError, nothing sent
2. the words as they stand tell which bits must change                           -> already so: reported, not sent
3. one transaction for one bit, whole words of 256 bits for many
4. the words are read again: a report says for each credential what is true now

Running the same command again changes nothing: the chain is the truth, and only what differs is sent.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from testamur.chain.connection import Connection
from testamur.chain.contracts import Call, Contract
from testamur.chain.errors import TransactionRevertedError
from testamur.chain.rpc import to_hex
from testamur.chain.status_lists import registries_of
from testamur.profile import Institution
from testamur.status_targets import (
    StatusTargetError,
    Target,
    exit_code_of,
    targets_from_bundles,
    targets_from_indexes,
    targets_from_rows,
)
from testamur.verification.changes import Reason

__all__ = [
    "Outcome",
    "Reason",
    "StatusChange",
    "StatusReport",
    "StatusTargetError",
    "Target",
    "change_status",
    "reinstate",
    "revoke",
    "suspend",
    "targets_from_bundles",
    "targets_from_indexes",
    "targets_from_rows",
]

_WORD_BITS = 256
_WORDS_PER_CALL = 100
"""About 2.5 million gas where every word changes for the first time."""
_SPAN = 16
"""Words read in one call."""


class StatusChange(StrEnum):
    """What is done to a credential's status."""

    REVOKE = "revoke"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one target."""

    target: Target
    result: str
    """`changed`, `already`, or `refused`."""
    reason: str | None = None
    """Why it was refused, one clause."""


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What a change came to, target by target, in the order they were named."""

    change: StatusChange
    outcomes: tuple[Outcome, ...]
    transactions: tuple[bytes, ...]
    block: int | None
    """The last block that changed something; None where nothing had to change."""

    @property
    def exit_code(self) -> int:
        """0 when every target has the status that was asked for; else 10 when none, 8 when some have."""
        return exit_code_of([outcome.result for outcome in self.outcomes])

    def to_json(self) -> dict[str, Any]:
        """One object for `--json`."""
        return {
            "change": str(self.change),
            "outcomes": [
                {
                    "source": outcome.target.source,
                    "list": outcome.target.list,
                    "index": outcome.target.index,
                    "result": outcome.result,
                    "reason": outcome.reason,
                }
                for outcome in self.outcomes
            ],
            "transactions": [to_hex(name) for name in self.transactions],
            "block": self.block,
        }


def revoke(connection: Connection, institution: Institution, targets: Sequence[Target], reason: int) -> StatusReport:
    """Take credentials out of force for good."""
    return change_status(connection, institution, StatusChange.REVOKE, targets, reason)


def suspend(connection: Connection, institution: Institution, targets: Sequence[Target], reason: int) -> StatusReport:
    """Take credentials out of force until they are reinstated."""
    return change_status(connection, institution, StatusChange.SUSPEND, targets, reason)


def reinstate(connection: Connection, institution: Institution, targets: Sequence[Target], reason: int) -> StatusReport:
    """Put suspended credentials into force again; a revoked one never comes back this way."""
    return change_status(connection, institution, StatusChange.REINSTATE, targets, reason)


def change_status(
    connection: Connection,
    institution: Institution,
    change: StatusChange,
    targets: Sequence[Target],
    reason: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> StatusReport:
    """Give every target the status; see the head of this file for the steps."""
    registries = registries_of(connection.suite, (target.list for target in targets))
    _require_lists(registries, targets)
    before = _read_words(registries, targets)
    refused = {target: fault for target in targets if (fault := _refusal(change, target, before))}
    masks = _masks(change, [target for target in targets if target not in refused], before)
    calls = _calls(registries, change, masks, reason)
    receipts = []
    failure: TransactionRevertedError | None = None
    if calls:
        sender = connection.sender_for(institution, "status")
        for done, call in enumerate(calls):
            try:
                receipts.append(sender.send(call))
            except TransactionRevertedError as error:
                if not receipts:
                    raise
                failure = error
                break
            progress(done + 1, len(calls))
    after = _read_words(registries, targets) if calls else before
    outcomes = []
    for target in targets:
        if target in refused:
            outcomes.append(Outcome(target, "refused", refused[target]))
        elif not _holds(change, target, after):
            outcomes.append(Outcome(target, "refused", str(failure) if failure else "another program changed it back"))
        else:
            outcomes.append(Outcome(target, "already" if _holds(change, target, before) else "changed"))
    return StatusReport(
        change,
        tuple(outcomes),
        tuple(receipt.transaction for receipt in receipts),
        receipts[-1].block_number if receipts else None,
    )


_Words = dict[tuple[int, int], tuple[int, int]]
"""(list, word) -> its revoked and its suspended bits."""
_Registries = dict[int, Contract]
"""List -> the version of StatusRegistry that keeps it."""


def _require_lists(registries: _Registries, targets: Sequence[Target]) -> None:
    records = {number: registry.read("listOf", number) for number, registry in registries.items()}
    sizes = {number: 1 << record["log2size"] if record["issuer"] else 0 for number, record in records.items()}
    problems = [
        (target.source, f"there is no status list {target.list}" if not sizes[target.list] else "no such index")
        for target in targets
        if not 0 <= target.index < sizes[target.list]
    ]
    if problems:
        raise StatusTargetError(problems)


def _read_words(registries: _Registries, targets: Sequence[Target]) -> _Words:
    """The words of all targets, each list read in whole spans."""
    wanted = sorted({(target.list, target.index // _WORD_BITS // _SPAN) for target in targets})
    words: _Words = {}
    for registry in dict.fromkeys(registries.values()):
        spans = [(number, span) for number, span in wanted if registries[number] == registry]
        results = registry.read_many("words", [(number, span * _SPAN, _SPAN) for number, span in spans])
        for (number, span), result in zip(spans, results, strict=True):
            for i, pair in enumerate(zip(result["revoked"], result["suspended"], strict=True)):
                words[number, span * _SPAN + i] = pair
    return words


def _bits(target: Target, words: _Words) -> tuple[bool, bool]:
    revoked, suspended = words[target.list, target.index // _WORD_BITS]
    bit = 1 << target.index % _WORD_BITS
    return bool(revoked & bit), bool(suspended & bit)


def _holds(change: StatusChange, target: Target, words: _Words) -> bool:
    revoked, suspended = _bits(target, words)
    return {StatusChange.REVOKE: revoked, StatusChange.SUSPEND: suspended, StatusChange.REINSTATE: not suspended}[
        change
    ]


def _refusal(change: StatusChange, target: Target, words: _Words) -> str | None:
    revoked, _ = _bits(target, words)
    if revoked and change is not StatusChange.REVOKE:
        return "it is revoked for good, and only a vote of the Alliance takes that back"
    return None


def _masks(change: StatusChange, targets: Sequence[Target], words: _Words) -> dict[tuple[int, int], int]:
    """The bits to change, by list and word."""
    masks: dict[tuple[int, int], int] = {}
    for target in targets:
        if not _holds(change, target, words):
            place = (target.list, target.index // _WORD_BITS)
            masks[place] = masks.get(place, 0) | 1 << target.index % _WORD_BITS
    return masks


def _calls(registries: _Registries, change: StatusChange, masks: dict[tuple[int, int], int], reason: int) -> list[Call]:
    if len(masks) == 1:
        ((number, word), mask), *_ = masks.items()
        if mask.bit_count() == 1:
            return [registries[number].call(str(change), number, word * _WORD_BITS + mask.bit_length() - 1, reason)]
    calls: list[Call] = []
    for number in sorted({number for number, _ in masks}):
        words = sorted(word for other, word in masks if other == number)
        for start in range(0, len(words), _WORDS_PER_CALL):
            part = words[start : start + _WORDS_PER_CALL]
            bits = [masks[number, word] for word in part]
            calls.append(registries[number].call(f"{change}Words", number, part, bits, reason))
    return calls
