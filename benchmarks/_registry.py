"""The work that the node's benchmarks do: a small registry, and signed transactions that each record one entry in it.

An entry costs what anchoring a batch does at least, some 46,000 gas: a mapping's slot hashed, read, written for the
first time, and a log with two topics. Signing is done before any clock runs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from testamur.proof.hashing import keccak256
from testamur_node.chain.development import development_accounts
from testamur_node.chain.transaction import created_address
from testamur_node.rpc.signing import UnsignedTransaction, sign_transaction

__all__ = ["ADDRESSES", "CHAIN_ID", "ENTRY_TOPIC", "Workload", "slot_of", "workload"]

CHAIN_ID = 20260
_KEYS = development_accounts()
ADDRESSES: Sequence[bytes] = tuple(_KEYS)
"""Ten senders, unlocked on development chains of ours and of anvil alike."""
ENTRY_TOPIC = bytes(31) + b"\x01"
_GAS = 60_000
_REGISTRY = bytes.fromhex(
    "600035600052604060002080543660201460315715601c57600080fd"  # slot = keccak(key ‖ 0); read it; refuse a second entry
    "5b602035806000529055600035600160206000a200"  # record the value, log it under (1, key)
    "5b60005260206000f3"  # 32 bytes of input: give the value back
)
"""Called with a key: the value under it. With key and value: records the entry, or reverts where there is one."""


@dataclass(frozen=True, slots=True)
class Workload:
    """A contract and the entries to record in it."""

    creation: bytes
    """The raw transaction that deploys the registry: nonce 0 of the first sender."""
    entries: tuple[bytes, ...]
    """Raw transactions of ten senders in turn, one fresh entry each."""
    registry: bytes
    """The contract's address."""
    keys: tuple[bytes, ...]
    """What each entry is recorded under."""


def workload(count: int) -> Workload:
    """`count` entries, the same on every run."""
    init = bytes.fromhex(f"60{len(_REGISTRY):02x}600c60003960{len(_REGISTRY):02x}6000f3") + _REGISTRY
    registry = created_address(ADDRESSES[0], 0)
    keys = tuple(keccak256(index.to_bytes(8, "big")) for index in range(count))
    entries = []
    for index, key in enumerate(keys):
        sender, nonce = index % 10, index // 10 + (index % 10 == 0)
        entries.append(_signed(sender, nonce, registry, key + keccak256(key), _GAS))
    return Workload(_signed(0, 0, None, init, 200_000), tuple(entries), registry, keys)


def slot_of(key: bytes) -> bytes:
    """Where the registry keeps the value under `key`."""
    return keccak256(key + bytes(32))


def _signed(sender: int, nonce: int, to: bytes | None, data: bytes, gas: int) -> bytes:
    unsigned = UnsignedTransaction(
        chain_id=CHAIN_ID, nonce=nonce, gas_limit=gas, to=to, value=0, data=data, gas_price=None,
        max_fee_per_gas=2 * 10**9, max_priority_fee_per_gas=10**9, access_list=None,
    )  # fmt: skip
    return sign_transaction(unsigned, _KEYS[ADDRESSES[sender]])
