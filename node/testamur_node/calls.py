"""Messages tried out on a state and forgotten: calls, gas estimates, replays of a block, made-up blocks.

Flow: rpc -> (a process apart) -> here -> executor. The work runs on threads with the stack that deep calls need; a
node that serves strangers has it done in processes that can be ended (apart.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from testamur_node.application import Application, prev_randao
from testamur_node.chain.block import Header
from testamur_node.execution.executor import (
    AccountOverride,
    BlockContext,
    BlockResult,
    CallRequest,
    CallResult,
    ExecutionError,
    NodeReader,
)
from testamur_node.execution.observing import Observer
from testamur_node.execution.pyevm import PyEvm
from testamur_node.execution.simulating import BlockPlan, Options, SimulatedBlock, simulate
from testamur_node.execution.threads import Workers
from testamur_node.governance import permission_of
from testamur_node.reading import ChainReader
from testamur_node.simulation import Outlook, context_of, least_gas, pending_context, replay_context
from testamur_node.state.reader import StateReader

__all__ = ["Calls", "Ground"]

_WORKERS = 2
_MOST_GAS = 50_000_000
"""The most gas a call may ask for."""


Ground = int | Outlook | None
"""Where a message runs: after the block with a number, after one that was only tried out, or (None) on the head in the
block to come."""


class Calls:
    """Simulations over one chain. `now` shows nanoseconds since 1970, which a call on the pending block sees."""

    def __init__(self, chain: ChainReader, application: Application, executor: PyEvm, now: Callable[[], int]) -> None:
        self.chain = chain
        self._application = application
        self._executor = executor
        self._now = now
        self._spec = application.spec
        self._chain_id = application.genesis.chain_id
        self._workers = Workers(_WORKERS, "call")

    def on_large_stack(self, job: Callable[[], None]) -> None:
        """Run `job` on one of the threads; what it asks of this object is then done at once, where it is."""
        self._workers.run(job)

    def close(self) -> None:
        """End the threads."""
        self._workers.close()

    def call(
        self,
        request: CallRequest,
        ground: Ground,
        overrides: Mapping[bytes, AccountOverride] | None = None,
        observer: Observer | None = None,
    ) -> CallResult:
        """Run a message on a ground. `observer`, where given, sees every frame and step of it."""
        return self._workers.run(lambda: self._simulate(request, ground, overrides, observer))

    def replay(self, number: int, observe: Callable[[int], Observer | None], count: int | None = None) -> None:
        """Run the first `count` transactions of a block again, all by default; `observe` names who watches which."""
        block, parent = self.chain.required(number), self.chain.header_of(number - 1)
        transactions = block.transactions[:count]
        deployers: frozenset[bytes] | None = None
        if self._spec.is_permissioned:
            state = self._application.state(parent)
            senders = {transaction.sender for transaction in transactions}
            deployers = frozenset(sender for sender in senders if permission_of(state, sender).deploy)
        context = replay_context(block, self._chain_id, self.chain.store.ancestors, deployers)
        raw, senders_ = [item.raw for item in transactions], [item.sender for item in transactions]
        self._workers.run(lambda: self._executor.execute(parent.state_root, raw, context, senders_, observe))

    def try_block(
        self, state_root: bytes, context: BlockContext, transactions: Sequence[bytes], senders: Sequence[bytes]
    ) -> tuple[tuple[int, ...], BlockResult]:
        """Execute transactions as a block that is not kept. One that cannot stand there is left out with what its
        sender sent after it: (indices of those that stand, what they give).
        """
        return self._workers.run(lambda: self._try_block(state_root, context, transactions, senders))

    def _try_block(
        self, state_root: bytes, context: BlockContext, transactions: Sequence[bytes], senders: Sequence[bytes]
    ) -> tuple[tuple[int, ...], BlockResult]:
        kept = tuple(range(len(transactions)))
        while True:
            reached: list[int] = []
            ancestors = self.chain.store.ancestors(context.number - 1)
            try:
                result = self._executor.execute(
                    state_root, [transactions[index] for index in kept], replace(context, ancestors=ancestors),
                    [senders[index] for index in kept], reached.append,
                )  # fmt: skip
                return kept, result
            except ExecutionError:
                if not reached:
                    raise
                failing = kept[reached[-1]]
                kept = tuple(index for index in kept if index < failing or senders[index] != senders[failing])

    def estimate_gas(
        self, request: CallRequest, ground: Ground, overrides: Mapping[bytes, AccountOverride] | None = None
    ) -> CallResult:
        """The least gas with which `request` succeeds, in `gas_used`; `error` is set where it fails with any."""
        header, read_node = self._stand_on(ground)
        state = StateReader(header.state_root, read_node)
        highest = header.gas_limit if request.gas is None or request.gas < 21_000 else min(request.gas, _MOST_GAS)
        if request.charges_fees and request.gas_price:
            highest = min(highest, max(state.balance(request.sender) - request.value, 0) // request.gas_price)
        is_plain = not request.data and request.to is not None and not state.code(request.to) and not overrides

        def run(gas: int) -> CallResult:
            return self._simulate(replace(request, gas=gas), ground, overrides)

        return self._workers.run(lambda: least_gas(run, highest, is_plain))

    def _stand_on(self, ground: Ground) -> tuple[Header, NodeReader]:
        """The header of the block after which a message runs, and what reads the state there."""
        read_node = self.chain.store.read_node
        if isinstance(ground, Outlook):
            return ground.header, ground.reader(read_node)
        return self.chain.header_of(ground), read_node

    def _simulate(
        self,
        request: CallRequest,
        ground: Ground,
        overrides: Mapping[bytes, AccountOverride] | None,
        observer: Observer | None = None,
    ) -> CallResult:
        header, read_node = self._stand_on(ground)
        deployers: frozenset[bytes] | None = None
        if self._spec.is_permissioned:
            may = permission_of(StateReader(header.state_root, read_node), request.sender).deploy
            deployers = frozenset({request.sender}) if may else frozenset()
        if ground is None:
            timestamp = max(self._now() // 1_000_000_000, header.timestamp + 1)
            context = pending_context(
                self._application.parent(), header, header.hash, prev_randao(header.hash, header.number + 1), timestamp,
                deployers,
            )  # fmt: skip
        else:
            context = context_of(header, self._chain_id, self.chain.store.ancestors, deployers)
        if request.gas_price == 0 and context.base_fee:
            context = replace(context, base_fee=0)  # as geth: who offers no price sees no base fee
        limit = max(_MOST_GAS, header.gas_limit)
        gas = limit if request.gas is None else min(request.gas, limit)
        executor = PyEvm(self._spec, read_node) if isinstance(ground, Outlook) else self._executor
        return executor.call(header.state_root, replace(request, gas=gas), context, overrides, observer)

    def simulate(self, ground: Ground, plans: Sequence[BlockPlan], options: Options) -> list[SimulatedBlock]:
        """Blocks made up on a ground, and forgotten (eth_simulateV1)."""
        base, read_node = self._stand_on(ground)
        state = StateReader(base.state_root, read_node)
        ancestors = self.chain.store.ancestors(base.number)
        if isinstance(ground, Outlook):
            ancestors = chain([base.hash], self.chain.store.ancestors(base.number - 1))

        def run() -> list[SimulatedBlock]:
            return simulate(
                self._spec, self._chain_id, read_node, base, ancestors, plans, options,
                lambda sender: permission_of(state, sender).deploy,
            )  # fmt: skip

        return self._workers.run(run)
