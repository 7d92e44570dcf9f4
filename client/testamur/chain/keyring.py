"""The DIDs and signing keys of an institution, read from the storage of Keys a page at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from testamur.chain.contracts import Suite
from testamur.proof.hashing import keccak256

__all__ = ["USAGES", "DidRecord", "KeyRecord", "read_dids", "read_keys"]

USAGES = ("", "credential", "status")
_PAGE = 256


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A signing key of an institution; times in seconds, 0 for never."""

    key: bytes
    """32 bytes, Ed25519."""
    hash: bytes
    usage: str
    """`credential` or `status`."""
    since: int
    until: int
    """First second out of use, past or planned."""
    compromised_since: int
    clearings: int
    """How often a vote moved the cut-off later or took it away."""


@dataclass(frozen=True, slots=True)
class DidRecord:
    """A DID of an institution; times in seconds, 0 for never."""

    text: str
    since: int
    until: int
    """First second out of use, past or planned."""


def read_dids(suite: Suite, number: int, block: int) -> list[DidRecord]:
    """Every DID that institution `number` was ever given, at a block, oldest first."""
    texts = [str(text) for text in _pages(suite, "didCount", "didsOf", number, block)]
    records = suite.contract("Keys").read_many("did", [(keccak256(text.encode()),) for text in texts], block)
    return [DidRecord(text, record["since"], record["until"]) for text, record in zip(texts, records, strict=True)]


def read_keys(suite: Suite, number: int, block: int) -> list[KeyRecord]:
    """Every key that institution `number` ever added, at a block, oldest first."""
    keys = [bytes(key) for key in _pages(suite, "keyCount", "keysOf", number, block)]
    records = suite.contract("Keys").read_many("key", [(number, keccak256(key)) for key in keys], block)
    return [
        KeyRecord(
            key=key,
            hash=keccak256(key),
            usage=USAGES[record["usage"]],
            since=record["since"],
            until=record["until"],
            compromised_since=record["compromisedSince"],
            clearings=record["clearings"],
        )
        for key, record in zip(keys, records, strict=True)
    ]


def _pages(suite: Suite, counting: str, listing: str, number: int, block: int) -> Iterator[Any]:
    contract = suite.contract("Keys")
    for first in range(0, contract.read(counting, number, block=block), _PAGE):
        yield from contract.read(listing, number, first, _PAGE, block=block)
