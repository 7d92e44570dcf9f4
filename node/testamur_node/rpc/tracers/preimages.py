"""geth's keccak256PreimageTracer: what KECCAK256 was asked to hash, by hash."""

from testamur.proof.hashing import keccak256

from testamur_node.execution.observing import Observer, Step
from testamur_node.rpc.codec import data
from testamur_node.rpc.tracers.stack import number_at, stack_size

__all__ = ["PreimageTracer"]

_KECCAK256 = 0x20
_MOST_PADDING = 1 << 20
"""Bytes beyond the memory in use that are still taken for zeros."""
_MOST = 2**63


class PreimageTracer(Observer):
    """Collects preimages, of instructions that fail for want of gas too."""

    def __init__(self) -> None:
        self._found: dict[str, object] = {}

    def step(self, step: Step) -> None:
        """Note what is about to be hashed."""
        if step.opcode != _KECCAK256 or stack_size(step) < 2:
            return
        start, size = (number_at(step, depth) % 2**64 for depth in (0, 1))
        memory = step.computation._memory._bytes
        if start >= _MOST or size >= _MOST or start + size - len(memory) > _MOST_PADDING:
            return
        preimage = bytes(memory[start : start + size]).ljust(size, b"\0")
        self._found[data(keccak256(preimage))] = data(preimage)

    def result(self) -> dict[str, object]:
        """The preimages."""
        return self._found
