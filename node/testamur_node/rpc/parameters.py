"""What methods take, read from JSON: block references, messages to simulate, overrides, log filters."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from testamur_node.chain.message import MessageArguments
from testamur_node.chain.transaction import AccessEntry, Authorization
from testamur_node.execution.executor import AccountOverride
from testamur_node.rpc.codec import read_address, read_data, read_hash, read_quantity, read_uint64
from testamur_node.rpc.errors import DecodeError

__all__ = [
    "BlockReference",
    "LATEST",
    "NEXT",
    "MessageArguments",
    "LogQuery",
    "read_block_reference",
    "read_block_number",
    "read_boolean",
    "read_text",
    "read_message",
    "read_overrides",
    "read_log_query",
    "read_list",
    "read_object",
    "read_typed_data",
]

_TAGS = frozenset({"latest", "pending", "earliest", "safe", "finalized"})


@dataclass(frozen=True, slots=True)
class BlockReference:
    """A block named by tag, number or hash; exactly one is set."""

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
    """A JSON object."""
    if not isinstance(value, dict):
        raise DecodeError("json: expected an object")
    return value


def read_typed_data(value: object) -> Mapping[str, object]:
    """Typed structured data (EIP-712): an object, or its JSON text as some wallets send it."""
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise DecodeError(f"typed data: {error}") from error
    return read_object(value)


def read_list(value: object) -> list[object]:
    """A JSON array."""
    if not isinstance(value, list):
        raise DecodeError("json: expected an array")
    return value


def read_boolean(value: object) -> bool:
    """A JSON boolean."""
    if not isinstance(value, bool):
        raise DecodeError("json: expected a boolean")
    return value


def read_text(value: object) -> str:
    """A JSON string."""
    if not isinstance(value, str):
        raise DecodeError("json: expected a string")
    return value


def read_block_number(value: object) -> BlockReference:
    """A tag or a number."""
    if isinstance(value, str) and value in _TAGS:
        return BlockReference(tag=value)
    number = read_uint64(value)
    if number > 0x7FFFFFFFFFFFFFFF:
        raise DecodeError("block number larger than int64")
    return BlockReference(number=number)


def read_block_reference(value: object) -> BlockReference:
    """A tag, a number, a hash, or an object with one of them (EIP-1898).

    `requireCanonical` is taken and always holds: every block this node keeps is on its one chain.
    """
    if isinstance(value, dict):
        if value.get("blockHash") is not None and value.get("blockNumber") is not None:
            raise DecodeError("cannot specify both BlockHash and BlockNumber, choose one or the other")
        if value.get("requireCanonical") is not None:
            read_boolean(value["requireCanonical"])
        if value.get("blockHash") is not None:
            return BlockReference(hash=read_hash(value["blockHash"]))
        if value.get("blockNumber") is not None:
            return read_block_number(value["blockNumber"])
        raise DecodeError("invalid arguments; neither block nor hash specified")
    if isinstance(value, str) and len(value) == 66:
        return BlockReference(hash=read_hash(value))
    return read_block_number(value)


def _optional_quantity(body: Mapping[str, object], name: str, bits: int = 256) -> int | None:
    value = body.get(name)
    return None if value is None else _named(name, read_quantity, value, bits)


def _named(name: str, decode: object, *values: object) -> int:
    """Decode one member and say which one failed."""
    try:
        result = decode(*values)  # type: ignore[operator]
    except DecodeError as error:
        raise DecodeError(f"{name}: {error}") from error
    assert isinstance(result, int)
    return result


def read_access_list(value: object) -> tuple[AccessEntry, ...]:
    """An EIP-2930 access list."""
    entries = []
    for item in read_list(value):
        body = read_object(item)
        keys = body.get("storageKeys")
        slots = () if keys is None else tuple(read_hash(key) for key in read_list(keys))
        entries.append(AccessEntry(read_address(body.get("address")), slots))
    return tuple(entries)


def _read_authorization(value: object) -> Authorization:
    body = read_object(value)
    return Authorization(
        chain_id=read_quantity(body.get("chainId")),
        address=read_address(body.get("address")),
        nonce=read_uint64(body.get("nonce")),
        y_parity=read_quantity(body.get("yParity"), 8),
        r=read_quantity(body.get("r")),
        s=read_quantity(body.get("s")),
    )


def read_message(value: object) -> MessageArguments:
    """A call or transaction object; `input` wins over `data`, and the two must not differ."""
    body = read_object(value)
    payload = None if body.get("data") is None else read_data(body["data"])
    if body.get("input") is not None:
        preferred = read_data(body["input"])
        if payload is not None and payload != preferred:
            raise DecodeError(
                'both "data" and "input" are set and not equal. Please use "input" to pass transaction call data'
            )
        payload = preferred
    gas_price = _optional_quantity(body, "gasPrice")
    max_fee = _optional_quantity(body, "maxFeePerGas")
    tip = _optional_quantity(body, "maxPriorityFeePerGas")
    if gas_price is not None and (max_fee is not None or tip is not None):
        raise DecodeError("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified")
    if max_fee is not None and tip is not None and max_fee < tip:
        raise DecodeError(f"maxFeePerGas ({max_fee}) < maxPriorityFeePerGas ({tip})")
    blobs = body.get("blobVersionedHashes")
    authorizations = body.get("authorizationList")
    return MessageArguments(
        sender=None if body.get("from") is None else read_address(body["from"]),
        to=None if body.get("to") in (None, "", "0x") else read_address(body["to"]),
        gas=_optional_quantity(body, "gas", 64),
        gas_price=gas_price,
        max_fee_per_gas=max_fee,
        max_priority_fee_per_gas=tip,
        max_fee_per_blob_gas=_optional_quantity(body, "maxFeePerBlobGas"),
        value=_optional_quantity(body, "value"),
        nonce=_optional_quantity(body, "nonce", 64),
        data=payload,
        chain_id=_optional_quantity(body, "chainId"),
        access_list=None if body.get("accessList") is None else read_access_list(body["accessList"]),
        authorizations=None
        if authorizations is None
        else tuple(_read_authorization(item) for item in read_list(authorizations)),
        blob_hashes=() if blobs is None else tuple(read_hash(item) for item in read_list(blobs)),
    )


def _read_slots(value: object) -> dict[int, int]:
    return {
        int.from_bytes(read_hash(key), "big"): int.from_bytes(read_hash(word), "big")
        for key, word in read_object(value).items()
    }


def _read_override(value: object) -> AccountOverride:
    body = read_object(value)
    if body.get("state") is not None and body.get("stateDiff") is not None:
        raise DecodeError("account has both 'state' and 'stateDiff'")
    return AccountOverride(
        balance=_optional_quantity(body, "balance"),
        nonce=_optional_quantity(body, "nonce", 64),
        code=None if body.get("code") is None else read_data(body["code"]),
        storage=None if body.get("state") is None else _read_slots(body["state"]),
        storage_difference={} if body.get("stateDiff") is None else _read_slots(body["stateDiff"]),
    )


def read_overrides(value: object) -> dict[bytes, AccountOverride]:
    """State that a call shall pretend, by address (geth's StateOverride)."""
    return {read_address(address): _read_override(override) for address, override in read_object(value).items()}


def _read_topic(value: object) -> tuple[bytes, ...] | None:
    """One topic position: null or [] for any, one hash, or several of which one must match."""
    if value is None:
        return None
    if isinstance(value, list):
        if any(item is None for item in value):
            return None
        return tuple(read_hash(item) for item in value) or None
    return (read_hash(value),)


def read_log_query(value: object) -> LogQuery:
    """A filter object of eth_getLogs and eth_newFilter."""
    body = read_object(value)
    first, last, block_hash = body.get("fromBlock"), body.get("toBlock"), body.get("blockHash")
    if block_hash is not None and (first is not None or last is not None):
        raise DecodeError("cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other")
    address, topics = body.get("address"), body.get("topics")
    addresses: tuple[bytes, ...] = ()
    if isinstance(address, list):
        addresses = tuple(read_address(item) for item in address)
    elif address is not None:
        addresses = (read_address(address),)
    positions = () if topics is None else tuple(_read_topic(item) for item in read_list(topics))
    return LogQuery(
        first=None if first is None else read_block_number(first),
        last=None if last is None else read_block_number(last),
        block_hash=None if block_hash is None else read_hash(block_hash),
        addresses=addresses,
        topics=positions,
    )
