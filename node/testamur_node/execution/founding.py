"""Founding the suite for genesis, in one context: each contract is constructed at its address, then the calls run."""

from collections.abc import Sequence
from typing import Any

from eth.constants import CREATE_CONTRACT_ADDRESS
from eth.vm.execution_context import ExecutionContext
from eth.vm.message import Message
from testamur.artifacts.founding_calls import FoundingCall
from testamur.artifacts.genesis import Construction

from testamur_node.chain.block import EMPTY_TRIE_ROOT
from testamur_node.chain.rules import DEVELOPMENT, Fork
from testamur_node.execution.machine import machine
from testamur_node.execution.overlay import Overlay
from testamur_node.genesis import Allocation, GenesisError

__all__ = ["construct"]

_FOUNDER = bytes.fromhex("ff" * 19 + "fe")
"""msg.sender and tx.origin of constructors and calls: EIP-2935's system address, which nobody holds a key of."""
_GAS = 10**12


def construct(
    contracts: Sequence[Construction], calls: Sequence[FoundingCall], *, chain_id: int, timestamp: int
) -> dict[bytes, Allocation]:
    """The accounts that constructors and calls leave, run in order. Raises `GenesisError` naming what refused."""
    context = ExecutionContext(
        coinbase=bytes(20), timestamp=timestamp, block_number=0, difficulty=0, mix_hash=bytes(32), gas_limit=_GAS,
        prev_hashes=(), chain_id=chain_id, base_fee_per_gas=0, excess_blob_gas=0,
    )  # fmt: skip
    touched: dict[bytes, set[int]] = {}
    state = _recording(machine(DEVELOPMENT, Fork.PRAGUE), touched)(Overlay(lambda _: None), context, EMPTY_TRIE_ROOT)
    state.deployers = None

    def run(message: Message, apply: Any) -> Any:
        state.lock_changes()
        transaction = state.get_transaction_context_class()(gas_price=0, origin=_FOUNDER)
        result = apply(state, message, transaction)
        state.clear_transient_storage()
        return result

    for contract in contracts:
        message = Message(
            gas=_GAS, to=CREATE_CONTRACT_ADDRESS, sender=_FOUNDER, value=0, data=b"", code=contract.init_code,
            create_address=contract.address,
        )  # fmt: skip
        result = run(message, state.computation_class.apply_create_message)
        if result.is_error:
            raise GenesisError(f"the constructor of {contract.name} refused: {result.error!r}")
    for call in calls:
        code = state.get_code(call.address)
        message = Message(gas=_GAS, to=call.address, sender=_FOUNDER, value=0, data=call.data, code=code)
        result = run(message, state.computation_class.apply_message)
        if result.is_error:
            raise GenesisError(f"{call.name}.{call.function} refused: {result.error!r}")
    return {
        contract.address: Allocation(
            balance=0,
            nonce=state.get_nonce(contract.address),
            code=state.get_code(contract.address),
            storage={
                slot: value
                for slot in sorted(touched.get(contract.address, ()))
                if (value := state.get_storage(contract.address, slot))
            },
        )
        for contract in contracts
    }


def _recording(base: Any, touched: dict[bytes, set[int]]) -> Any:
    """The state class, noting each slot that is written: a trie knows only their hashes."""

    def set_storage(self: Any, address: bytes, slot: int, value: int) -> None:
        touched.setdefault(address, set()).add(slot)
        base.set_storage(self, address, slot, value)

    return type(f"Recording{base.__name__}", (base,), {"set_storage": set_storage})
