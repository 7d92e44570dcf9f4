"""Reading py-evm's stack and memory at a step: what a tracer needs to know of the instruction's arguments."""

from testamur_node.execution.observing import Step

__all__ = ["number_at", "address_at", "stack_size", "touched_address", "touched_slot"]

_TOP_IS_ADDRESS = frozenset({0x31, 0x3B, 0x3C, 0x3F, 0xFF})
"""BALANCE, EXTCODESIZE, EXTCODECOPY, EXTCODEHASH, SELFDESTRUCT."""
_SECOND_IS_ADDRESS = frozenset({0xF1, 0xF2, 0xF4, 0xFA})
"""CALL, CALLCODE, DELEGATECALL, STATICCALL."""
_SLOADS = frozenset({0x54, 0x55})
"""SLOAD, SSTORE."""


def stack_size(step: Step) -> int:
    """How many words lie on the stack."""
    return len(step.computation._stack.values)


def number_at(step: Step, depth: int) -> int:
    """The word `depth` below the top, 0 for the top itself."""
    value = step.computation._stack.values[-1 - depth]
    return value if isinstance(value, int) else int.from_bytes(value, "big")


def address_at(step: Step, depth: int) -> bytes:
    """The same as an address."""
    return (number_at(step, depth) & (2**160 - 1)).to_bytes(20, "big")


def touched_address(step: Step) -> bytes | None:
    """The account that the instruction looks at; None where it looks at none or lacks its arguments."""
    if step.opcode in _TOP_IS_ADDRESS and stack_size(step) >= 1:
        return address_at(step, 0)
    if step.opcode in _SECOND_IS_ADDRESS and stack_size(step) >= 5:
        return address_at(step, 1)
    return None


def touched_slot(step: Step) -> tuple[bytes, int] | None:
    """(account, slot) that the instruction reads or writes."""
    if step.opcode in _SLOADS and stack_size(step) >= 1:
        return step.computation.msg.storage_address, number_at(step, 0)
    return None
