"""Messages tried out on a state and forgotten: calls, gas estimates, replays of a block, made-up blocks.

Flow: rpc -> (a process apart) -> here -> executor. The work runs on threads with the stack that deep calls need; a
node that serves strangers has it done in processes that can be ended (apart.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from testamur_node.application import Application
from testamur_node.chain.block import Header
from testamur_node.chain.message import BlockOverrides
from testamur_node.chain.rules import Fork
from testamur_node.crossing import crossing
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
from testamur_node.simulation import (
    Outlook,
    affordable_gas,
    context_of,
    least_gas,
    pretended_context,
    pretended_fork,
    priced_context,
    replay_context,
)
from testamur_node.state.reader import StateReader

__all__ = ["Calls", "Ground", "Place"]

_WORKERS = 2
_MOST_GAS = 50_000_000
"""The most gas a call may ask for."""
_TRANSFER_GAS = 21_000


Ground = int | Outlook | None
"""Where a message runs: after the block with a number, after one that was only tried out, or (None) on the head in the
block to come."""


@crossing
@dataclass(frozen=True, slots=True)
class Place:
    """On which state and in which block a message is tried out."""

    ground: Ground
    state: Mapping[bytes, AccountOverride] = field(default_factory=dict)
    """Accounts that it pretends."""
    block: BlockOverrides = field(default_factory=BlockOverrides)
    """Fields of the block that it pretends."""
    moves_precompiles: bool = True
    """False where moved precompiles are judged and then left where they are, as geth does for estimates."""
    follows: bool = False
    """Whether a call that pretends the next number may ask BLOCKHASH for the block it runs after."""


class Calls:
    """Simulations over one chain. `now` shows nanoseconds since 1970, which a call on the pending block sees."""

    def __init__(self, chain: ChainReader, application: Application, executor: PyEvm, now: Callable[[], int]) -> None:
        self.chain = chain
        self._application = application
        self._executor = executor
        self._now = now
        self.spec = application.spec
        self._chain_id = application.genesis.chain_id
        self._workers = Workers(_WORKERS, "call")

    def on_large_stack(self, job: Callable[[], None]) -> None:
        """Run `job` on one of the threads; what it asks of this object is then done at once, where it is."""
        self._workers.run(job)

    def close(self) -> None:
        """End the threads."""
        self._workers.close()

    def call(self, request: CallRequest, place: Place, observer: Observer | None = None) -> CallResult:
        """Run a message at a place; `observer`, where given, sees every frame and step of it.

        Raises `RefusedMessageError` where it cannot begin, `OverrideError` where what it pretends makes no sense.
        """
        return self._workers.run(lambda: self._simulate(request, place, observer))

    def fork_of(self, header: Header, wanted: BlockOverrides) -> Fork:
        """The rules under which a call runs after a block of which it pretends something."""
        return pretended_fork(self.spec, context_of(header, self._chain_id, lambda _: (), None), wanted)

    def replay(self, number: int, observe: Callable[[int], Observer | None], count: int | None = None) -> None:
        """Run the first `count` transactions of a block again, all by default; `observe` names who watches which."""
        parent, context, raw, senders = self._again(number, count)
        self._workers.run(lambda: self._executor.execute(parent.state_root, raw, context, senders, observe))

    def inside(self, number: int, count: int) -> Outlook:
        """The state in a block of the chain after its first `count` transactions."""
        parent, context, raw, senders = self._again(number, count)
        root, writes = self._workers.run(lambda: self._executor.state_within(parent.state_root, raw, context, senders))
        return Outlook(self.chain.header_of(number), writes, root)

    def _again(self, number: int, count: int | None) -> tuple[Header, BlockContext, list[bytes], list[bytes]]:
        """What it takes to run a block's first transactions again: parent, surroundings, raw forms, senders."""
        block, parent = self.chain.required(number), self.chain.header_of(number - 1)
        transactions = block.transactions[:count]
        deployers: frozenset[bytes] | None = None
        if self.spec.is_permissioned:
            state = self._application.state(parent)
            senders = {transaction.sender for transaction in transactions}
            deployers = frozenset(sender for sender in senders if permission_of(state, sender).deploy)
        context = replay_context(block, self._chain_id, self.chain.store.ancestors, deployers)
        return parent, context, [item.raw for item in transactions], [item.sender for item in transactions]

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

    def estimate_gas(self, request: CallRequest, place: Place) -> CallResult:
        """The least gas with which `request` succeeds, in `gas_used`; `error` is set where it fails with any."""
        header, root, read_node = self._stand_on(place.ground)
        state = StateReader(root, read_node)
        pretended = place.state.get(request.sender)
        balance = state.balance(request.sender) if pretended is None or pretended.balance is None else pretended.balance
        highest = header.gas_limit if request.gas is None or request.gas < _TRANSFER_GAS else request.gas
        if request.fee_cap:
            highest = min(highest, affordable_gas(request, balance))
        highest = min(highest, _MOST_GAS)

        def run(gas: int) -> CallResult:
            return self._simulate(replace(request, gas=gas), place)

        return self._workers.run(lambda: least_gas(run, highest, self._is_plain(request, place, state)))

    def _is_plain(self, request: CallRequest, place: Place, state: StateReader) -> bool:
        """Whether it may be a mere transfer: no data, and no code where it goes."""
        if request.data or request.to is None:
            return False
        pretended = place.state.get(request.to)
        return not (state.code(request.to) if pretended is None or pretended.code is None else pretended.code)

    def _stand_on(self, ground: Ground) -> tuple[Header, bytes, NodeReader]:
        """The header of the block after which a message runs, the root of the state there, and what reads it."""
        read_node = self.chain.store.read_node
        if isinstance(ground, Outlook):
            return ground.header, ground.state_root, ground.reader(read_node)
        header = self.chain.header_of(ground)
        return header, header.state_root, read_node

    def _simulate(self, request: CallRequest, place: Place, observer: Observer | None = None) -> CallResult:
        header, root, read_node = self._stand_on(place.ground)
        deployers: frozenset[bytes] | None = None
        if self.spec.is_permissioned:
            may = permission_of(StateReader(root, read_node), request.sender).deploy
            deployers = frozenset({request.sender}) if may else frozenset()
        if place.ground is None:
            timestamp = max(self._now() // 1_000_000_000, header.timestamp + 1)
            coming = self._application.next_context(header, self._application.parent(), timestamp, set())
            context = replace(coming, deployers=deployers)
        else:
            context = context_of(header, self._chain_id, self.chain.store.ancestors, deployers)
        fork = pretended_fork(self.spec, context, place.block)
        context = priced_context(pretended_context(context, header, place.block, fork, place.follows), request)
        gas = _MOST_GAS if request.gas is None else min(request.gas, _MOST_GAS)
        executor = PyEvm(self.spec, read_node) if isinstance(place.ground, Outlook) else self._executor
        return executor.call(
            root,
            request if gas == request.gas else replace(request, gas=gas),
            context,
            place.state,
            observer,
            place.moves_precompiles,
        )

    def simulate(self, ground: Ground, plans: Sequence[BlockPlan], options: Options) -> list[SimulatedBlock]:
        """Blocks made up on a ground, and forgotten (eth_simulateV1)."""
        base, root, read_node = self._stand_on(ground)
        state = StateReader(root, read_node)
        ancestors = self.chain.store.ancestors(base.number)
        if isinstance(ground, Outlook):
            ancestors = chain([base.hash], self.chain.store.ancestors(base.number - 1))

        def run() -> list[SimulatedBlock]:
            return simulate(
                self.spec, self._chain_id, read_node, base, ancestors, plans, options,
                lambda sender: permission_of(state, sender).deploy,
            )  # fmt: skip

        return self._workers.run(run)
