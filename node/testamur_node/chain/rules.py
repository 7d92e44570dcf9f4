"""The three chain specs as data: which fork holds when, what a transaction may be, what a block may hold.

`alliance` is the permissioned chain, `development` the same genesis without permission, `imported` another network's
history that this node serves but does not extend.
"""

from dataclasses import dataclass, replace
from enum import IntEnum

__all__ = [
    "Fork", "ForkStart", "ChainSpec", "ALLIANCE", "DEVELOPMENT", "DEVELOPMENT_WITH_FEES", "HISTORY_CONTRACT",
    "imported",
]  # fmt: skip

HISTORY_CONTRACT = bytes.fromhex("000000000000000000000000000000007e570005")
"""BlockHistory of the genesis suite (docs/protocol.md 4)."""


MAINNET_DEPOSIT_CONTRACT = bytes.fromhex("00000000219ab540356cbb839cbe05303d7705fa")
"""Where Ethereum's validators deposit."""


class Fork(IntEnum):
    """The forks an imported chain may go through; ours are Prague from block 0 on."""

    FRONTIER = 0
    HOMESTEAD = 1
    TANGERINE_WHISTLE = 2
    SPURIOUS_DRAGON = 3
    BYZANTIUM = 4
    CONSTANTINOPLE = 5
    PETERSBURG = 6
    ISTANBUL = 7
    BERLIN = 8
    LONDON = 9
    PARIS = 10
    SHANGHAI = 11
    CANCUN = 12
    PRAGUE = 13


@dataclass(frozen=True, slots=True)
class ForkStart:
    """From which block on, or from which time on, a fork's rules hold."""

    fork: Fork
    block: int | None = None
    timestamp: int | None = None


@dataclass(frozen=True, slots=True)
class ChainSpec:
    """One chain's rules."""

    name: str
    """alliance, development or imported"""
    is_free: bool
    """Base fee and effective price are 0 whatever the fee fields say."""
    is_permissioned: bool
    """Senders need `transact`, creators `deploy`, at the parent state."""
    allows_value: bool
    """Whether a transaction may carry wei; the alliance has no currency."""
    transaction_types: frozenset[int]
    disabled_precompiles: frozenset[int]
    """Addresses that answer like empty accounts."""
    allows_empty_blocks: bool
    """Whether a block without transactions makes an EVM block."""
    is_development: bool
    """Whether time may travel and accounts lie unlocked."""
    default_block_time: float
    """Seconds between blocks; 0 seals at once."""
    has_code_limits: bool = False
    """Whether the voted limits hold of one transaction's gas and of code that the alliance did not vote for
    (docs/adr/0025); else the block's gas limit is the only one."""
    history_contract: bytes | None = HISTORY_CONTRACT
    """Where the node writes each parent's hash as a system call; None for imported chains."""
    forks: tuple[ForkStart, ...] = (ForkStart(Fork.PRAGUE, block=0),)
    """In rising order."""
    bomb_delays: tuple[int, ...] = ()
    """Blocks of forks that only put off the difficulty bomb: no rule of ours, but a part of the fork id (EIP-2124)."""
    deposit_contract: bytes = MAINNET_DEPOSIT_CONTRACT
    """Whose logs are deposit requests (EIP-6110)."""

    def fork_at(self, number: int, timestamp: int) -> Fork:
        """The fork whose rules hold in a block; a fork that starts by time also needs London, as in geth."""
        current = Fork.FRONTIER
        for start in self.forks:
            if start.block is not None:
                is_reached = number >= start.block
            else:
                is_reached = timestamp >= (start.timestamp or 0) and current >= Fork.LONDON
            if is_reached:
                current = max(current, start.fork)
        return current

    def fork_under(self, number: int, timestamp: int, is_merged: bool) -> Fork:
        """The fork whose rules hold in a block that somebody made up, which may be merged or not against the schedule:
        from London on that decides, as in geth.
        """
        fork = self.fork_at(number, timestamp)
        if fork < Fork.LONDON:
            return fork
        return max(fork, Fork.PARIS) if is_merged else Fork.LONDON

    def is_merged(self, number: int, timestamp: int) -> bool:
        """Whether a made-up block is one without difficulty: by its number, or by its time alone, as geth has it."""
        return any(
            start.fork >= Fork.PARIS
            and (number >= start.block if start.block is not None else timestamp >= (start.timestamp or 0))
            for start in self.forks
        )


ALLIANCE = ChainSpec(
    name="alliance",
    is_free=True,
    is_permissioned=True,
    allows_value=False,
    transaction_types=frozenset({0, 1, 2}),
    disabled_precompiles=frozenset(range(0x05, 0x12)),
    allows_empty_blocks=False,
    is_development=False,
    default_block_time=1.0,
    has_code_limits=True,
)
"""Prague without value, blobs, delegation, costly precompiles; `docs/threat-model.md` has the reasons."""

DEVELOPMENT = ChainSpec(
    name="development",
    is_free=True,
    is_permissioned=False,
    allows_value=True,
    transaction_types=frozenset({0, 1, 2, 3, 4}),
    disabled_precompiles=frozenset(),
    allows_empty_blocks=True,
    is_development=True,
    default_block_time=0.0,
)
"""The same genesis suite, for tests: no permission, funded accounts, time travels."""

DEVELOPMENT_WITH_FEES = replace(DEVELOPMENT, is_free=False)
"""A development chain whose gas costs what EIP-1559 says, as elsewhere; its genesis names the first base fee."""


def imported(
    forks: tuple[ForkStart, ...],
    bomb_delays: tuple[int, ...] = (),
    deposit_contract: bytes = MAINNET_DEPOSIT_CONTRACT,
) -> ChainSpec:
    """The spec of a chain that was brought in with its own fork schedule."""
    return ChainSpec(
        name="imported",
        is_free=False,
        is_permissioned=False,
        allows_value=True,
        transaction_types=frozenset({0, 1, 2, 3, 4}),
        disabled_precompiles=frozenset(),
        allows_empty_blocks=True,
        is_development=False,
        default_block_time=0.0,
        history_contract=None,
        forks=forks,
        bomb_delays=bomb_delays,
        deposit_contract=deposit_contract,
    )
