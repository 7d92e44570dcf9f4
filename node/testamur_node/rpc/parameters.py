"""What methods take, read from JSON as geth's decoder reads it: plain values, block references, log filters.

Members of objects are found whatever the case of their names, unknown ones are passed over, and null stands for a
value that is left out. `rpc.messages` reads messages, blocks and the state that a call pretends.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from testamur_node.documents import DocumentError, read_json
from testamur_node.rpc.codec import read_data, read_hash, read_quantity, read_uint64
from testamur_node.rpc.errors import DecodeError

__all__ = [
    "BlockReference",
    "LATEST",
    "NEXT",
    "LogQuery",
    "members",
    "read_block_reference",
    "read_block_number",
    "read_boolean",
    "read_text",
    "read_log_query",
    "read_list",
    "read_loose_number",
    "read_object",
    "read_typed_data",
]

_TAGS = frozenset({"latest", "pending", "earliest", "safe", "finalized"})
_MOST_TOPICS = 4
_MOST_ALTERNATIVES = 1_000
"""For one topic position, as in geth."""


@dataclass(frozen=True, slots=True)
class BlockReference:
    """A block named by tag, number or hash; one is set, or none where the caller sent an object that names nothing."""

    tag: str | None = None
    number: int | None = None
    hash: bytes | None = None

    @property
    def is_pending(self) -> bool:
        """Whether it names the block to come."""
        return self.tag == "pending"


LATEST = BlockReference(tag="latest")
NEXT = BlockReference(tag="next")
"""What an estimate sees where the caller names no block: the head's state, in the block to come. No caller can name it,
and it costs no execution of what waits."""


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Which logs a caller wants."""

    first: BlockReference | None = None
    last: BlockReference | None = None
    block_hash: bytes | None = None
    """In place of first and last."""
    addresses: tuple[bytes, ...] = ()
    """Empty for any."""
    topics: tuple[tuple[bytes, ...] | None, ...] = field(default=())
    """Per position None for any, else one of several."""


def read_object(value: object) -> Mapping[str, object]:
    """A JSON object; null has no members."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise DecodeError("json: expected an object")
    return value


def read_typed_data(value: object) -> Mapping[str, object]:
    """Typed structured data (EIP-712): an object, or its JSON text as some wallets send it."""
    if isinstance(value, str):
        try:
            value = read_json(value)
        except DocumentError as error:
            raise DecodeError(f"typed data: {error}") from error
    return read_object(value)


def members(value: object, *names: str) -> dict[str, object]:
    """Those members of a JSON object that have one of the names, in any case, and are not null."""
    known = {name.lower(): name for name in names}
    found: dict[str, object] = {}
    for name, item in read_object(value).items():
        exact = known.get(name.lower())
        if exact is not None and item is not None:
            found[exact] = item
    return found


def read_list(value: object) -> list[object]:
    """A JSON array; null is empty."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise DecodeError("json: expected an array")
    return value


def read_boolean(value: object) -> bool:
    """A JSON boolean; null is false."""
    if value is None:
        return False
    if not isinstance(value, bool):
        raise DecodeError("json: expected a boolean")
    return value


def read_text(value: object) -> str:
    """A JSON string; null is empty."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise DecodeError("json: expected a string")
    return value


def read_block_number(value: object) -> BlockReference:
    """A tag or a number."""
    if isinstance(value, str) and value in _TAGS:
        return BlockReference(tag=value)
    if value == "":
        raise DecodeError("empty hex string")
    number = read_uint64(value)
    if number > 0x7FFFFFFFFFFFFFFF:
        raise DecodeError("block number larger than int64")
    return BlockReference(number=number)


def read_block_reference(value: object) -> BlockReference:
    """A tag, a number, a hash, or an object with one of them (EIP-1898).

    `requireCanonical` is taken and always holds: every block this node keeps is on its one chain. An object that names
    no block is a reference to nothing, which the methods refuse as geth's do.
    """
    if value is None or isinstance(value, dict):
        body = members(value, "blockNumber", "blockHash", "requireCanonical")
        number, block_hash = body.get("blockNumber"), body.get("blockHash")
        reference = BlockReference() if number is None else read_block_number(number)
        if block_hash is not None:
            reference = BlockReference(hash=read_hash(block_hash))
        if number is not None and block_hash is not None:
            raise DecodeError("cannot specify both BlockHash and BlockNumber, choose one or the other")
        read_boolean(body.get("requireCanonical"))
        return reference
    if isinstance(value, str) and len(value) == 66:
        return BlockReference(hash=read_hash(value))
    return read_block_number(value)


def _read_text_hex(value: object, length: int, what: str) -> bytes:
    """Hex in a filter, where geth takes no empty string either."""
    decoded = read_data(value)
    if len(decoded) != length:
        raise DecodeError(f"hex has invalid length {len(decoded)} after decoding; expected {length} for {what}")
    return decoded


def _read_topic(value: object) -> tuple[bytes, ...] | None:
    """One topic position: null or [] for any, one hash, or several of which one must match."""
    if value is None:
        return None
    if isinstance(value, list):
        if len(value) > _MOST_ALTERNATIVES:
            raise DecodeError("exceed max topics")
        found = []
        for item in value:
            if item is None:
                return None
            found.append(_read_text_hex(item, 32, "topic"))
        return tuple(found) or None
    return (_read_text_hex(value, 32, "topic"),)


def read_log_query(value: object) -> LogQuery:
    """A filter object of eth_getLogs and eth_newFilter."""
    body = members(value, "fromBlock", "toBlock", "blockHash", "address", "topics")
    first, last, block_hash = body.get("fromBlock"), body.get("toBlock"), body.get("blockHash")
    if block_hash is not None and (first is not None or last is not None):
        raise DecodeError("cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other")
    address, topics = body.get("address"), read_list(body.get("topics"))
    addresses: tuple[bytes, ...] = ()
    if isinstance(address, list):
        addresses = tuple(_read_text_hex(item, 20, "address") for item in address)
    elif address is not None:
        addresses = (_read_text_hex(address, 20, "address"),)
    if len(topics) > _MOST_TOPICS:
        raise DecodeError("exceed max topics")
    return LogQuery(
        first=None if first is None else read_block_number(first),
        last=None if last is None else read_block_number(last),
        block_hash=None if block_hash is None else read_hash(block_hash),
        addresses=addresses,
        topics=tuple(_read_topic(item) for item in topics),
    )


def read_loose_number(value: object) -> int:
    """A number as tools of development chains send it: 5, "5" or "0x5"."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**64:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    return read_quantity(value, 64)
