"""What a block does besides its transactions: history writes before, withdrawals, requests and rewards after.

EIP-2935 and 4788 (history), 4895 (withdrawals), 7685 with 6110, 7002, 7251 (requests), Yellow Paper 11.3 (rewards
before
Paris), and our own BlockHistory contract, which keeps every block's hash (docs/protocol.md 4).
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from eth.constants import SYSTEM_ADDRESS
from eth.vm.forks.cancun.constants import (
    BEACON_ROOTS_ADDRESS,
    BEACON_ROOTS_CONTRACT_CODE,
    HISTORY_BUFFER_LENGTH,
)
from eth.vm.forks.prague.constants import (
    CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS,
    DEPOSIT_EVENT_SIGNATURE_HASH,
    HISTORY_SERVE_WINDOW,
    HISTORY_STORAGE_ADDRESS,
    HISTORY_STORAGE_CONTRACT_CODE,
    WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS,
)
from eth.vm.forks.spurious_dragon._utils import collect_touched_accounts
from eth.vm.message import Message

from testamur_node.chain.receipt import Receipt
from testamur_node.chain.rules import ChainSpec, Fork
from testamur_node.codec import minimal, rlp_encode
from testamur_node.execution.executor import BlockContext, ExecutionError
from testamur_node.state.trie import list_root

__all__ = ["open_block", "withdraw", "collect_requests", "reward"]

_SYSTEM_GAS = 30_000_000
_ETHER = 10**18
_DEPOSIT_EVENT_BYTES = 576


def open_block(state: Any, context: BlockContext, fork: Fork, spec: ChainSpec) -> None:
    """Write the parent's hash and beacon root where their history contracts stand."""
    if fork >= Fork.CANCUN and state.get_code(BEACON_ROOTS_ADDRESS) == BEACON_ROOTS_CONTRACT_CODE:
        place = context.timestamp % HISTORY_BUFFER_LENGTH
        state.set_storage(BEACON_ROOTS_ADDRESS, place, context.timestamp)
        root = int.from_bytes(context.parent_beacon_root or b"", "big")
        state.set_storage(BEACON_ROOTS_ADDRESS, place + HISTORY_BUFFER_LENGTH, root)
    elif fork >= Fork.CANCUN:
        _system_call(state, BEACON_ROOTS_ADDRESS, context.parent_beacon_root or bytes(32), may_fail=True)
    if fork >= Fork.PRAGUE and state.get_code(HISTORY_STORAGE_ADDRESS) == HISTORY_STORAGE_CONTRACT_CODE:
        place = (context.number - 1) % HISTORY_SERVE_WINDOW
        state.set_storage(HISTORY_STORAGE_ADDRESS, place, int.from_bytes(context.parent_hash, "big"))
    elif fork >= Fork.PRAGUE:
        _system_call(state, HISTORY_STORAGE_ADDRESS, context.parent_hash)
    if spec.history_contract is not None and state.get_code(spec.history_contract):
        _system_call(state, spec.history_contract, context.parent_hash)


def withdraw(state: Any, context: BlockContext, fork: Fork) -> bytes | None:
    """Credit the block's withdrawals; returns their root, None before Shanghai."""
    if fork < Fork.SHANGHAI:
        return None
    withdrawals = context.withdrawals or ()
    for item in withdrawals:
        state.delta_balance(item.address, item.amount_gwei * 10**9)
    for item in withdrawals:
        if state.account_is_empty(item.address):
            state.delete_account(item.address)
    encoded = [
        rlp_encode([minimal(item.index), minimal(item.validator_index), item.address, minimal(item.amount_gwei)])
        for item in withdrawals
    ]
    return list_root(encoded)


def collect_requests(state: Any, receipts: Sequence[Receipt], fork: Fork, spec: ChainSpec) -> bytes | None:
    """The requests hash (EIP-7685): deposits out of the logs, withdrawals and consolidations out of their contracts."""
    if fork < Fork.PRAGUE:
        return None
    deposits = b"".join(
        _deposit(log.data)
        for receipt in receipts
        for log in receipt.logs
        if log.address == spec.deposit_contract and log.topics and log.topics[0] == DEPOSIT_EVENT_SIGNATURE_HASH
    )
    requests = [
        b"\x00" + deposits,
        b"\x01" + _system_call(state, WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, b""),
        b"\x02" + _system_call(state, CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS, b""),
    ]
    return sha256(b"".join(sha256(request).digest() for request in requests if len(request) > 1)).digest()


def _deposit(event: bytes) -> bytes:
    """The request in a deposit's event (EIP-6110); a block with an event of another form is invalid."""
    if len(event) != _DEPOSIT_EVENT_BYTES:
        raise ExecutionError(f"deposit wrong length: want {_DEPOSIT_EVENT_BYTES}, have {len(event)}")
    return event[192:240] + event[288:320] + event[352:360] + event[416:512] + event[544:552]


def reward(state: Any, context: BlockContext, fork: Fork) -> None:
    """Pay the miner of an imported proof-of-work block and of its ommers."""
    if fork >= Fork.PARIS or context.difficulty == 0:
        return
    prize = (5 if fork < Fork.BYZANTIUM else 3 if fork < Fork.CONSTANTINOPLE else 2) * _ETHER
    state.delta_balance(context.coinbase, prize + len(context.ommers) * prize // 32)
    for coinbase, number in context.ommers:
        state.delta_balance(coinbase, (8 - context.number + number) * prize // 8)


def _system_call(state: Any, contract: bytes, data: bytes, *, may_fail: bool = False) -> bytes:
    """Call a contract as the system; without code there it gives nothing, and failing there halts the node."""
    code = state.get_code(contract)
    if not code:
        return b""
    state.lock_changes()
    target = code[3:] if len(code) == 23 and code.startswith(b"\xef\x01\x00") else None  # EIP-7702
    message = Message(
        gas=_SYSTEM_GAS, to=contract, sender=SYSTEM_ADDRESS, value=0, data=data,
        code=code if target is None else state.get_code(target), code_address=target or contract,
        is_delegation=target is not None,
    )  # fmt: skip
    context = state.get_transaction_context_class()(gas_price=0, origin=SYSTEM_ADDRESS)
    computation = state.computation_class.apply_message(state, message, context)
    if computation.is_error and not may_fail:
        raise ExecutionError(f"system call to {contract.hex()} failed: {computation.error!r}")
    state.clear_transient_storage()
    surroundings = state.execution_context
    coinbase, surroundings._coinbase = surroundings.coinbase, contract  # py-evm counts the coinbase as touched always
    for address in collect_touched_accounts(computation):
        if state.account_exists(address) and state.account_is_empty(address):
            state.delete_account(address)  # EIP-161, as after a transaction
    surroundings._coinbase = coinbase
    return bytes(computation.output)
