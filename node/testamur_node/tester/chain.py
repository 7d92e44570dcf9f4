"""A development chain in a temporary folder that makes blocks when it is told to and at no other time.

Its clock stands at the genesis, so each block is a second later than its parent and two runs of a test see the same
times. The genesis, which runs the suite's constructors, is built once in a process.
"""

import tempfile
import time
import weakref
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from testamur_node.alliance_file import parse_alliance
from testamur_node.chain.block import Block
from testamur_node.chain.development import development_accounts
from testamur_node.chain.receipt import Receipt
from testamur_node.chain.rules import DEVELOPMENT_WITH_FEES
from testamur_node.engine.key import ValidatorKey
from testamur_node.genesis import Genesis, found
from testamur_node.node import Node
from testamur_node.operations.reference import REFERENCE, MemberAccounts, alliance_toml
from testamur_node.store.store import Store

__all__ = ["SoloChain"]

_ROLES = ("govern-1", "govern-2", "admin", "issue", "status")
"""What the first five accounts may do for institution 1, and the next five for institution 2."""


@cache
def _founding(chain_id: int, base_fee: int) -> tuple[Genesis, ValidatorKey]:
    key, addresses = ValidatorKey.generate(), list(development_accounts())
    members = [
        MemberAccounts(
            institution,
            dict(zip(_ROLES, addresses[5 * position :], strict=False))
            | {"recovery": bytes(19) + bytes([position + 1])},
        )
        for position, institution in enumerate(REFERENCE)
    ]
    now = datetime.fromtimestamp(int(time.time()), UTC)
    text = alliance_toml(members, chain_id, now, key.public)
    return found(parse_alliance(text), DEVELOPMENT_WITH_FEES, base_fee), key


class SoloChain:
    """The node and what surrounds it; ends with `close`, or when nothing refers to it any more."""

    def __init__(self, chain_id: int, base_fee: int) -> None:
        genesis, key = _founding(chain_id, base_fee)
        folder = tempfile.TemporaryDirectory(prefix="testamur-tester-")
        self.node = Node(
            genesis, Store.open(Path(folder.name)), lambda: genesis.timestamp * 1_000_000_000, key=key, block_time=0
        )
        self._finish = weakref.finalize(self, _end, self.node, folder)
        self.node.development.set_automine(False)
        self._beginning = self.mark()

    def close(self) -> None:
        """Stop the node and remove its folder. Safe to call twice."""
        self._finish()

    def mine(self, count: int, timestamp: int | None = None) -> list[Block]:
        """Make blocks, what waits into the first; `timestamp` is that one's."""
        first = self.node.head.number + 1
        self.node.development.mine(count, timestamp)
        return [self.node.required(number) for number in range(first, first + count)]

    def mark(self) -> int:
        """Remember the head, to return to it as often as wanted."""
        return self.node.development.snapshot()

    def return_to(self, mark: int) -> None:
        """Go back to a mark; what waits is dropped, and so are later marks. `KeyError` where the mark is gone."""
        if not self.node.development.revert(mark):
            raise KeyError(mark)
        self.mark()

    def reset(self) -> None:
        """Go back to the genesis."""
        self.return_to(self._beginning)

    def pending(self) -> tuple[Block, tuple[Receipt, ...]]:
        """The block that mining now would give, with its receipts: it is made, read and undone."""
        waiting = [transaction.raw for transaction in self.node.pool.ready()]
        mark = self.mark()
        try:
            (block,) = self.mine(1)
            return block, self.node.receipts(block.number)
        finally:
            self.node.development.revert(mark)
            for raw in waiting:
                self.node.submit(raw)


def _end(node: Node, folder: "tempfile.TemporaryDirectory[str]") -> None:
    node.close()
    folder.cleanup()
