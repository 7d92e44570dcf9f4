"""A signed transaction: decoded from its raw form, its sender recovered (EIP-155, 2718, 2930, 1559, 4844, 7702).

Flow: raw bytes from the pool or a block -> `decode_transaction` -> `Transaction`, which exists only when the encoding
is
canonical and the signature names a sender. What the chain's rules think of it is `permission.includable`'s business.
"""

from dataclasses import dataclass

import coincurve
from testamur.proof.hashing import keccak256

from testamur_node.codec import DecodingError, Item, minimal, number_of, rlp_decode, rlp_encode

__all__ = ["AccessEntry", "Authorization", "Transaction", "decode_transaction", "created_address", "authority_of"]

_CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_FIELD_COUNTS = {1: 11, 2: 12, 3: 14, 4: 13}


@dataclass(frozen=True, slots=True)
class AccessEntry:
    """One entry of an access list (EIP-2930)."""

    address: bytes
    slots: tuple[bytes, ...]
    """32-byte storage keys."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """One entry of a type 4 authorization list (EIP-7702); its signature is judged during execution."""

    chain_id: int
    address: bytes
    nonce: int
    y_parity: int
    r: int
    s: int


@dataclass(frozen=True, slots=True)
class Transaction:
    """A signed transaction of type 0 to 4."""

    raw: bytes
    """The canonical form that blocks hold: type byte and payload, or the legacy list."""
    hash: bytes
    sender: bytes
    """20 bytes, recovered from the signature."""
    type_id: int
    chain_id: int | None
    """None for a legacy transaction without replay protection."""
    nonce: int
    gas_limit: int
    to: bytes | None
    """None creates a contract."""
    value: int
    data: bytes
    gas_price: int | None
    """Types 0 and 1."""
    max_fee_per_gas: int | None
    """Types 2 to 4."""
    max_priority_fee_per_gas: int | None
    """Types 2 to 4."""
    access_list: tuple[AccessEntry, ...]
    max_fee_per_blob_gas: int | None
    """Type 3."""
    blob_hashes: tuple[bytes, ...]
    """Type 3: versioned hashes."""
    authorizations: tuple[Authorization, ...]
    """Type 4."""
    v: int
    """Legacy: 27, 28 or EIP-155; otherwise the y parity."""
    r: int
    s: int

    @property
    def creates(self) -> bool:
        """Whether it creates a contract."""
        return self.to is None

    def effective_gas_price(self, base_fee: int | None) -> int:
        """Price a unit of gas costs in a block with `base_fee` (EIP-1559); free chains charge nothing instead."""
        if self.max_fee_per_gas is None or self.max_priority_fee_per_gas is None:
            return self.gas_price or 0
        return min(self.max_fee_per_gas, (base_fee or 0) + self.max_priority_fee_per_gas)


def decode_transaction(raw: bytes, sender: bytes | None = None) -> Transaction:
    """The transaction that `raw` encodes; `DecodingError` with the reason where it encodes none.

    `sender` skips the recovery for a transaction whose sender was recovered before. A blob transaction in its network
    form (with sidecar) is reduced to the form blocks hold.
    """
    if not raw:
        raise DecodingError("an empty transaction")
    if raw[0] >= 0xC0:
        return _legacy(raw, sender)
    if raw[0] not in _FIELD_COUNTS:
        raise DecodingError(f"transaction type {raw[0]} is not supported")
    fields = rlp_decode(raw[1:])
    if raw[0] == 3 and isinstance(fields, list) and len(fields) in (4, 5) and isinstance(fields[0], list):
        fields = fields[0]
        raw = raw[:1] + rlp_encode(fields)
    if not isinstance(fields, list) or len(fields) != _FIELD_COUNTS[raw[0]]:
        raise DecodingError(f"a type {raw[0]} transaction has {_FIELD_COUNTS[raw[0]]} fields")
    return _typed(raw, fields, sender)


def created_address(sender: bytes, nonce: int) -> bytes:
    """The address of the contract that a creation transaction of `sender` with `nonce` makes."""
    return keccak256(rlp_encode([sender, minimal(nonce)]))[12:]


def authority_of(authorization: Authorization) -> bytes | None:
    """Who signed a delegation (EIP-7702); None where the signature names nobody."""
    fields: list[Item] = [minimal(authorization.chain_id), authorization.address, minimal(authorization.nonce)]
    if authorization.y_parity > 1:
        return None
    try:
        message = keccak256(b"\x05" + rlp_encode(fields))
        return _recover(message, authorization.y_parity, authorization.r, authorization.s)
    except DecodingError:
        return None


def _legacy(raw: bytes, sender: bytes | None) -> Transaction:
    fields = rlp_decode(raw)
    if not isinstance(fields, list) or len(fields) != 9:
        raise DecodingError("a legacy transaction has nine fields")
    v, r, s = number_of(fields[6]), number_of(fields[7]), number_of(fields[8])
    if v in (27, 28):
        chain_id, parity, signed = None, v - 27, list(fields[:6])
    elif v >= 35:
        chain_id, parity = divmod(v - 35, 2)
        signed = [*fields[:6], minimal(chain_id), b"", b""]
    else:
        raise DecodingError(f"signature value v = {v} is neither 27, 28 nor EIP-155")
    return Transaction(
        raw=raw, hash=keccak256(raw), sender=sender or _recover(keccak256(rlp_encode(signed)), parity, r, s),
        type_id=0, chain_id=chain_id, nonce=number_of(fields[0], 8), gas_price=number_of(fields[1]),
        gas_limit=number_of(fields[2], 8), to=_recipient(fields[3]), value=number_of(fields[4]), data=_bytes(fields[5]),
        max_fee_per_gas=None, max_priority_fee_per_gas=None, access_list=(), max_fee_per_blob_gas=None, blob_hashes=(),
        authorizations=(), v=v, r=r, s=s,
    )  # fmt: skip


def _typed(raw: bytes, fields: list[Item], sender: bytes | None) -> Transaction:
    kind = raw[0]
    # EIP-2930 has one price field, its successors two
    prices = [number_of(field) for field in fields[2 : 3 if kind == 1 else 4]]
    gas_limit, to, value, data, access = fields[2 + len(prices) : 7 + len(prices)]
    parity, r, s = (number_of(field) for field in fields[-3:])
    if parity > 1:
        raise DecodingError(f"y parity {parity} is neither 0 nor 1")
    recipient = _recipient(to)
    if kind in (3, 4) and recipient is None:
        raise DecodingError(f"a type {kind} transaction cannot create a contract")
    authorizations: tuple[Authorization, ...] = ()
    if kind == 4:
        authorizations = tuple(_authorization(item) for item in _list(fields[9]))
        if not authorizations:
            raise DecodingError("a type 4 transaction without authorizations")
    message = keccak256(raw[:1] + rlp_encode(fields[:-3]))
    return Transaction(
        raw=raw, hash=keccak256(raw), sender=sender or _recover(message, parity, r, s), type_id=kind,
        chain_id=number_of(fields[0]), nonce=number_of(fields[1], 8), gas_limit=number_of(gas_limit, 8), to=recipient,
        value=number_of(value), data=_bytes(data), gas_price=prices[0] if kind == 1 else None,
        max_fee_per_gas=None if kind == 1 else prices[1], max_priority_fee_per_gas=None if kind == 1 else prices[0],
        access_list=tuple(_access_entry(item) for item in _list(access)),
        max_fee_per_blob_gas=number_of(fields[9]) if kind == 3 else None,
        blob_hashes=tuple(_sized(item, 32) for item in _list(fields[10])) if kind == 3 else (),
        authorizations=authorizations, v=parity, r=r, s=s,
    )  # fmt: skip


def _recover(message: bytes, parity: int, r: int, s: int) -> bytes:
    # EIP-2: the upper half of s is no signature since Homestead, the oldest fork that we read
    if not (0 < r < _CURVE_ORDER and 0 < s <= _CURVE_ORDER // 2):
        raise DecodingError("signature values out of range")
    try:
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([parity])
        key = coincurve.PublicKey.from_signature_and_message(signature, message, hasher=None)
    except Exception as error:  # coincurve raises plain Exception for an unrecoverable signature
        raise DecodingError("the signature names no key") from error
    return keccak256(key.format(compressed=False)[1:])[12:]


def _authorization(item: Item) -> Authorization:
    fields = _list(item)
    if len(fields) != 6:
        raise DecodingError("an authorization has six fields")
    return Authorization(
        number_of(fields[0]), _sized(fields[1], 20), number_of(fields[2], 8), number_of(fields[3], 1),
        number_of(fields[4]), number_of(fields[5]),
    )  # fmt: skip


def _access_entry(item: Item) -> AccessEntry:
    fields = _list(item)
    if len(fields) != 2:
        raise DecodingError("an access list entry has two fields")
    return AccessEntry(_sized(fields[0], 20), tuple(_sized(slot, 32) for slot in _list(fields[1])))


def _recipient(item: Item) -> bytes | None:
    return _sized(item, 20) if item else None


def _sized(item: Item, size: int) -> bytes:
    if not isinstance(item, bytes) or len(item) != size:
        raise DecodingError(f"expected {size} bytes")
    return item


def _bytes(item: Item) -> bytes:
    if not isinstance(item, bytes):
        raise DecodingError("expected a string of bytes, found a list")
    return item


def _list(item: Item) -> list[Item]:
    if not isinstance(item, list):
        raise DecodingError("expected a list")
    return item
