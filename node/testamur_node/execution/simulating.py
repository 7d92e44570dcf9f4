"""Blocks that are made up and forgotten: eth_simulateV1's execution, after geth's rules and with its error numbers.

Each block runs on what the one before left, in one overlay that nobody keeps. Without validation, calls need no nonce
and pay nothing unless they say so; with it they are judged as transactions are, but for their signatures.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from testamur_node.chain.block import EMPTY_OMMERS_HASH, EMPTY_TRIE_ROOT, Block, Header
from testamur_node.chain.fees import next_base_fee, next_excess_blob_gas
from testamur_node.chain.message import BlockOverrides, MessageArguments, unsigned
from testamur_node.chain.receipt import Receipt, encode_receipt, union_of
from testamur_node.chain.rules import ChainSpec, Fork
from testamur_node.chain.transaction import Transaction
from testamur_node.errors import NodeError
from testamur_node.execution import system
from testamur_node.execution.events import TRANSFERS, Event, EventTracer
from testamur_node.execution.executor import AccountOverride, BlockContext, ExecutionError, NodeReader
from testamur_node.execution.intrinsic import GAS_PER_BLOB
from testamur_node.execution.machine import machine
from testamur_node.execution.overlay import Overlay
from testamur_node.execution.pretending import moved_precompiles, override, precompiles_of, pretending
from testamur_node.execution.pyevm import receipt_of, state_of
from testamur_node.execution.request import request_of
from testamur_node.execution.settling import unwatch, watch
from testamur_node.execution.trial import Problem, RefusedMessageError, Terms, try_out
from testamur_node.state.trie import list_root

__all__ = ["SimulationError", "BlockPlan", "SimulatedCall", "SimulatedBlock", "Options", "simulate"]

_MOST_BLOCKS = 256
_SECONDS_BETWEEN = 12
_CODES = {
    Problem.NONCE_TOO_LOW: -38010, Problem.NONCE_TOO_HIGH: -38011, Problem.INTRINSIC_GAS: -38013,
    Problem.FUNDS: -38014, Problem.INITCODE_SIZE: -38025, Problem.FEES: -32602,
}  # fmt: skip
"""The error numbers of execution-apis; any other refusal is -32603."""


class SimulationError(NodeError):
    """The plan cannot be simulated; `code` is the JSON-RPC error number that execution-apis gives it."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[type, tuple[int, str]]:
        return type(self), (self.code, self.message)


@dataclass(frozen=True, slots=True)
class BlockPlan:
    """One block to make up."""

    block: BlockOverrides = field(default_factory=BlockOverrides)
    state: Mapping[bytes, AccountOverride] = field(default_factory=dict)
    calls: tuple[MessageArguments, ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """What holds for all blocks of a simulation."""

    validates: bool = False
    traces_transfers: bool = False
    gas: int = 50_000_000
    """For all calls together."""


@dataclass(frozen=True, slots=True)
class SimulatedCall:
    """How a call went."""

    output: bytes
    """Returned data, or revert data where `is_revert`; empty for another failure."""
    gas_used: int
    events: tuple[Event, ...]
    error: str | None
    is_revert: bool


@dataclass(frozen=True, slots=True)
class SimulatedBlock:
    """A made-up block and its calls."""

    block: Block
    calls: tuple[SimulatedCall, ...]


def simulate(
    spec: ChainSpec,
    chain_id: int,
    read_node: NodeReader,
    base: Header,
    ancestors: Iterable[bytes],
    plans: Sequence[BlockPlan],
    options: Options,
    may_deploy: Callable[[bytes], bool],
) -> list[SimulatedBlock]:
    """Make up blocks on `base`; `ancestors` are the hashes before them, base's own first. Raises `SimulationError`."""
    run = _Simulation(spec, chain_id, Overlay(read_node), options, may_deploy, options.gas)
    hashes, parent, root, made = list(ancestors)[:256], base, base.state_root, []
    for plan in _in_order(base, plans):
        header, block = run.block(plan, parent, base, root, hashes)
        hashes.insert(0, block.block.hash)
        parent, root = header, header.state_root
        made.append(block)
    return made


def _in_order(base: Header, plans: Sequence[BlockPlan]) -> list[BlockPlan]:
    """The plans with number and time each, gaps filled with empty blocks."""
    ordered: list[BlockPlan] = []
    number, time = base.number, base.timestamp
    for plan in plans:
        wanted = plan.block.number if plan.block.number is not None else number + 1
        if wanted <= number:
            raise SimulationError(-38020, f"block numbers must be in order: {wanted} <= {number}")
        if wanted - base.number > _MOST_BLOCKS:
            raise SimulationError(-38026, "too many blocks")
        while number < wanted - 1:
            number, time = number + 1, time + _SECONDS_BETWEEN
            ordered.append(BlockPlan(BlockOverrides(number=number, time=time)))
        stamp = plan.block.time if plan.block.time is not None else time + _SECONDS_BETWEEN
        if stamp <= time:
            raise SimulationError(-38021, f"block timestamps must be in order: {stamp} <= {time}")
        number, time = wanted, stamp
        ordered.append(replace(plan, block=replace(plan.block, number=number, time=time)))
    return ordered


@dataclass(slots=True)
class _Simulation:
    spec: ChainSpec
    chain_id: int
    database: Overlay
    options: Options
    may_deploy: Callable[[bytes], bool]
    gas_left: int

    def block(
        self, plan: BlockPlan, parent: Header, base: Header, root: bytes, hashes: list[bytes]
    ) -> tuple[Header, SimulatedBlock]:
        """One block: overrides, history writes, calls, withdrawals, requests, rewards, roots."""
        header = self._draft(plan.block, parent)
        scheduled = self.spec.fork_at(header.number, header.timestamp)
        is_merged = header.difficulty == 0
        fork = self.spec.fork_under(header.number, header.timestamp, is_merged)
        context = self._context(header, plan, hashes)
        state = self._state(root, context, fork, base, plan)
        tracer = EventTracer(self.options.traces_transfers)
        watch(state, tracer)
        try:
            system.open_block(state, context, fork, self.spec)
        except ExecutionError as error:
            raise SimulationError(-32000, error.message) from error
        unwatch(state, tracer)
        tracer.take()  # geth numbers the system's events too, and shows none
        calls: list[SimulatedCall] = []
        transactions: list[Transaction] = []
        receipts: list[Receipt] = []
        for arguments in plan.calls:
            used = receipts[-1].cumulative_gas_used if receipts else 0
            try:
                transaction, call, receipt = self._call(arguments, state, fork, header, used, tracer)
            except RefusedMessageError as error:
                raise SimulationError(_CODES.get(error.problem, -32603), f"err: {error.message}") from error
            transactions.append(transaction)
            calls.append(call)
            receipts.append(receipt)
        if plan.block.withdrawals and scheduled < Fork.SHANGHAI:
            raise SimulationError(-32000, "withdrawals set before Shanghai activation")
        withdrawals_root = system.withdraw(state, context, fork)
        if is_merged and withdrawals_root is None:
            withdrawals_root = EMPTY_TRIE_ROOT  # as geth, which names the empty list from the merge on
        try:
            requests_hash = system.collect_requests(state, receipts, fork, self.spec)
        except ExecutionError as error:
            raise SimulationError(-32000, error.message) from error
        system.reward(state, context, fork)
        state.persist()
        header = replace(
            header,
            state_root=state.state_root,
            transactions_root=list_root([transaction.raw for transaction in transactions]),
            receipts_root=list_root([encode_receipt(receipt) for receipt in receipts]),
            logs_bloom=union_of(receipt.logs_bloom for receipt in receipts),
            gas_used=receipts[-1].cumulative_gas_used if receipts else 0,
            withdrawals_root=withdrawals_root,
            blob_gas_used=sum(GAS_PER_BLOB * len(item.blob_hashes) for item in transactions)
            if fork >= Fork.CANCUN
            else None,
            requests_hash=requests_hash,
        )
        withdrawals = plan.block.withdrawals or () if is_merged else None
        # unsigned, transactions of several senders may be the same: geth names the last of them as the sender of all
        senders = {item.hash: item.sender for item in transactions}
        named = tuple(replace(item, sender=senders[item.hash]) for item in transactions)
        block = Block(header, header.hash, named, (), withdrawals)
        return header, SimulatedBlock(block, tuple(calls))

    def _draft(self, wanted: BlockOverrides, parent: Header) -> Header:
        """The header as far as it is known before execution."""
        assert wanted.number is not None  # _in_order sets both
        assert wanted.time is not None
        fork = self.spec.fork_at(wanted.number, wanted.time)
        base_fee = wanted.base_fee
        if base_fee is None:
            base_fee = next_base_fee(parent, self.spec, fork) if self.options.validates else 0
        difficulty = 0 if self.spec.is_merged(wanted.number, wanted.time) else parent.difficulty
        excess = None
        if fork >= Fork.CANCUN:
            was_cancun = self.spec.fork_at(parent.number, parent.timestamp) >= Fork.CANCUN
            excess = next_excess_blob_gas(parent, fork) if was_cancun else 0
        return Header(
            parent_hash=parent.hash,
            ommers_hash=EMPTY_OMMERS_HASH,
            coinbase=parent.coinbase if wanted.coinbase is None else wanted.coinbase,
            state_root=bytes(32),
            transactions_root=bytes(32),
            receipts_root=bytes(32),
            logs_bloom=bytes(256),
            difficulty=difficulty if wanted.difficulty is None else wanted.difficulty,
            number=wanted.number,
            gas_limit=parent.gas_limit if wanted.gas_limit is None else wanted.gas_limit,
            gas_used=0,
            timestamp=wanted.time,
            extra_data=b"",
            mix_hash=bytes(32) if wanted.prev_randao is None else wanted.prev_randao,
            nonce=bytes(8),
            base_fee=base_fee if fork >= Fork.LONDON else wanted.base_fee,
            excess_blob_gas=excess,
            parent_beacon_root=(wanted.beacon_root or bytes(32)) if fork >= Fork.CANCUN else None,
        )

    def _context(self, header: Header, plan: BlockPlan, hashes: list[bytes]) -> BlockContext:
        deployers: frozenset[bytes] | None = None
        if self.spec.is_permissioned:
            senders = {arguments.sender or bytes(20) for arguments in plan.calls}
            deployers = frozenset(sender for sender in senders if self.may_deploy(sender))
        return BlockContext(
            number=header.number,
            timestamp=header.timestamp,
            coinbase=header.coinbase,
            prev_randao=header.mix_hash,
            gas_limit=header.gas_limit,
            base_fee=header.base_fee,
            chain_id=self.chain_id,
            parent_hash=header.parent_hash,
            difficulty=header.difficulty,
            ancestors=tuple(hashes[:256]),
            parent_beacon_root=header.parent_beacon_root,
            excess_blob_gas=header.excess_blob_gas,
            withdrawals=plan.block.withdrawals,
            deployers=deployers,
        )

    def _state(self, root: bytes, context: BlockContext, fork: Fork, base: Header, plan: BlockPlan) -> Any:
        """py-evm's state with the precompiles of the base block where the plan puts them, and its accounts written."""
        plain = precompiles_of(self.spec, self.spec.fork_at(base.number, base.timestamp))
        kind = pretending(machine(self.spec, fork), moved_precompiles(plain, plan.state), plan.block.blob_base_fee)
        state = state_of(kind, self.database, root, context)
        state.wrap_around()
        override(state, plan.state)
        state.lock_changes()
        return state

    def _call(
        self, arguments: MessageArguments, state: Any, fork: Fork, header: Header, gas_before: int, tracer: EventTracer
    ) -> tuple[Transaction, SimulatedCall, Receipt]:
        """Judge one call, run it and settle it."""
        sender = arguments.sender or bytes(20)
        nonce = state.get_nonce(sender) if arguments.nonce is None else arguments.nonce
        gas = header.gas_limit - gas_before if arguments.gas is None else arguments.gas
        if gas_before + gas > header.gas_limit:
            raise SimulationError(-38015, f"block gas limit reached: {gas_before} >= {header.gas_limit}")
        gas = min(gas, self.gas_left) if self.gas_left else gas  # geth lowers to what is left, not to nothing
        request = request_of(arguments, self.spec, self.chain_id, header.base_fee, gas)
        if header.base_fee is None and arguments.gas_price is None:
            arguments = replace(arguments, gas_price=0)
        transaction = unsigned(arguments, self.chain_id, nonce, gas)
        if transaction.type_id in (3, 4) and transaction.to is None:
            raise SimulationError(-32603, f"a type {transaction.type_id} transaction cannot create a contract")
        validates = self.options.validates
        terms = Terms(fork, self.spec.is_free, validates, not validates, self.gas_left)
        result = try_out(state, replace(request, nonce=nonce), gas, terms, tracer)
        self.gas_left -= result.gas_used
        events = tracer.take() if result.error is None else ()
        logs = tuple(log for _, log in events if log.address != TRANSFERS or not self.options.traces_transfers)
        root = state.make_state_root() if fork < Fork.BYZANTIUM else None
        receipt = receipt_of(transaction, result.error is None, gas_before, result.gas_used, logs, root)
        call = SimulatedCall(result.output, result.gas_used, events, result.error, result.is_revert)
        return transaction, call, receipt
