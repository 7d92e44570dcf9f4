"""Blocks that are made up and forgotten: eth_simulateV1's execution, after geth's rules and with its error numbers.

Each block runs on what the one before left, in one overlay that nobody keeps. Without validation, calls need no nonce
and pay nothing unless they say so; with it they are judged as transactions are, but for their signatures.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from testamur_node.chain.block import EMPTY_OMMERS_HASH, Block, Header
from testamur_node.chain.fees import next_base_fee, next_excess_blob_gas
from testamur_node.chain.message import BlockOverrides, MessageArguments, unsigned
from testamur_node.chain.receipt import Log, Receipt, encode_receipt, union_of
from testamur_node.chain.rules import ChainSpec, Fork
from testamur_node.chain.transaction import Transaction
from testamur_node.codec import word
from testamur_node.errors import NodeError
from testamur_node.execution import system
from testamur_node.execution.executor import AccountOverride, BlockContext, NodeReader
from testamur_node.execution.intrinsic import GAS_PER_BLOB, most_cost, unfitness
from testamur_node.execution.machine import machine
from testamur_node.execution.message import Message
from testamur_node.execution.observing import Frame, Observer, Outcome
from testamur_node.execution.overlay import Overlay
from testamur_node.execution.pyevm import finalize, override, reason, receipt_of, state_of, unwatch, watch
from testamur_node.state.trie import list_root

__all__ = ["SimulationError", "BlockPlan", "SimulatedCall", "SimulatedBlock", "Options", "simulate"]

_MOST_BLOCKS = 256
_SECONDS_BETWEEN = 12
_TRANSFER = bytes.fromhex("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef")
_ETHER = b"\xee" * 20
"""The address under which transfers of value appear among the logs."""


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
    moved_precompiles: Mapping[bytes, bytes] = field(default_factory=dict)
    """From where to where."""
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
    """Returned data; empty for a failure, whose revert data is in `revert`."""
    gas_used: int
    logs: tuple[Log, ...]
    first_log: int
    error: str | None
    revert: bytes | None
    """Set where it reverted."""


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
        fork = self.spec.fork_at(header.number, header.timestamp)
        context = self._context(header, plan, hashes)
        precompiles = _precompiles(self.spec, base, plan)
        state = self._state(root, context, fork, precompiles, plan.block.blob_base_fee)
        override(state, plan.state)
        state.lock_changes()
        system.open_block(state, context, fork, self.spec)
        calls: list[SimulatedCall] = []
        transactions: list[Transaction] = []
        receipts: list[Receipt] = []
        tracer = _LogTracer(self.options.traces_transfers)
        for arguments in plan.calls:
            used = receipts[-1].cumulative_gas_used if receipts else 0
            transaction = self._transaction(arguments, state, header, used)
            call, receipt = self._call(transaction, arguments, state, fork, header, used, tracer)
            transactions.append(transaction)
            calls.append(call)
            receipts.append(receipt)
        withdrawals_root = system.withdraw(state, context, fork)
        requests_hash = system.collect_requests(state, receipts, fork)
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
        withdrawals = plan.block.withdrawals if fork >= Fork.SHANGHAI else None
        block = Block(header, header.hash, tuple(transactions), (), withdrawals)
        return header, SimulatedBlock(block, tuple(calls))

    def _draft(self, wanted: BlockOverrides, parent: Header) -> Header:
        """The header as far as it is known before execution."""
        assert wanted.number is not None  # _in_order sets both
        assert wanted.time is not None
        fork = self.spec.fork_at(wanted.number, wanted.time)
        base_fee = wanted.base_fee
        if base_fee is None:
            base_fee = next_base_fee(parent, self.spec, fork) if self.options.validates else 0
        difficulty = 0 if fork >= Fork.PARIS else parent.difficulty
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
            base_fee=base_fee if fork >= Fork.LONDON else None,
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

    def _state(
        self,
        root: bytes,
        context: BlockContext,
        fork: Fork,
        precompiles: Mapping[bytes, Any],
        blob_base_fee: int | None,
    ) -> Any:
        """py-evm's state with the precompiles where the plan puts them."""
        plain = machine(self.spec, fork)
        computation = type("Simulated", (plain.computation_class,), {"_precompiles": dict(precompiles)})
        members: dict[str, Any] = {"__slots__": (), "computation_class": computation}
        if blob_base_fee is not None:
            members["blob_base_fee"] = property(lambda _: blob_base_fee)
        return state_of(type("Simulated", (plain,), members), self.database, root, context)

    def _transaction(self, arguments: MessageArguments, state: Any, header: Header, gas_used: int) -> Transaction:
        """The call as a transaction, what it leaves open filled in."""
        sender = arguments.sender or bytes(20)
        nonce = state.get_nonce(sender) if arguments.nonce is None else arguments.nonce
        gas = header.gas_limit - gas_used if arguments.gas is None else arguments.gas
        if gas_used + gas > header.gas_limit:
            raise SimulationError(-38015, f"block gas limit reached: {gas_used} >= {header.gas_limit}")
        if arguments.chain_id is not None and arguments.chain_id != self.chain_id:
            raise SimulationError(
                -32000, f"chainId does not match node's (have={arguments.chain_id}, want={self.chain_id})"
            )
        if header.base_fee is None and arguments.gas_price is None:
            arguments = replace(arguments, gas_price=0)
        return unsigned(arguments, self.chain_id, nonce, min(gas, self.gas_left))

    def _judge(self, transaction: Transaction, state: Any, fork: Fork, header: Header, is_paid: bool) -> None:
        """Refuse what no block could hold, in geth's order; without validation nonces and idle prices are let be."""
        sender, address = transaction.sender, f"address 0x{transaction.sender.hex()}"
        nonce = state.get_nonce(sender)
        if self.options.validates and transaction.nonce != nonce:
            word_, code = ("high", -38011) if transaction.nonce > nonce else ("low", -38010)
            raise SimulationError(code, f"nonce too {word_}: {address}, tx: {transaction.nonce} state: {nonce}")
        cap = transaction.max_fee_per_gas if transaction.max_fee_per_gas is not None else transaction.gas_price or 0
        if header.base_fee is not None and (self.options.validates or is_paid):
            if cap < (transaction.max_priority_fee_per_gas or 0):
                raise SimulationError(-32602, f"max priority fee per gas higher than max fee per gas: {address}")
            if cap < header.base_fee and not self.spec.is_free:
                raise SimulationError(
                    -32602,
                    f"max fee per gas less than block base fee: {address}, maxFeePerGas: {cap},"
                    f" baseFee: {header.base_fee}",
                )
        balance, cost = state.get_balance(sender), most_cost(transaction, self.spec.is_free)
        if balance < cost:
            raise SimulationError(
                -38014, f"insufficient funds for gas * price + value: {address} have {balance} want {cost}"
            )
        problem = unfitness(transaction, fork)
        if problem is not None:
            codes = {"intrinsic gas too low": -38013, "max initcode size exceeded": -38025, "max priority fee": -32602}
            known = (code for words, code in codes.items() if problem.startswith(words))
            raise SimulationError(next(known, -32603), f"err: {problem}")

    def _call(
        self,
        transaction: Transaction,
        arguments: MessageArguments,
        state: Any,
        fork: Fork,
        header: Header,
        gas_before: int,
        tracer: "_LogTracer",
    ) -> tuple[SimulatedCall, Receipt]:
        """Run one call and settle it."""
        is_paid = bool(arguments.gas_price or arguments.max_fee_per_gas or arguments.max_priority_fee_per_gas)
        self._judge(transaction, state, fork, header, is_paid)
        state.lock_changes()
        message = Message(transaction, fork, self.spec.is_free)
        watch(state, tracer)
        if self.spec.is_free or (not is_paid and not self.options.validates):
            state.get_tip = lambda _: 0  # a call that pays nothing takes nothing from the coinbase either
        executor = state.get_transaction_executor()
        computation = executor.build_computation(executor.build_evm_message(message), message)
        gas_used, _ = finalize(executor, message, computation)
        vars(state).pop("get_tip", None)
        unwatch(state, tracer)
        if fork >= Fork.CANCUN:
            state.clear_transient_storage()
        failure = None if computation.is_success else reason(computation.error)
        emitted, first_log = tracer.take(failure is None)
        root = state.make_state_root() if fork < Fork.BYZANTIUM else None
        own = tuple(log for log in emitted if log.address != _ETHER) if self.options.traces_transfers else emitted
        receipt = receipt_of(transaction, failure is None, gas_before, gas_used, own, root)
        is_revert = failure == "execution reverted"
        output = bytes(computation.output)
        self.gas_left -= gas_used
        call = SimulatedCall(
            output=output if failure is None else b"",
            gas_used=gas_used,
            logs=emitted,
            first_log=first_log,
            error=failure,
            revert=output if is_revert else None,
        )
        return call, receipt


def _precompiles(spec: ChainSpec, base: Header, plan: BlockPlan) -> dict[bytes, Any]:
    """The precompiles by address after the plan's moves and overrides (geth's StateOverride.Apply)."""
    fork = spec.fork_at(base.number, base.timestamp)
    present = dict(machine(spec, fork).computation_class.get_precompiles())
    taken: set[bytes] = set()
    for address in dict.fromkeys((*plan.state, *plan.moved_precompiles)):
        if address in taken:
            raise SimulationError(-32000, f"account 0x{address.hex()} has already been overridden by a precompile")
        run = present.get(address)
        target = plan.moved_precompiles.get(address)
        if target is not None:
            if run is None:
                raise SimulationError(-32000, f"account 0x{address.hex()} is not a precompile")
            if target in plan.state or target in plan.moved_precompiles:
                raise SimulationError(-32000, f"account 0x{target.hex()} is already overridden")
            present[target] = run
            taken.add(target)
        present.pop(address, None)
    return present


class _LogTracer(Observer):
    """Collects events frame by frame, transfers of value among them if asked; a failed frame's are dropped."""

    def __init__(self, traces_transfers: bool) -> None:
        self._traces_transfers = traces_transfers
        self._frames: list[list[Log]] = []
        self._kept: list[Log] = []
        self._count = 0

    def enter(self, frame: Frame) -> None:
        """A frame begins, perhaps with value."""
        self._frames.append([])
        if self._traces_transfers and frame.value and frame.kind not in ("DELEGATECALL", "CALLCODE"):
            topics = (_TRANSFER, frame.sender.rjust(32, b"\0"), frame.to.rjust(32, b"\0"))
            self._frames[-1].append(Log(_ETHER, topics, word(frame.value)))

    def log(self, address: bytes, topics: tuple[int, ...], data: bytes) -> None:
        """An event."""
        self._frames[-1].append(Log(address, tuple(word(topic) for topic in topics), data))

    def exit(self, outcome: Outcome) -> None:
        """A frame ends; its events go to the one around it, or nowhere."""
        events = self._frames.pop()
        if outcome.error is None:
            (self._frames[-1] if self._frames else self._kept).extend(events)

    def take(self, is_successful: bool) -> tuple[tuple[Log, ...], int]:
        """The events of the transaction that ended, and how many came before it in the block."""
        kept, first = tuple(self._kept) if is_successful else (), self._count
        self._kept.clear()
        self._frames.clear()
        self._count += len(kept)
        return kept, first
