"""geth's 4byteTracer: which function selectors are called, with how long arguments, how often."""

from collections import Counter

from testamur_node.execution.observing import Frame, Observer

__all__ = ["SelectorTracer"]

_KINDS = frozenset({"CALL", "CALLCODE", "DELEGATECALL", "STATICCALL"})


class SelectorTracer(Observer):
    """Counts `0x<selector>-<bytes of arguments>`."""

    def __init__(self, precompiles: frozenset[bytes]) -> None:
        self._precompiles = precompiles
        self._counts: Counter[str] = Counter()

    def enter(self, frame: Frame) -> None:
        """Count a call."""
        if frame.kind in _KINDS and len(frame.data) >= 4 and frame.to not in self._precompiles:
            self._counts[f"0x{frame.data[:4].hex()}-{len(frame.data) - 4}"] += 1

    def result(self) -> dict[str, object]:
        """The counts."""
        return dict(self._counts)
