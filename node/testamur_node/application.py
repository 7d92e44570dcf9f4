"""What an engine drives, in the shape of ABCI 2.0: info, init_chain, check, propose, validate, finalize, commit.

The solo engine calls these in its own thread; CometBFT will call the same over its socket. The application orders
nothing and reads no clock: time, height and transactions are handed in. `finalize` executes and keeps the result in
memory, `commit` writes it in one store transaction, so that a crash leaves either the whole block or nothing of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from testamur.proof.hashing import keccak256

from testamur_node.abci import Decided, Finalized, Info, Proposal
from testamur_node.chain.block import EMPTY_OMMERS_HASH, Block, Header
from testamur_node.chain.development import Wishes
from testamur_node.chain.fees import next_base_fee, next_excess_blob_gas
from testamur_node.chain.rules import ChainSpec
from testamur_node.chain.transaction import Transaction, decode_transaction
from testamur_node.codec import DecodingError, word
from testamur_node.errors import NodeError
from testamur_node.execution.executor import BlockContext, BlockExecutor, BlockResult, ExecutionError
from testamur_node.execution.intrinsic import most_cost
from testamur_node.execution.pyevm import PyEvm
from testamur_node.genesis import Genesis, genesis_block
from testamur_node.governance import DEFAULT_PARAMETERS, next_gas_limit, parameters_of, validator_updates, validators_of
from testamur_node.permission import BlockSoFar, Parent, Reason, Refusal, includable
from testamur_node.state.reader import StateReader
from testamur_node.store.store import Commit, Store

__all__ = [
    "Application",
    "ApplicationError",
    "COINBASE",
    "assemble",
    "prev_randao",
]

COINBASE = bytes(20)
"""Constant: nobody earns from a block."""
_SECOND = 1_000_000_000


class ApplicationError(NodeError):
    """The engine asked for something out of order, or decided a block that cannot be: the node halts."""


class Application:
    """One chain's state machine over a store."""

    def __init__(self, genesis: Genesis, store: Store, executor: BlockExecutor) -> None:
        self.genesis = genesis
        self.spec: ChainSpec = genesis.spec
        self.store = store
        self._executor = executor
        self._staged: tuple[Decided, Finalized, BlockResult | None] | None = None
        self._parent: tuple[Header, Wishes, Parent] | None = None
        self.wishes = Wishes()
        """Development only: what a tool asked of the blocks to come."""
        self._seen_version = -1
        if store.head_number is None:
            self.init_chain()
        head = store.header(store.head_number or 0)
        first = store.header(0)
        if head is None or first is None or first.hash != genesis.hash:
            raise ApplicationError(
                "the store holds another chain than genesis.json describes",
                "point --home at the folder that init made, with its own genesis.json",
            )
        self._head = head

    # handshake

    def info(self) -> Info:
        """Where this application stands."""
        height = self.store.meta("engine_height")
        return Info(int.from_bytes(height, "big") if height else 0, self._head.hash)

    def init_chain(self) -> None:
        """Write block 0 out of genesis.json."""
        block, nodes = genesis_block(self.genesis)
        self.store.append(Commit(block=block, nodes=nodes, meta={"genesis": block.hash}))
        self._head = block.header

    @property
    def head(self) -> Header:
        """The newest EVM block's header."""
        return self._head

    def state(self, header: Header | None = None) -> StateReader:
        """The state after a block, the newest by default."""
        return StateReader((header or self._head).state_root, self.store.read_node)

    def parent(self) -> Parent:
        """The newest state as inclusion sees it; one object per head and what was wished for."""
        head, wishes = self._head, self.wishes
        remembered = self._parent
        if remembered is not None and remembered[0] is head and remembered[1] is wishes:
            return remembered[2]
        parent = self._parent_on(head, self.state(head))
        self._parent = (head, wishes, parent)
        return parent

    def _parent_on(self, head: Header, state: StateReader) -> Parent:
        wishes = self.wishes
        parameters = parameters_of(state) if self.spec.history_contract else DEFAULT_PARAMETERS
        fork = self.spec.fork_at(head.number + 1, head.timestamp + 1)
        voted = parameters.gas_limit if self.spec.history_contract else head.gas_limit
        return Parent(
            spec=self.spec,
            chain_id=self.genesis.chain_id,
            fork=fork,
            gas_limit=next_gas_limit(head.gas_limit, voted) if wishes.gas_limit is None else wishes.gas_limit,
            base_fee=next_base_fee(head, self.spec, fork) if wishes.base_fee is None else wishes.base_fee,
            state=state,
            parameters=parameters,
        )

    # inclusion

    def check(self, transaction: Transaction) -> Refusal | None:
        """Whether the pool may take a transaction; a nonce gap is no reason against it, a sender that cannot pay is.

        One below the base fee waits until that comes down, as in geth's pool; a development chain, whose callers look
        for their block at once, refuses it.
        """
        parent, before = self.parent(), BlockSoFar()
        if transaction.nonce > parent.nonce(transaction.sender):
            before.next_nonces[transaction.sender] = transaction.nonce
        refusal = includable(transaction, parent, before)
        waits = refusal is not None and refusal.reason is Reason.UNDERPRICED and not self.spec.is_development
        return None if waits else refusal

    def propose(self, candidates: Iterable[Transaction], max_bytes: int | None = None) -> Proposal:
        """The candidates that fit the next block, in their order; the rest wait for their turn, or for ever."""
        parent, block = self.parent(), BlockSoFar()
        chosen: list[Transaction] = []
        hopeless: list[tuple[Transaction, Refusal]] = []
        limit = parent.parameters.max_block_bytes if max_bytes is None else max_bytes
        full: set[bytes] = set()
        for transaction in candidates:
            # once one transaction of a sender had no room, its later ones would leave a gap
            if transaction.sender in full:
                continue
            refusal = includable(transaction, parent, block)
            if refusal is None and block.size_bytes + len(transaction.raw) <= limit:
                block.take(transaction, most_cost(transaction, self.spec.is_free), parent.load(transaction, block))
                chosen.append(transaction)
                continue
            full.add(transaction.sender)
            if refusal is not None and _is_hopeless(refusal, is_first=transaction.sender not in block.next_nonces):
                hopeless.append((transaction, refusal))
        return Proposal(tuple(chosen), tuple(hopeless))

    def validate(self, time_ns: int, transactions: Sequence[bytes]) -> str | None:
        """Why a proposal must be refused, or None. Deterministic: the parent state and the proposal decide alone."""
        if transactions and time_ns // _SECOND <= self._head.timestamp:
            return f"time {time_ns // _SECOND} is not above the parent's {self._head.timestamp}"
        parent, block = self.parent(), BlockSoFar()
        for index, raw in enumerate(transactions):
            try:
                transaction = decode_transaction(raw)
            except DecodingError as error:
                return f"transaction {index}: {error}"
            if transaction.raw != raw:
                return f"transaction {index} is not in the form that blocks hold"
            refusal = includable(transaction, parent, block)
            if refusal is not None:
                return f"transaction {index}: {refusal.message}"
            block.take(transaction, most_cost(transaction, self.spec.is_free), parent.load(transaction, block))
        return None

    # execution

    def finalize(self, decided: Decided, known: Sequence[Transaction] | None = None) -> Finalized:
        """Execute a decided block without writing anything. `known` spares decoding what the caller decoded.

        Raises `ApplicationError` where the engine decided what `validate` would have refused, `ExecutionError` where
        the executor failed: both must halt the node.
        """
        if not decided.transactions and not (decided.forces_block and self.spec.allows_empty_blocks):
            finalized = Finalized(self._head.hash, None, (), ())
            self._staged = (decided, finalized, None)
            return finalized
        transactions = known if known is not None else [decode_transaction(raw) for raw in decided.transactions]
        parent, header = self.parent(), self._head
        timestamp = decided.time_ns // _SECOND
        if timestamp <= header.timestamp:
            raise ApplicationError(f"block {header.number + 1} at {timestamp}, its parent at {header.timestamp}")
        context = self.next_context(header, parent, timestamp, {transaction.sender for transaction in transactions})
        if self.spec.is_development:
            context = replace(context, overrides=decided.overrides)
        result = self._executor.execute(
            header.state_root, decided.transactions, context, [transaction.sender for transaction in transactions]
        )
        if result.requests_hash is None:
            raise ExecutionError(f"the executor ran block {context.number} under rules before Prague")
        block = assemble(context, result, tuple(transactions))
        after = StateReader(result.state_root, lambda digest: result.writes.get(digest) or self.store.read_node(digest))
        updates = validator_updates(validators_of(parent.state), validators_of(after))
        finalized = Finalized(block.hash, block, result.receipts, updates)
        self._staged = (decided, finalized, result)
        return finalized

    def next_context(self, head: Header, parent: Parent, timestamp: int, senders: set[bytes]) -> BlockContext:
        """What the transactions of `senders` see in the block on `head` at a time in seconds."""
        number = head.number + 1
        return BlockContext(
            number=number,
            timestamp=timestamp,
            coinbase=self.wishes.coinbase or COINBASE,
            prev_randao=self.wishes.prev_randao or prev_randao(head.hash, number),
            gas_limit=parent.gas_limit,
            base_fee=parent.base_fee,
            chain_id=self.genesis.chain_id,
            parent_hash=head.hash,
            ancestors=self.store.ancestors(head.number),
            parent_beacon_root=bytes(32),
            excess_blob_gas=next_excess_blob_gas(head, self.spec.fork_at(number, timestamp)),
            withdrawals=(),
            deployers=parent.deployers(senders),
        )

    def commit(self, signed_headers: tuple[tuple[int, int, bytes], ...] = (), engine_height: int | None = None) -> None:
        """Write what `finalize` staged, in one synced transaction, with the engine's own records beside it.

        `engine_height` tells the last height those records reach, where that is beyond the finalized one.
        """
        if self._staged is None:
            raise ApplicationError("commit without finalize")
        decided, finalized, result = self._staged
        height = decided.height if engine_height is None else engine_height
        self.store.append(
            Commit(
                block=finalized.block,
                receipts=finalized.receipts,
                nodes=result.writes if result else {},
                signed_headers=signed_headers,
                meta={"engine_height": height.to_bytes(8, "big")},
            )
        )
        self._staged = None
        if finalized.block is not None:
            self._head = finalized.block.header

    def empty_block(self, head: Header, timestamp: int, ahead: Mapping[bytes, bytes]) -> tuple[Block, BlockResult]:
        """Development: a block without transactions on `head`, which need not be written yet: `ahead` holds the trie
        nodes that the store lacks. Nothing is written.
        """

        def read_node(digest: bytes) -> bytes | None:
            return ahead.get(digest) or self.store.read_node(digest)

        parent = self._parent_on(head, StateReader(head.state_root, read_node))
        context = self.next_context(head, parent, timestamp, set())
        result = PyEvm(self.spec, read_node).execute(head.state_root, (), context, ())
        return assemble(context, result, ()), result

    def adopt_all(self, commits: Sequence[Commit]) -> None:
        """Keep blocks that `empty_block` made, in one commit."""
        self.store.append_all(commits)
        if commits and commits[-1].block is not None:
            self._head = commits[-1].block.header

    def adopt(self, commit: Commit) -> None:
        """Keep a block that was judged elsewhere: an imported chain's next (importing.py)."""
        self.store.append(commit)
        if commit.block is not None:
            self._head = commit.block.header

    @property
    def executor(self) -> BlockExecutor:
        """What runs blocks."""
        return self._executor

    def refresh(self) -> None:
        """Take up the newest block that another process has committed."""
        version = self.store.environment.version
        if version == self._seen_version:
            return
        self._seen_version = version
        self.store.environment.trim()
        head = self.store.header(self.store.head_number or 0)
        if head is not None:
            self._head = head

    def roll_back(self, number: int, note: Mapping[str, bytes] | None = None) -> None:
        """Go back to an earlier block: the rollback command, which leaves a `note`, and evm_revert on development
        chains."""
        self.store.roll_back(number, note)
        header = self.store.header(number)
        if header is None:
            raise ApplicationError(f"block {number} is not in the store")
        self._staged = None
        self._head = header


def _is_hopeless(refusal: Refusal, is_first: bool) -> bool:
    """Whether a transaction would wait in vain: the state alone refuses it. `is_first`: none of its sender's is in the
    block before it.
    """
    if refusal.reason is Reason.INSUFFICIENT_FUNDS:
        return is_first
    return refusal.reason in (Reason.UNFIT, Reason.NOT_PERMITTED, Reason.TOO_LARGE)


def prev_randao(parent_hash: bytes, number: int) -> bytes:
    """keccak(parent hash ‖ number): deterministic, and not random (docs/protocol.md 4)."""
    return keccak256(parent_hash + word(number))


def assemble(context: BlockContext, result: BlockResult, transactions: tuple[Transaction, ...]) -> Block:
    """The block that executing transactions gave, under the fork of its context."""
    has_blobs = result.blob_gas_used is not None
    header = Header(
        parent_hash=context.parent_hash,
        ommers_hash=EMPTY_OMMERS_HASH,
        coinbase=context.coinbase,
        state_root=result.state_root,
        transactions_root=result.transactions_root,
        receipts_root=result.receipts_root,
        logs_bloom=result.logs_bloom,
        difficulty=context.difficulty,
        number=context.number,
        gas_limit=context.gas_limit,
        gas_used=result.gas_used,
        timestamp=context.timestamp,
        extra_data=b"",
        mix_hash=context.prev_randao,
        nonce=bytes(8),
        base_fee=context.base_fee,
        withdrawals_root=result.withdrawals_root,
        blob_gas_used=result.blob_gas_used,
        excess_blob_gas=context.excess_blob_gas if has_blobs else None,
        parent_beacon_root=context.parent_beacon_root if has_blobs else None,
        requests_hash=result.requests_hash,
    )
    return Block(header, header.hash, transactions, (), None if result.withdrawals_root is None else ())
