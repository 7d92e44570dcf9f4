"""py-evm by itself over the same transactions, in memory: the floor that the node is measured against.

`mine_all` is py-evm's own way to make blocks; `apply_all` drives its virtual machine transaction by transaction and
persists once a block, which is as fast as py-evm's own state goes.
"""

import time
from collections.abc import Sequence
from typing import Any

from _registry import ADDRESSES, CHAIN_ID, Workload
from eth.chains.base import MiningChain
from eth.consensus import NoProofConsensus
from eth.db.atomic import AtomicDB
from eth.vm.forks import PragueVM

__all__ = ["GENESIS", "apply_all", "chain_of", "mine_all"]

_BLOCK = 500
GENESIS = {"difficulty": 0, "gas_limit": 40_000_000, "timestamp": 1, "base_fee_per_gas": 1}
_ROOT = {"parent_beacon_block_root": bytes(32)}
"""As geth has it in a genesis; py-evm would put the empty trie's root."""


def chain_of() -> Any:
    """A Prague chain of py-evm with the senders funded and no proof of work."""
    machine = PragueVM.configure(consensus_class=NoProofConsensus)
    chain_class = MiningChain.configure("Floor", vm_configuration=((0, machine),), chain_id=CHAIN_ID)
    account = {"balance": 10**24, "nonce": 0, "code": b"", "storage": {}}
    return chain_class.from_genesis(AtomicDB(), GENESIS | _ROOT, dict.fromkeys(ADDRESSES, account))


def mine_all(work: Workload) -> float:
    """Transactions a second of `MiningChain.mine_all`, in blocks of 500."""
    chain, blocks = _prepared(work)
    started = time.perf_counter()
    for number, block in enumerate(blocks):
        chain.mine_all(block, timestamp=3 + number)
    return len(work.entries) / (time.perf_counter() - started)


def apply_all(work: Workload) -> float:
    """Transactions a second of `vm.apply_transaction`, one `persist` per 500."""
    chain, blocks = _prepared(work)
    machine = chain.get_vm()
    header = machine.get_block().header
    started = time.perf_counter()
    for block in blocks:
        for transaction in block:
            machine.apply_transaction(header, transaction)
        machine.state.persist()
    return len(work.entries) / (time.perf_counter() - started)


def _prepared(work: Workload) -> tuple[Any, list[Sequence[Any]]]:
    chain = chain_of()
    builder = chain.get_vm().get_transaction_builder()
    decoded = [builder.decode(raw) for raw in work.entries]
    chain.mine_all([builder.decode(work.creation)], timestamp=2)
    return chain, [decoded[first : first + _BLOCK] for first in range(0, len(decoded), _BLOCK)]
