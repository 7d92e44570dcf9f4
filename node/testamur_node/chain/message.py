"""Transactions and blocks as callers describe them, before anything is filled in or signed."""

from dataclasses import dataclass

from testamur.proof.hashing import keccak256

from testamur_node.chain.block import Withdrawal
from testamur_node.chain.transaction import AccessEntry, Authorization, Transaction
from testamur_node.codec import Item, minimal, rlp_encode
from testamur_node.crossing import crossing

__all__ = ["MessageArguments", "BlockOverrides", "authorization_items", "unsigned"]


@dataclass(frozen=True, slots=True)
class MessageArguments:
    """A transaction or call as callers describe it (geth's TransactionArgs); None is what they left out."""

    sender: bytes | None = None
    to: bytes | None = None
    gas: int | None = None
    gas_price: int | None = None
    max_fee_per_gas: int | None = None
    max_priority_fee_per_gas: int | None = None
    max_fee_per_blob_gas: int | None = None
    value: int | None = None
    nonce: int | None = None
    payload: bytes | None = None
    """The older member `data`."""
    input: bytes | None = None
    """The newer member, which wins."""
    chain_id: int | None = None
    access_list: tuple[AccessEntry, ...] | None = None
    authorizations: tuple[Authorization, ...] | None = None
    blob_hashes: tuple[bytes, ...] | None = None

    @property
    def data(self) -> bytes:
        """Calldata, or creation code."""
        return (self.payload if self.input is None else self.input) or b""


@crossing
@dataclass(frozen=True, slots=True)
class BlockOverrides:
    """Block fields that a simulation sets; None leaves what would follow from the parent."""

    number: int | None = None
    time: int | None = None
    gas_limit: int | None = None
    coinbase: bytes | None = None
    prev_randao: bytes | None = None
    base_fee: int | None = None
    blob_base_fee: int | None = None
    difficulty: int | None = None
    beacon_root: bytes | None = None
    withdrawals: tuple[Withdrawal, ...] | None = None


_UNSIGNED_LEGACY_CHAIN = (2**64 - 35) // 2
"""What geth reads out of a legacy transaction whose v is 0 (EIP-155 run backwards in 64 bits)."""


def unsigned(arguments: MessageArguments, chain_id: int, nonce: int, gas: int) -> Transaction:
    """The transaction that a description stands for, with zeros for a signature (geth's ToTransaction).

    With a gas price it is legacy, else of the newest type that its fields need, at least 2.
    """
    sender = arguments.sender or bytes(20)
    kind = 2
    if arguments.authorizations is not None:
        kind = 4
    elif arguments.blob_hashes is not None:
        kind = 3
    if arguments.gas_price is not None:
        kind = 0
    prices = (0, 0) if kind == 0 else (arguments.max_priority_fee_per_gas or 0, arguments.max_fee_per_gas or 0)
    access_list = () if kind == 0 else arguments.access_list or ()
    authorizations = (arguments.authorizations or ()) if kind == 4 else ()
    body: list[Item] = [
        minimal(gas), arguments.to or b"", minimal(arguments.value or 0), arguments.data,
    ]  # fmt: skip
    fields: list[Item]
    if kind == 0:
        fields = [minimal(nonce), minimal(arguments.gas_price or 0), *body]
    else:
        fields = [minimal(chain_id), minimal(nonce), *map(minimal, prices), *body]
        fields.append([[entry.address, list(entry.slots)] for entry in access_list])
    if kind == 3:
        fields += [minimal(arguments.max_fee_per_blob_gas or 0), list(arguments.blob_hashes or ())]
    if kind == 4:
        fields.append([authorization_items(item) for item in authorizations])
    raw = (b"" if kind == 0 else bytes([kind])) + rlp_encode([*fields, b"", b"", b""])
    return Transaction(
        raw=raw,
        hash=keccak256(raw),
        sender=sender,
        type_id=kind,
        chain_id=_UNSIGNED_LEGACY_CHAIN if kind == 0 else chain_id,
        nonce=nonce,
        gas_limit=gas,
        to=arguments.to,
        value=arguments.value or 0,
        data=arguments.data,
        gas_price=arguments.gas_price if kind == 0 else None,
        max_fee_per_gas=None if kind == 0 else prices[1],
        max_priority_fee_per_gas=None if kind == 0 else prices[0],
        access_list=access_list,
        max_fee_per_blob_gas=(arguments.max_fee_per_blob_gas or 0) if kind == 3 else None,
        blob_hashes=(arguments.blob_hashes or ()) if kind == 3 else (),
        authorizations=authorizations,
        v=0,
        r=0,
        s=0,
    )


def authorization_items(item: Authorization) -> list[Item]:
    """A signed authorization as RLP items (EIP-7702)."""
    return [
        minimal(item.chain_id), item.address, minimal(item.nonce), minimal(item.y_parity), minimal(item.r),
        minimal(item.s),
    ]  # fmt: skip
