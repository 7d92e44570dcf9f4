"""Signing for the unlocked accounts of a development chain. No other key ever comes near a node's RPC."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import coincurve
from testamur.proof.hashing import keccak256

from testamur_node.chain.message import authorization_items
from testamur_node.chain.transaction import AccessEntry, Authorization
from testamur_node.codec import Item, minimal, rlp_encode
from testamur_node.rpc.typed_data import signing_preimage

__all__ = ["UnsignedTransaction", "sign_transaction", "sign_message", "sign_typed_data"]


@dataclass(frozen=True, slots=True)
class UnsignedTransaction:
    """A transaction without its signature: type 2, with authorizations 4, with a gas price 0, and 1 with an access list
    too."""

    chain_id: int | None
    """None, of a type 0: without replay protection, as before EIP-155."""
    nonce: int
    gas_limit: int
    to: bytes | None
    value: int
    data: bytes
    gas_price: int | None
    max_fee_per_gas: int | None
    max_priority_fee_per_gas: int | None
    access_list: tuple[AccessEntry, ...] | None
    authorizations: tuple[Authorization, ...] | None = None

    @property
    def type_id(self) -> int:
        """0, 1, 2 or 4."""
        if self.gas_price is None:
            return 2 if self.authorizations is None else 4
        return 0 if self.access_list is None else 1

    def items(self) -> list[Item]:
        """The RLP items that come before the signature."""
        body: list[Item] = [minimal(self.gas_limit), self.to or b"", minimal(self.value), self.data]
        if self.type_id == 0:
            return [minimal(self.nonce), minimal(self.gas_price or 0), *body]
        if self.type_id == 1:
            prices = [minimal(self.gas_price or 0)]
        else:
            prices = [minimal(self.max_priority_fee_per_gas or 0), minimal(self.max_fee_per_gas or 0)]
        listed: list[Item] = [[entry.address, list(entry.slots)] for entry in self.access_list or ()]
        last: list[Item] = (
            [[authorization_items(item) for item in self.authorizations or ()]] if self.type_id == 4 else []
        )
        return [minimal(self.chain_id or 0), minimal(self.nonce), *prices, *body, listed, *last]

    def signed(self, v: int, r: int, s: int) -> bytes:
        """The raw transaction with its signature; `v` as the type has it: 27, 28, EIP-155's or the y parity."""
        encoded = rlp_encode([*self.items(), minimal(v), minimal(r), minimal(s)])
        return encoded if self.type_id == 0 else bytes([self.type_id]) + encoded

    def payload(self) -> bytes:
        """What the signature is made over, before hashing (EIP-155, EIP-2718)."""
        if self.type_id == 0:
            protection = [] if self.chain_id is None else [minimal(self.chain_id), b"", b""]
            return rlp_encode([*self.items(), *protection])
        return bytes([self.type_id]) + rlp_encode(self.items())


def _signature(digest: bytes, key: bytes) -> tuple[int, int, int]:
    """(y parity, r, s)"""
    signature = coincurve.PrivateKey(key).sign_recoverable(digest, hasher=None)
    return signature[64], int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")


def sign_transaction(transaction: UnsignedTransaction, key: bytes) -> bytes:
    """The raw signed transaction."""
    parity, r, s = _signature(keccak256(transaction.payload()), key)
    if transaction.type_id > 0:
        return transaction.signed(parity, r, s)
    return transaction.signed(parity + (27 if transaction.chain_id is None else 35 + 2 * transaction.chain_id), r, s)


def sign_message(payload: bytes, key: bytes) -> bytes:
    """The 65-byte signature over a prefixed message (EIP-191, version 0x45), v 27 or 28."""
    return _signed(b"\x19Ethereum Signed Message:\n" + str(len(payload)).encode() + payload, key)


def sign_typed_data(document: Mapping[str, Any], key: bytes) -> bytes:
    """The 65-byte signature over typed structured data (EIP-712), v 27 or 28."""
    return _signed(signing_preimage(document), key)


def _signed(preimage: bytes, key: bytes) -> bytes:
    parity, r, s = _signature(keccak256(preimage), key)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([27 + parity])
