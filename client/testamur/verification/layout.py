"""Where contracts keep what a verdict reads: storage slots and packed fields of storage layout number 1.

These numbers are part of the protocol: evidence from years ago is read by them. A test compares them with the
compiled storage layout; a contract whose Directory entry names another layout number is not read at all
(docs/protocol.md 4.4).
"""

from functools import lru_cache

from testamur.proof.hashing import keccak256

__all__ = ["BASE_SLOTS", "FIELDS", "LAYOUT", "element", "inner", "unpack"]

LAYOUT = 1
"""The layout number that this file describes."""

BASE_SLOTS: dict[str, dict[str, int]] = {
    "Directory": {"_counts": 0, "_entries": 1},
    "BlockHistory": {"_hashes": 0},
    "CredentialBatches": {"_batches": 0},
    "IssuerRegistry": {"_issuers": 0, "_scopes": 3, "_origins": 4},
    "Keys": {"_keys": 0, "_dids": 1},
    "Operators": {"_operators": 2, "_restorations": 3},
    "Permissions": {"_validators": 1, "_parameters": 11},
    "QualificationFrameworks": {"_frameworks": 0, "_levels": 1, "_types": 2},
    "StatusRegistry": {"_lists": 1, "_voids": 2, "_revoked": 3, "_suspended": 4},
}
"""Contract → state variable → its slot."""

FIELDS: dict[str, tuple[tuple[str, int], ...]] = {
    "Entry": (("target", 20), ("from", 5), ("layout", 2)),
    "Batch": (
        ("issuer", 4),
        ("operatorIndex", 2),
        ("scopeIndex", 2),
        ("list", 4),
        ("size", 4),
        ("first", 4),
        ("time", 5),
        ("blockNumber", 5),
        ("kind", 1),
        ("statusVersion", 1),
    ),
    "Issuer": (
        ("state", 1),
        ("since", 5),
        ("firstRecognised", 5),
        ("changes", 2),
        ("scopes", 2),
        ("names", 2),
        ("admission", 2),
        ("holds", 2),
        ("accreditor", 4),
    ),
    "Scope": (
        ("framework", 4),
        ("qualificationType", 4),
        ("lowestRank", 1),
        ("highestRank", 1),
        ("region", 2),
        ("from", 5),
        ("to", 5),
        ("admission", 2),
        ("parentInstitution", 4),
        ("parentScope", 2),
        ("depth", 1),
        ("suspension", 1),
    ),
    "Origin": (("createdAt", 5), ("operatorIndex", 2), ("suspendedSince", 5)),
    "Key": (
        ("institution", 4),
        ("usage", 1),
        ("operatorIndex", 2),
        ("since", 5),
        ("until", 5),
        ("compromisedSince", 5),
        ("clearings", 2),
        ("clearedAt", 5),
    ),
    "Did": (("institution", 4), ("since", 5), ("until", 5)),
    "Operator": (("account", 20), ("roles", 2), ("until", 5), ("compromisedSince", 5)),
    "Restoration": (("clearings", 2), ("at", 5), ("former", 5)),
    "Framework": (("levels", 2), ("types", 4), ("addedAt", 5), ("direction", 1), ("ladders", 1)),
    "Level": (("ladder", 1), ("addedAt", 5), ("blank", 1)),
    "QualificationType": (("lowestRank", 1), ("highestRank", 1), ("from", 5), ("to", 5), ("addedAt", 5)),
    "List": (("issuer", 4), ("log2size", 1), ("openedAt", 5), ("next", 4), ("custodian", 4), ("holder", 2)),
    "Void": (
        ("since", 5),
        ("revokedFrom", 5),
        ("lifted", 5),
        ("cleared", 5),
        ("institution", 4),
        ("list", 4),
        ("operatorIndex", 2),
        ("reason", 1),
    ),
    "Validator": (("power", 8), ("institution", 4), ("index", 4)),
    "Parameters": (
        ("gasLimit", 8),
        ("maxBlockBytes", 4),
        ("maxTransactionBytes", 4),
        ("heartbeatSeconds", 2),
        ("evidenceMaxBytes", 4),
        ("evidenceMaxAgeSeconds", 4),
        ("evidenceMaxAgeBlocks", 4),
    ),
}
"""Struct → the fields that share its first slot, lowest bytes first, with their sizes in bytes."""


@lru_cache(maxsize=1024)
def element(contract: str, variable: str, *keys: int | bytes) -> int:
    """The slot of an element of a mapping, or of a mapping of mappings."""
    slot = BASE_SLOTS[contract][variable]
    for key in keys:
        slot = inner(slot, key)
    return slot


def inner(slot: int, key: int | bytes) -> int:
    """The slot of `key` in the mapping at `slot`: keccak-256(key, padded to 32 bytes ‖ slot)."""
    padded = key.to_bytes(32, "big") if isinstance(key, int) else key.rjust(32, b"\0")
    return int.from_bytes(keccak256(padded + slot.to_bytes(32, "big")), "big")


def unpack(struct: str, word: int) -> list[int]:
    """The fields of a packed word, in the order of FIELDS."""
    values = []
    for _, size in FIELDS[struct]:
        values.append(word & ((1 << 8 * size) - 1))
        word >>= 8 * size
    return values
