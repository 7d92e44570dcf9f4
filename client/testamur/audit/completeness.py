"""Is what the events say all that happened? The register's own counters and words beside what the events add up to.

lists        every list up to the counter of its registry was opened by an event
batches      each list's batches follow one another without gap up to its counter, each record as its event said
voids        each batch that an event voided, lifted or cleared stands so in its slot
statuses     each word of each list's bitmaps holds what the events add up to, also where none touched it
votes        every proposal up to the counter was created by an event, as many institutions voted as events say

All at one block. A node that withholds an event cannot withhold the counter with it: it would have to show another
state, which `testamur verify` proves or refuses. What is compared here is the node's word; ask a node of your own.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from testamur.audit.pages import entries, homes, pages
from testamur.chain.abi import LogEntry
from testamur.chain.contracts import Contract, Suite

__all__ = ["Audit", "ListAccount", "check"]

_WORD_BITS = 256
_WORDS_A_READ = 256
_RECORDED = ("issuer", "list", "size", "first", "scopeIndex", "kind", "statusVersion")
"""What a batch's event and its record both say."""
_CHANGES = {
    "CredentialRevoked": ("revoked", True),
    "WordsRevoked": ("revoked", True),
    "RevocationsCleared": ("revoked", False),
    "CredentialSuspended": ("suspended", True),
    "WordsSuspended": ("suspended", True),
    "CredentialReinstated": ("suspended", False),
    "WordsReinstated": ("suspended", False),
}
"""Event of StatusRegistry → which bitmap it changes, and whether it sets or clears."""


@dataclass(slots=True)
class ListAccount:
    """What the events say of one status list."""

    number: int
    institution: int
    size: int
    """Entries that it has room for."""
    address: bytes
    """The registry that keeps it."""
    issued: int = 0
    """Entries that batches took."""
    batches: int = 0
    void: int = 0
    """Batches that are out of force as a whole."""
    words: dict[str, dict[int, int]] = field(default_factory=lambda: {"revoked": {}, "suspended": {}})
    """Bitmap by its word's index."""

    @property
    def words_there_are(self) -> int:
        """Words of each bitmap."""
        return max(1, self.size // _WORD_BITS)

    def count(self, bitmap: str) -> int:
        """Credentials that are `revoked` or `suspended` now."""
        return sum(word.bit_count() for word in self.words[bitmap].values())


@dataclass(slots=True)
class Audit:
    """What was read and found."""

    block: int
    """Newest block that was read."""
    events: int = 0
    lists: dict[int, ListAccount] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    """One sentence for each thing that does not fit; empty where all is complete."""


def check(suite: Suite, block: int | None = None) -> Audit:
    """Read every event up to `block`, by default the newest, and hold the state of that block against them."""
    audit = Audit(suite.rpc.block_number() if block is None else block)
    named = homes(suite)
    found: dict[str, list[LogEntry]] = defaultdict(list)
    for logs in pages(suite, named, 0, audit.block):
        for contract, entry in entries(suite, named, logs):
            audit.events += 1
            found[contract].append(entry)
    audit.problems += _lists(suite, named, found["StatusRegistry"], audit)
    audit.problems += _batches(suite, found["CredentialBatches"], audit)
    audit.problems += _statuses(suite, found["StatusRegistry"], audit)
    audit.problems += _voids(suite, found["StatusRegistry"], audit)
    audit.problems += _votes(suite, named, found["Alliance"], audit)
    return audit


def _lists(suite: Suite, named: dict[bytes, str], told: Iterable[LogEntry], audit: Audit) -> Iterator[str]:
    for entry in told:
        if entry.event == "ListOpened":
            number, size = entry.arguments["list"], 1 << entry.arguments["log2size"]
            audit.lists[number] = ListAccount(number, entry.arguments["issuer"], size, entry.address)
    for address in (address for address, name in named.items() if name == "StatusRegistry"):
        following = Contract("StatusRegistry", address, suite.rpc).read("nextList", block=audit.block)
        for number in range(1, following):
            if number not in audit.lists:
                yield f"list {number} was opened, and no event says so"


def _batches(suite: Suite, told: Iterable[LogEntry], audit: Audit) -> Iterator[str]:
    anchored = [entry for entry in told if entry.event == "BatchAnchored"]
    records = _read_each(suite, "CredentialBatches", "batch", anchored, lambda e: (e.arguments["batchId"],), audit)
    for entry, record in zip(anchored, records, strict=True):
        said, number = entry.arguments, entry.arguments["list"]
        if any(record[field] != said[field] for field in _RECORDED):
            yield f"batch 0x{said['batchId'].hex()}: the record differs from the event"
        account = audit.lists.get(number)
        if account is None:
            yield f"batch 0x{said['batchId'].hex()} stands in list {number}, which no event opened"
            continue
        if record["first"] != account.issued:
            yield f"list {number}: a batch begins at {record['first']}, the last one ended at {account.issued}"
        account.issued = record["first"] + record["size"]
        account.batches += 1
    for account in audit.lists.values():
        registry = Contract("StatusRegistry", account.address, suite.rpc)
        record = registry.read("listOf", account.number, block=audit.block)
        if record["issuer"] != account.institution:
            yield f"list {account.number} is of institution {record['issuer']}, the event says {account.institution}"
        if record["next"] != account.issued:
            yield (
                f"list {account.number}: the counter stands at {record['next']}, the batches end at {account.issued}"
            )


def _statuses(suite: Suite, told: Iterable[LogEntry], audit: Audit) -> Iterator[str]:
    for entry in told:
        if entry.event not in _CHANGES:
            continue
        said, (bitmap, is_set) = entry.arguments, _CHANGES[entry.event]
        account = audit.lists.get(said["list"])
        if account is None:
            yield f"{entry.event} in block {entry.block_number} changes list {said['list']}, which no event opened"
            continue
        index = said.get("index", 0)
        words, word = account.words[bitmap], said.get("wordIndex", index // _WORD_BITS)
        mask = said.get("mask", 1 << index % _WORD_BITS)
        words[word] = words.get(word, 0) | mask if is_set else words.get(word, 0) & ~mask
    for number, account in sorted(audit.lists.items()):
        registry = Contract("StatusRegistry", account.address, suite.rpc)
        wanted = [
            (number, first, min(_WORDS_A_READ, account.words_there_are - first))
            for first in range(0, account.words_there_are, _WORDS_A_READ)
        ]
        for (_, first, _), record in zip(wanted, registry.read_many("words", wanted, audit.block), strict=True):
            for bitmap, words in account.words.items():
                for place, held in enumerate(record[bitmap], first):
                    if held != words.get(place, 0):
                        yield f"list {number}, word {place}: what is {bitmap} differs from the events"


def _voids(suite: Suite, told: Iterable[LogEntry], audit: Audit) -> Iterator[str]:
    latest: dict[tuple[bytes, int, bytes], LogEntry] = {}
    for entry in told:
        if entry.event in ("BatchVoided", "BatchVoidLifted", "BatchVoidCleared"):
            latest[entry.address, entry.arguments["batchesVersion"], entry.arguments["batchId"]] = entry
    for (address, version, batch), entry in latest.items():
        registry, is_void = Contract("StatusRegistry", address, suite.rpc), entry.event == "BatchVoided"
        status = registry.read("batchStatusOf", version, batch, block=audit.block)
        if (status["revoked"] or status["suspended"]) != is_void:
            yield f"batch 0x{batch.hex()}: whether it is void differs from the events"
        number = entry.arguments["list"]
        if (account := audit.lists.get(number)) is None:
            yield f"{entry.event} in block {entry.block_number} names list {number}, which no event opened"
        else:
            account.void += is_void


def _votes(suite: Suite, named: dict[bytes, str], told: Iterable[LogEntry], audit: Audit) -> Iterator[str]:
    created: dict[bytes, set[int]] = defaultdict(set)
    voters: dict[tuple[bytes, int], set[int]] = defaultdict(set)
    for entry in told:
        if entry.event == "ProposalCreated":
            created[entry.address].add(entry.arguments["id"])
        elif entry.event == "VoteCast":
            voters[entry.address, entry.arguments["id"]].add(entry.arguments["institution"])
    for address in (address for address, name in named.items() if name == "Alliance"):
        alliance = Contract("Alliance", address, suite.rpc)
        numbers = range(1, alliance.read("proposalCount", block=audit.block) + 1)
        records = alliance.read_many("proposal", [(number,) for number in numbers], audit.block) if numbers else []
        for number, record in zip(numbers, records, strict=True):
            if number not in created[address]:
                yield f"proposal {number} was made, and no event says so"
            if record["voters"] != len(voters[address, number]):
                yield f"proposal {number}: the institutions that voted differ from the events"


def _read_each(
    suite: Suite,
    contract: str,
    function: str,
    told: list[LogEntry],
    arguments: Callable[[LogEntry], tuple[object, ...]],
    audit: Audit,
) -> list[dict[str, int]]:
    """What `function` says of each event, asked of the version of the contract that it came from, in their order."""
    found: dict[int, dict[str, int]] = {}
    for address in {entry.address for entry in told}:
        places = [place for place, entry in enumerate(told) if entry.address == address]
        answers = Contract(contract, address, suite.rpc).read_many(
            function, [arguments(told[place]) for place in places], audit.block
        )
        found |= dict(zip(places, answers, strict=True))
    return [found[place] for place in range(len(told))]
