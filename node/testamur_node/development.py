"""What only a development chain does: mine on demand, go back, move the clock, write state, act for accounts.

Flow: rpc (evm_, hardhat_, anvil_) -> here -> solo engine. Each deed runs on the engine's thread, between blocks.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from testamur_node.application import Application
from testamur_node.chain.development import Wishes, development_accounts
from testamur_node.engine.solo import SoloEngine
from testamur_node.errors import NodeError
from testamur_node.execution.executor import AccountOverride
from testamur_node.pool import Pool

__all__ = ["Development", "DevelopmentOnlyError"]

_SECOND = 1_000_000_000
_MILLISECOND = 1_000_000


class DevelopmentOnlyError(NodeError):
    """The request changes time or history, which only a development chain allows."""


class Development:
    """The levers of one development chain."""

    def __init__(self, application: Application, pool: Pool, engine: SoloEngine) -> None:
        self._application = application
        self._pool = pool
        self._engine = engine
        self._snapshots: list[tuple[int, int, Wishes]] = []
        """(block number, clock shift in nanoseconds, what was wished for) of each snapshot."""
        self.impersonated: set[bytes] = set()
        """Accounts that tools act for without their keys."""
        self.impersonates_all = False
        """Whether they do so for every account."""

    @property
    def accounts(self) -> Mapping[bytes, bytes]:
        """Address -> private key of the unlocked accounts."""
        return development_accounts()

    @property
    def automine(self) -> bool:
        """Whether each transaction is sealed at once."""
        return self._engine.automine

    def mine(self, count: int = 1, timestamp: int | None = None, spacing: int | None = None) -> None:
        """Seal what the pool holds, then empty blocks, `count` blocks in all; the first at `timestamp` if given, each
        later one `spacing` seconds after the one before if given.
        """

        def seal() -> None:
            made = 0
            while made < count and (made == 0 or self._pool.counts()[0]):
                following = None if spacing is None else self._application.head.timestamp + spacing
                self._engine.seal(forces_block=True, timestamp=timestamp if made == 0 else following)
                made += 1
            self._engine.seal_empty(count - made, spacing)

        self._engine.run(seal)

    def snapshot(self) -> int:
        """Remember the present head; returns the snapshot's number, from 1."""

        def remember() -> int:
            application = self._application
            self._snapshots.append((application.head.number, self._engine.clock_shift_ns, application.wishes))
            return len(self._snapshots)

        return self._engine.run(remember)

    def revert(self, snapshot: int) -> bool:
        """Return to a snapshot and forget it and later ones; False where it is unknown. What waits is dropped."""

        def go_back() -> bool:
            if not 1 <= snapshot <= len(self._snapshots):
                return False
            number, shift, wishes = self._snapshots[snapshot - 1]
            del self._snapshots[snapshot - 1 :]
            self._pool.clear()
            self._application.roll_back(number)
            self._engine.clock_shift_ns, self._application.wishes = shift, wishes
            self._engine.reload()
            return True

        return self._engine.run(go_back)

    def reset(self) -> None:
        """Return to block 0 and the real time; forget snapshots, impersonations and what waits."""

        def begin_again() -> None:
            self._snapshots.clear()
            self.impersonated.clear()
            self.impersonates_all = False
            self._pool.clear()
            self._application.roll_back(0)
            self._engine.clock_shift_ns, self._application.wishes = 0, Wishes()
            self._engine.reload()

        self._engine.run(begin_again)

    def increase_time(self, seconds: int) -> int:
        """Move the chain's clock forward; returns the total shift in seconds."""

        def shift() -> int:
            self._engine.clock_shift_ns += seconds * _SECOND
            return self._engine.clock_shift_ns // _SECOND

        return self._engine.run(shift)

    def set_next_timestamp(self, timestamp: int) -> None:
        """The next block's timestamp; must be above the head's. Later blocks go on from there."""

        def set_next() -> None:
            self._move_clock(timestamp)
            self._application.wishes = replace(self._application.wishes, timestamp=timestamp)

        self._engine.run(set_next)

    def set_time(self, timestamp: int) -> int:
        """Set the chain's clock, to a time above the head's; returns how many seconds that moved it."""
        return self._engine.run(lambda: self._move_clock(timestamp))

    def _move_clock(self, timestamp: int) -> int:
        if timestamp <= self._application.head.timestamp:
            raise DevelopmentOnlyError(
                f"timestamp {timestamp} is not above the newest block's {self._application.head.timestamp}"
            )
        before = self._engine.now()
        self._engine.clock_shift_ns = timestamp * _SECOND - self._engine.clock()
        return timestamp - before // _SECOND

    def wish(self, change: Callable[[Wishes], Wishes]) -> None:
        """Change what is asked of the blocks to come."""

        def keep() -> None:
            self._application.wishes = change(self._application.wishes)

        self._engine.run(keep)

    def write_state(self, overrides: Mapping[bytes, AccountOverride]) -> None:
        """Write balances, nonces, code or storage, in a block of its own without transactions."""
        self._engine.run(lambda: self._engine.seal(forces_block=True, overrides=overrides))

    def impersonate(self, address: bytes, is_on: bool = True) -> None:
        """Whether `submit` takes transactions of this account without its key."""
        (self.impersonated.add if is_on else self.impersonated.discard)(address)

    def impersonate_all(self, is_on: bool) -> None:
        """Whether `submit` takes transactions of any account without its key."""
        self.impersonates_all = is_on

    def set_automine(self, is_on: bool) -> None:
        """Whether each transaction is sealed at once (the default) or waits for `mine` or the clock."""
        self._engine.automine = is_on
        self._engine.notify()

    def set_interval(self, milliseconds: int) -> None:
        """How often the clock makes a block, an empty one too; 0 never."""
        self._engine.run(lambda: self._engine.set_beat(milliseconds * _MILLISECOND if milliseconds else None))
