"""Another network's history, block by block: judged by its own header, executed, kept only when every root agrees.

Seals and difficulty of proof-of-work blocks are not judged: one imports a file whose head hash one knows.
"""

import mmap
from collections.abc import Iterator
from pathlib import Path

from testamur.proof.hashing import keccak256

from testamur_node.application import COINBASE, Application, prev_randao
from testamur_node.chain.block import EMPTY_OMMERS_HASH, Block, Header, decode_block, encode_header_list
from testamur_node.chain.fees import next_base_fee, next_excess_blob_gas
from testamur_node.chain.rules import Fork
from testamur_node.codec import DecodingError, rlp_end
from testamur_node.errors import NodeError
from testamur_node.execution.executor import BlockContext, BlockResult, ExecutionError
from testamur_node.progress import Progress, unseen
from testamur_node.store.store import Commit

__all__ = ["InvalidBlockError", "blocks_in", "import_block"]


class InvalidBlockError(NodeError):
    """A block breaks the rules of its chain; nothing of it was kept."""

    exit_code = 2


def blocks_in(path: Path, progress: Progress = unseen) -> Iterator[Block]:
    """The blocks of a chain.rlp file, one RLP list after the other; `progress` counts its bytes.

    Raises `DecodingError`, `OSError`.
    """
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            at = 0
            while at < len(data):
                progress("importing", at, len(data))
                if data[at] < 0xC0:
                    raise DecodingError("a chain file holds one RLP list after the other")
                end = rlp_end(data, at)
                if end > len(data):
                    raise DecodingError(f"{path} ends within the block at byte {at}")
                yield decode_block(data[at:end])
                at = end


def import_block(application: Application, block: Block) -> None:
    """Judge, execute and keep the block that follows the head. Raises `InvalidBlockError`.

    1. its header follows its parent's by the fork's rules
    2. its transactions can stand in it
    3. executing them gives the roots, gas, filter and requests that the header names
    """
    parent, header = application.head, block.header
    fork = application.spec.fork_at(header.number, header.timestamp)
    problem = _header_problem(application, parent, header, fork) or _own_problem(application, block)
    if problem is not None:
        raise InvalidBlockError(f"block {header.number}: {problem}")
    context = BlockContext(
        number=header.number,
        timestamp=header.timestamp,
        coinbase=header.coinbase,
        prev_randao=header.mix_hash,
        gas_limit=header.gas_limit,
        base_fee=header.base_fee,
        chain_id=application.genesis.chain_id,
        parent_hash=header.parent_hash,
        difficulty=header.difficulty,
        ancestors=application.store.ancestors(parent.number),
        parent_beacon_root=header.parent_beacon_root,
        excess_blob_gas=header.excess_blob_gas,
        withdrawals=block.withdrawals,
        ommers=tuple((ommer.coinbase, ommer.number) for ommer in block.ommers),
        deployers=application.parent().deployers({transaction.sender for transaction in block.transactions}),
    )
    try:
        result = application.executor.execute(
            parent.state_root,
            [transaction.raw for transaction in block.transactions],
            context,
            [transaction.sender for transaction in block.transactions],
        )
    except ExecutionError as error:
        raise InvalidBlockError(f"block {header.number}: {error}") from error
    problem = _result_problem(block, result)
    if problem is not None:
        raise InvalidBlockError(f"block {header.number}: {problem}")
    application.adopt(Commit(block=block, receipts=result.receipts, nodes=result.writes))


def _header_problem(application: Application, parent: Header, header: Header, fork: Fork) -> str | None:
    base = parent.gas_limit
    if fork >= Fork.LONDON and parent.base_fee is None:
        base *= 2  # the first London block doubles its limit, since half of it is the target (EIP-1559)
    is_merged = fork >= Fork.PARIS
    fields = {
        "number": (header.number, parent.number + 1),
        "parent hash": (header.parent_hash, parent.hash),
        "base fee": (header.base_fee, next_base_fee(parent, application.spec, fork)),
        "excess blob gas": (header.excess_blob_gas, next_excess_blob_gas(parent, fork)),
        "presence of a withdrawals root": (header.withdrawals_root is not None, fork >= Fork.SHANGHAI),
        "presence of a beacon root": (header.parent_beacon_root is not None, fork >= Fork.CANCUN),
        "presence of a requests hash": (header.requests_hash is not None, fork >= Fork.PRAGUE),
        "difficulty": (header.difficulty if is_merged else 0, 0),
        "nonce": (header.nonce if is_merged else bytes(8), bytes(8)),
        "ommers": (header.ommers_hash if is_merged else EMPTY_OMMERS_HASH, EMPTY_OMMERS_HASH),
    }
    for name, (found, expected) in fields.items():
        if found != expected:
            return f"{name} is {_shown(found)}, expected {_shown(expected)}"
    if header.timestamp <= parent.timestamp:
        return f"timestamp {header.timestamp} is not above the parent's {parent.timestamp}"
    if abs(header.gas_limit - base) >= base // 1024 or header.gas_limit < 5_000:
        return f"gas limit {header.gas_limit} moves too far from the parent's {parent.gas_limit}"
    if len(header.extra_data) > 32:
        return f"extra data of {len(header.extra_data)} bytes, at most 32 are allowed"
    return None


def _own_problem(application: Application, block: Block) -> str | None:
    """What our own engines would not have made: inclusion by the parent state, and the header's constants."""
    if application.spec.history_contract is None:
        return None
    parent, header = application.head, block.header
    fields = {
        "coinbase": (header.coinbase, COINBASE),
        "PREVRANDAO": (header.mix_hash, prev_randao(parent.hash, header.number)),
        "gas limit": (header.gas_limit, application.parent().gas_limit),
        "extra data": (header.extra_data, b""),
        "beacon root": (header.parent_beacon_root, bytes(32)),
    }
    for name, (found, expected) in fields.items():
        if found != expected:
            return f"{name} is {_shown(found)}, expected {_shown(expected)}"
    if not block.transactions and not application.spec.allows_empty_blocks:
        return "it has no transactions"
    return application.validate(header.timestamp * 1_000_000_000, [item.raw for item in block.transactions])


def _result_problem(block: Block, result: BlockResult) -> str | None:
    header = block.header
    fields = {
        "transactions root": (result.transactions_root, header.transactions_root),
        "ommers hash": (keccak256(encode_header_list(block.ommers)), header.ommers_hash),
        "gas used": (result.gas_used, header.gas_used),
        "receipts root": (result.receipts_root, header.receipts_root),
        "logs bloom": (result.logs_bloom, header.logs_bloom),
        "withdrawals root": (result.withdrawals_root, header.withdrawals_root),
        "blob gas used": (result.blob_gas_used, header.blob_gas_used),
        "requests hash": (result.requests_hash, header.requests_hash),
        "state root": (result.state_root, header.state_root),
    }
    for name, (computed, named) in fields.items():
        if computed != named:
            return f"{name} {_shown(computed)} at height {header.number}, the header says {_shown(named)}"
    return None


def _shown(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
