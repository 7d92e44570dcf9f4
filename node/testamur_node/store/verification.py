"""verify-db: every record is read, recomputed from what it must follow from, and nothing else may be there.

Nodes hash to their keys and every state root reaches all of its nodes; headers form a chain; transactions, receipts
and withdrawals give the roots that headers name; senders, places and the log index are recomputed; signed headers
verify. So a flipped byte in any record shows. A page that LMDB itself cannot read is reported as such.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import lmdb
from testamur.proof.cometbft import validators_hash, verify_commit
from testamur.proof.hashing import keccak256

from testamur_node.chain.block import Block, Header, decode_body, decode_header, encode_header_list
from testamur_node.chain.development import address_of, impersonation_key
from testamur_node.chain.receipt import Receipt, decode_receipt, encode_receipt, union_of
from testamur_node.chain.transaction import Transaction, decode_transaction
from testamur_node.codec import minimal, rlp_encode
from testamur_node.engine.headers import SOLO_POWER, decode_signed, encode_signed
from testamur_node.engine.key import ValidatorKey
from testamur_node.errors import NodeError
from testamur_node.index.logs import index_keys, place_of
from testamur_node.progress import Progress, unseen
from testamur_node.state.reachable import reachable
from testamur_node.state.trie import EMPTY_ROOTS, list_root
from testamur_node.store.environment import Environment
from testamur_node.store.store import SCHEMA

__all__ = ["problems_of"]

_META = {"schema", "head", "genesis", "engine_height", "pruned", "rollbacks"}


def problems_of(
    environment: Environment, genesis_hash: bytes, key: ValidatorKey | None, progress: Progress = unseen
) -> Iterator[str]:
    """What is wrong with a store, one sentence each; nothing where all is well.

    1. meta values are the ones we know, and block 0 is that of genesis.json
    2. each node is what its key says
    3. each block follows from its parent, its transactions and its receipts
    4. the tables beside the blocks hold exactly what the blocks imply
    5. each kept state is complete
    6. each signed header verifies and carries the block it is kept for
    """
    with environment.lmdb.begin() as view:
        try:
            yield from _Check(environment, view, genesis_hash, key, progress).run()
        except lmdb.Error as error:
            yield f"a page cannot be read: {error}"


class _Check:
    """One pass over a snapshot. Only the hashes of the states' nodes are kept in memory: of all else what is implied
    is looked up, and the tables must hold as many rows as were."""

    def __init__(
        self, environment: Environment, view: Any, genesis_hash: bytes, key: ValidatorKey | None, progress: Progress
    ) -> None:
        self._tables = environment.tables
        self._view = view
        self._genesis_hash = genesis_hash
        self._key = key
        self._progress = progress
        self._implied: Counter[str] = Counter()
        """Per table, the rows that the blocks imply."""

    def run(self) -> Iterator[str]:
        """All checks, in the order of `problems_of`."""
        meta = {name.decode("ascii", "replace"): value for name, value in self._rows("meta")}
        if meta.get("schema") != SCHEMA.to_bytes(2, "big"):
            yield "meta: the schema is not the one that this node writes"
        yield from (f"meta: unknown name {name!r}" for name in meta if name not in _META)
        head = int.from_bytes(meta.get("head", b""), "big")
        if len(meta.get("head", b"")) != 8 or meta.get("genesis") != self._genesis_hash:
            yield "meta: head or genesis hash is damaged, or this is another chain's store"
            return
        count = self._count("headers")
        if count != head + 1:
            yield f"headers: {count} of them, the head is {head}"
            head = min(head, count - 1)
        yield from self._nodes()
        parent: Header | None = None
        for number in range(head + 1):
            self._progress("checking blocks", number, head + 1)
            yield from self._block(number, parent)
            parent = self._header(number)
        for name in ("numbers", "transactions", "receipts", "locations", "logs", "bodies"):
            if self._count(name) != self._implied[name]:
                yield f"{name}: {self._count(name)} rows, the blocks imply {self._implied[name]}"
        yield from self._states(int.from_bytes(meta.get("pruned", b""), "big"), head)
        yield from self._engine(int.from_bytes(meta.get("engine_height", b""), "big"))

    def _nodes(self) -> Iterator[str]:
        count = self._count("nodes")
        for done, (key, value) in enumerate(self._rows("nodes")):
            self._progress("checking nodes", done, count)
            if keccak256(value) != key:
                yield f"nodes: {key.hex()} holds something else"

    def _block(self, number: int, parent: Header | None) -> Iterator[str]:
        encoded = self._get("headers", _key(number))
        if encoded is None:
            yield f"block {number}: no header"
            return
        try:
            header = decode_header(encoded)
            block, receipts, stored = self._contents(number, header)
        except Exception as error:  # whatever damaged bytes provoke is the finding
            yield f"block {number}: {error}"
            return
        if header.number != number or (parent is not None and header.parent_hash != parent.hash):
            yield f"block {number}: does not follow block {number - 1}"
        if number == 0 and header.hash != self._genesis_hash:
            yield "block 0: is not that of genesis.json"
        roots = {
            "transactions": (list_root([item.raw for item in block.transactions]), header.transactions_root),
            "receipts": (list_root([encode_receipt(item) for item in receipts]), header.receipts_root),
            "logs bloom": (union_of(item.logs_bloom for item in receipts), header.logs_bloom),
            "ommers": (keccak256(encode_header_list(block.ommers)), header.ommers_hash),
            "gas used": (receipts[-1].cumulative_gas_used if receipts else 0, header.gas_used),
        }
        if header.withdrawals_root is not None:
            roots["withdrawals"] = (_withdrawals_root(block), header.withdrawals_root)
        for name, (computed, named) in roots.items():
            if computed != named:
                yield f"block {number}: {name} are not what the header names"
        gas = logs = 0
        for index, (item, receipt) in enumerate(zip(block.transactions, receipts, strict=True)):
            if not _is_senders(item):
                yield f"block {number}: transaction {index} has another sender"
            if stored[index] != gas.to_bytes(8, "big") + logs.to_bytes(4, "big"):
                yield f"block {number}: receipt {index} begins at another gas or log"
            gas, logs = receipt.cumulative_gas_used, logs + len(receipt.logs)
        for name, rows in _rows_beside(block, receipts).items():
            self._implied[name] += len(rows)
            wrong = sum(self._get(name, key) != value for key, value in rows.items())
            if wrong:
                yield f"block {number}: {wrong} of its {len(rows)} rows in {name} are missing or say something else"

    def _contents(self, number: int, header: Header) -> tuple[Block, list[Receipt], list[bytes]]:
        """(the block, its receipts, the totals stored before each receipt)."""
        transactions, receipts, stored = [], [], []
        index = gas = 0
        while (value := self._get("transactions", place := place_of(number, index))) is not None:
            transactions.append(decode_transaction(value[20:], value[:20]))
            value = self._get("receipts", place)
            if value is None:
                raise NodeError(f"transaction {index} has no receipt")
            receipts.append(decode_receipt(value[12:], gas))
            stored.append(value[:12])
            gas = receipts[-1].cumulative_gas_used
            index += 1
        body = self._get("bodies", _key(number))
        ommers, withdrawals = decode_body(body) if body else ((), () if header.withdrawals_root else None)
        self._implied.update(transactions=index, receipts=index, bodies=body is not None)
        return Block(header, header.hash, tuple(transactions), ommers, withdrawals), receipts, stored

    def _states(self, first: int, head: int) -> Iterator[str]:
        seen: set[bytes] = set(EMPTY_ROOTS)
        for number in range(first, head + 1):
            self._progress("checking states", number - first, head + 1 - first)
            header = self._header(number)
            if header is None:
                continue  # told of already
            try:
                reachable([header.state_root], lambda digest: self._get("nodes", digest), seen)
            except Exception as error:  # whatever damaged bytes provoke is the finding
                yield f"block {number}: its state is not complete: {error}"

    def _engine(self, newest: int) -> Iterator[str]:
        count, kept = self._count("carried"), self._count("engine")
        named = last = 0
        for done, (key, value) in enumerate(self._rows("carried")):
            self._progress("checking signed headers", done, count)
            number = int.from_bytes(key, "big")
            for height in {int.from_bytes(value[:8], "big"), int.from_bytes(value[8:], "big")}:
                named, last = named + 1, max(last, height)
                problem = self._signed(height, self._get("headers", _key(number)))
                if problem is not None or len(value) != 16 or len(key) != 8:
                    yield f"engine height {height}, kept for block {number}: {problem or 'damaged'}"
        if named != kept or (kept and last != newest):
            yield f"engine: {kept} headers up to height {newest}, the blocks name {named} up to {last}"

    def _signed(self, height: int, header: bytes | None) -> str | None:
        """What is wrong with the signed header of an engine height, which must carry the hash of `header`."""
        encoded = self._get("engine", _key(height))
        if encoded is None or header is None:
            return "not there"
        try:
            signed = decode_signed(encoded)
            if self._key is not None:
                validator = self._key.validator(SOLO_POWER)
                if signed.header.validators_hash != validators_hash([validator]):
                    return "signed by another key"
                verify_commit(signed, [validator])
        except Exception as error:  # whatever damaged bytes provoke is the finding
            return f"{type(error).__name__}: {error}"
        if encode_signed(signed) != encoded:
            return "not in the form that it was written in"
        if signed.header.height != height or signed.header.app_hash != keccak256(header):
            return "carries another block"
        return None

    def _rows(self, table: str) -> Iterator[tuple[bytes, bytes]]:
        yield from self._view.cursor(self._tables[table])

    def _count(self, table: str) -> int:
        count: int = self._view.stat(self._tables[table])["entries"]
        return count

    def _header(self, number: int) -> Header | None:
        """A block's header; None where it is damaged or not there."""
        encoded = self._get("headers", _key(number))
        try:
            return None if encoded is None else decode_header(encoded)
        except NodeError:
            return None

    def _get(self, table: str, key: bytes) -> bytes | None:
        value: bytes | None = self._view.get(key, db=self._tables[table])
        return value


def _rows_beside(block: Block, receipts: Sequence[Receipt]) -> Mapping[str, Mapping[bytes, bytes]]:
    """What the tables that find blocks, transactions and logs hold for one block."""
    return {
        "numbers": {block.hash: _key(block.number)},
        "locations": {item.hash: place_of(block.number, index) for index, item in enumerate(block.transactions)},
        "logs": dict.fromkeys(index_keys(block.number, receipts), b""),
    }


def _is_senders(transaction: Transaction) -> bool:
    """Whether the signature is that of the stored sender, or of who acted for it on a development chain."""
    try:
        signer = decode_transaction(transaction.raw).sender
    except NodeError:
        return False
    return signer == transaction.sender or signer == _impersonator(transaction.sender)


@lru_cache(maxsize=1024)
def _impersonator(address: bytes) -> bytes:
    """Whom the signature names where a development chain's tool acted for `address`."""
    return address_of(impersonation_key(address))


def _key(number: int) -> bytes:
    return number.to_bytes(8, "big")


def _withdrawals_root(block: Block) -> bytes:
    return list_root(
        [
            rlp_encode([minimal(item.index), minimal(item.validator_index), item.address, minimal(item.amount_gwei)])
            for item in block.withdrawals or ()
        ]
    )
