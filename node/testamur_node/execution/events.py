"""The events of a transaction that is made up, and transfers of value among them if asked (eth_simulateV1)."""

from testamur_node.chain.receipt import Log
from testamur_node.codec import word
from testamur_node.execution.observing import Frame, Observer, Outcome

__all__ = ["EventTracer", "Event", "TRANSFERS"]

_TRANSFER = bytes.fromhex("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef")
TRANSFERS = b"\xee" * 20
"""The address under which transfers of value appear among the logs."""

Event = tuple[int, Log]
"""A log and its number in the block; the logs of failed frames have numbers too, as in geth."""


class EventTracer(Observer):
    """Collects events frame by frame; a failed frame's are dropped."""

    def __init__(self, traces_transfers: bool) -> None:
        self._traces_transfers = traces_transfers
        self._frames: list[list[Event]] = []
        self._kept: list[Event] = []
        self._count = 0

    def enter(self, frame: Frame) -> None:
        """A frame begins, perhaps with value."""
        self._frames.append([])
        if self._traces_transfers and frame.value and frame.kind != "DELEGATECALL":
            topics = (_TRANSFER, frame.sender.rjust(32, b"\0"), frame.to.rjust(32, b"\0"))
            self._emit(Log(TRANSFERS, topics, word(frame.value)))

    def log(self, address: bytes, topics: tuple[int, ...], data: bytes) -> None:
        """An event."""
        self._emit(Log(address, tuple(word(topic) for topic in topics), data))

    def _emit(self, log: Log) -> None:
        self._frames[-1].append((self._count, log))
        self._count += 1

    def exit(self, outcome: Outcome) -> None:
        """A frame ends; its events go to the one around it, or nowhere."""
        events = self._frames.pop()
        if outcome.error is None:
            (self._frames[-1] if self._frames else self._kept).extend(events)

    def take(self) -> tuple[Event, ...]:
        """The events of the transaction that ended."""
        kept = tuple(self._kept)
        self._kept.clear()
        self._frames.clear()
        return kept
