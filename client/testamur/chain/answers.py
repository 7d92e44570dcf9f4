"""What a node's answers mean: which reply belongs to which request, and results read as what they must be.

Nothing here believes a node: ids are compared by type and value, numbers, bytes, blocks, receipts and logs are read
strictly, and whatever is otherwise raises `ValueError`, which `chain.rpc` tells with the node's address.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from testamur.chain.errors import RpcError

__all__ = [
    "asks_to_wait",
    "block",
    "by_id",
    "data",
    "is_known",
    "log",
    "pending_block",
    "printable",
    "quantity",
    "receipt",
    "refusal",
]

_QUANTITY: Final = re.compile(r"0x[0-9a-fA-F]{1,64}")
_DATA: Final = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_LONGEST_REASON: Final = 500
"""Characters of a node's own words that are repeated to people."""
_LATEST_SECOND: Final = 253_402_300_799
"""The end of the year 9999, after which no date can be written."""
_HIGHEST_BLOCK: Final = 1 << 63
_BUSY_CODES: Final = frozenset({-32005, 429})
"""Limit exceeded (EIP-1474), and HTTP's own number, which some gateways put into the body."""
_TOO_LARGE: Final = re.compile(r"results|range|blocks|logs|size|large|bytes|gas", re.IGNORECASE)
"""Words of a limit that waiting does not lift; the caller asks for less."""
_KNOWN: Final = re.compile(
    r"alreadyknown|(?<!un)knowntransaction|already(?:been)?imported|alreadyexists|alreadyhave"
    r"|already(?:present)?in(?:the)?(?:pool|mempool|txpool|transactionpool)|existingtxwithsamehash"
    r"|noncetoolow|oldnonce"
)
"""Letters alone, without spaces: geth and reth `already known`, Besu `Known transaction`, Erigon `existing tx with same
hash`, Nethermind `AlreadyKnown` and `OldNonce`, anvil and OpenEthereum `already imported`, Hardhat `Known transaction:`
and `Nonce too low`."""


def quantity(value: object, below: int = 1 << 256) -> int:
    """A JSON-RPC number. Raises ValueError."""
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value) or (number := int(value, 16)) >= below:
        raise ValueError("no quantity")
    return number


def data(value: object, size: int | None = None) -> bytes:
    """JSON-RPC bytes, `size` of them where it is given. Raises ValueError."""
    if not isinstance(value, str) or not value.startswith("0x") or not _DATA.fullmatch(value):
        raise ValueError("no bytes")
    found = bytes.fromhex(value[2:])
    if size is not None and len(found) != size:
        raise ValueError(f"{len(found)} bytes, not {size}")
    return found


def block(value: object) -> dict[str, Any]:
    """A block with a number, a hash and a time that can be written as a date. Raises ValueError."""
    found = pending_block(value)
    data(found.get("hash"), 32)
    return found


def pending_block(value: object) -> dict[str, Any]:
    """The block to come, which nodes show without a hash: a number and a time. Raises ValueError."""
    found = _object(value)
    quantity(found.get("number"), _HIGHEST_BLOCK)
    quantity(found.get("timestamp"), _LATEST_SECOND)
    return found


def receipt(value: object) -> dict[str, Any] | None:
    """The receipt of a transaction that is in a block; None while it waits. Raises ValueError.

    Some nodes show one that waits as a receipt whose block or `status` is null.
    """
    if value is None:
        return None
    found = _object(value)
    if any(found.get(name) is None for name in ("blockHash", "blockNumber", "status")):
        return None
    data(found["blockHash"], 32)
    data(found.get("transactionHash"), 32)
    for name, below in (("blockNumber", _HIGHEST_BLOCK), ("status", 2), ("gasUsed", 1 << 64)):
        quantity(found.get(name), below)
    if found.get("contractAddress") is not None:
        data(found["contractAddress"], 20)
    logs = found.get("logs")
    if not isinstance(logs, list):
        raise ValueError("no logs")
    return {**found, "logs": [log(item) for item in logs]}


def log(value: object) -> dict[str, Any]:
    """A log of a block. Raises ValueError."""
    found = _object(value)
    topics = found.get("topics")
    if not isinstance(topics, list) or len(topics) > 4:
        raise ValueError("no topics")
    for topic in topics:
        data(topic, 32)
    data(found.get("address"), 20)
    data(found.get("data"))
    data(found.get("transactionHash"), 32)
    quantity(found.get("blockNumber"), _HIGHEST_BLOCK)
    quantity(found.get("logIndex"), 1 << 32)
    return found


def by_id(decoded: object, first: int, count: int) -> list[Mapping[str, Any] | None]:
    """The replies to `count` requests with ids from `first`; None where there is none, or two.

    One error without an id refuses the whole batch (JSON-RPC 2.0 section 5.1), and so is the reply to each.
    """
    replies = decoded if isinstance(decoded, list) else [decoded]
    found: dict[int, Mapping[str, Any] | None] = {}
    for reply in replies:
        if not isinstance(reply, dict) or type(number := reply.get("id")) is not int:
            continue
        found[number] = None if number in found else reply
    if not found and len(replies) == 1 and isinstance(replies[0], dict) and replies[0].get("error") is not None:
        return [replies[0] if replies[0].get("id") is None else None] * count
    return [found.get(first + place) for place in range(count)]


def refusal(method: str, error: object) -> RpcError:
    """A reply's `error` member, whatever stands there."""
    if not isinstance(error, dict):
        return RpcError(method, 0, _words(error))
    code = error.get("code")
    return RpcError(method, code if type(code) is int else 0, _words(error.get("message", "")), error.get("data"))


def asks_to_wait(decoded: object) -> str | None:
    """The words of a reply that says only that there are too many requests; None where none does."""
    for reply in decoded if isinstance(decoded, list) else [decoded]:
        error = reply.get("error") if isinstance(reply, dict) else None
        code = error.get("code") if isinstance(error, dict) else None
        if isinstance(error, dict) and type(code) is int and code in _BUSY_CODES:
            words = _words(error.get("message", ""))
            if not _TOO_LARGE.search(words):
                return words
    return None


def is_known(error: RpcError) -> bool:
    """Whether a node refuses a transaction because it has it, or because its nonce is used."""
    return _KNOWN.search("".join(filter(str.isalpha, error.reason.lower()))) is not None


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("no object")
    return value


def printable(text: str, longest: int) -> str:
    """A node's text as one line of at most `longest` characters: it is shown on terminals and kept in logs."""
    return "".join(mark if mark.isprintable() else " " for mark in text[:longest])


def _words(said: object) -> str:
    return printable(said if isinstance(said, str) else str(said), _LONGEST_REASON)
