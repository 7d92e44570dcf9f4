"""Watching the EVM at work: the seam for tracers. An `Observer` sees frames begin and end, and each step in between.

`watching.observed` bends py-evm so that it tells its observer; runs without one pay nothing for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth.exceptions import Revert, VMError

__all__ = ["Frame", "Outcome", "Step", "Observer"]


@dataclass(frozen=True, slots=True)
class Frame:
    """A call or creation that begins."""

    kind: str
    """CALL, CALLCODE, DELEGATECALL, STATICCALL, CREATE, CREATE2 or SELFDESTRUCT."""
    sender: bytes
    """Who calls; for DELEGATECALL the calling contract."""
    to: bytes
    """Whose code runs, or the contract to be created."""
    value: int
    gas: int
    data: bytes
    """Calldata, or creation code."""
    depth: int
    """0 for the transaction's own frame."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a frame ended."""

    output: bytes
    gas_used: int
    error: VMError | None

    @property
    def is_revert(self) -> bool:
        """Whether it ended with REVERT."""
        return isinstance(self.error, Revert)


@dataclass(frozen=True, slots=True)
class Step:
    """An instruction about to run."""

    computation: Any
    """py-evm's; `_stack.values`, `_memory` and `state` are read by tracers."""
    pc: int
    opcode: int
    name: str
    gas: int
    """Left before it."""
    depth: int
    """1 for the transaction's own frame, as geth counts."""
    under_way: Sequence[Any]
    """The computations that have begun and not ended, outermost first."""


class Observer:
    """Sees a run; what a tracer does not care about stays as here."""

    def begin(self, state: Any) -> None:
        """A transaction or call is about to begin on py-evm's `state`; nothing is charged yet."""

    def end(self, state: Any) -> None:
        """It is over, refunds and fees settled."""

    def enter(self, frame: Frame) -> None:
        """A frame begins."""

    def step(self, step: Step) -> None:
        """An instruction is about to run."""

    def stepped(self, cost: int, error: VMError | None, was_begun: bool, refund: int = 0) -> None:
        """The newest unfinished instruction is done: what it cost, with the gas it gave to a call; its error.

        `was_begun` is False where its stack or its gas did not suffice, so that it never ran. `refund` is what geth had
        given back already for one that failed.
        """

    def exit(self, outcome: Outcome) -> None:
        """The newest unfinished frame has ended."""

    def log(self, address: bytes, topics: tuple[int, ...], data: bytes) -> None:
        """An event was emitted; it is void if its frame fails."""
