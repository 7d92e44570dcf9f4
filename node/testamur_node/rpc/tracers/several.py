"""geth's muxTracer: several tracers that watch the same run."""

from collections.abc import Sequence
from typing import Any

from eth.exceptions import VMError

from testamur_node.execution.observing import Frame, Observer, Outcome, Step

__all__ = ["SeveralTracers"]


class SeveralTracers(Observer):
    """Passes on what it sees."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = observers

    def begin(self, state: Any) -> None:
        """To each."""
        for observer in self._observers:
            observer.begin(state)

    def end(self, state: Any) -> None:
        """To each."""
        for observer in self._observers:
            observer.end(state)

    def enter(self, frame: Frame) -> None:
        """To each."""
        for observer in self._observers:
            observer.enter(frame)

    def step(self, step: Step) -> None:
        """To each."""
        for observer in self._observers:
            observer.step(step)

    def stepped(self, cost: int, error: VMError | None, was_begun: bool, refund: int = 0) -> None:
        """To each."""
        for observer in self._observers:
            observer.stepped(cost, error, was_begun, refund)

    def exit(self, outcome: Outcome) -> None:
        """To each."""
        for observer in self._observers:
            observer.exit(outcome)

    def log(self, address: bytes, topics: tuple[int, ...], data: bytes) -> None:
        """To each."""
        for observer in self._observers:
            observer.log(address, topics, data)
