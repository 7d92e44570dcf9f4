"""What an instruction found on the stack, kept while it runs: for the frames that it makes, for its price."""

from collections.abc import Sequence
from typing import Any

from testamur_node.chain.rules import Fork
from testamur_node.execution.observing import Frame
from testamur_node.execution.pricing import Before, Price, price_of

__all__ = ["FRAMES", "NO_OPCODE", "Operands", "frame_of"]

NO_OPCODE = -1
FRAMES = {0xF1: "CALL", 0xF2: "CALLCODE", 0xF4: "DELEGATECALL", 0xFA: "STATICCALL", 0xF0: "CREATE", 0xF5: "CREATE2"}
"""Instructions that make a frame, and how traces name it."""
_NAMES_ACCOUNT = {
    0x31: 0, 0x3B: 0, 0x3C: 0, 0x3F: 0, 0xF1: 1, 0xF2: 1, 0xF4: 1, 0xFA: 1, 0xFF: 0,
}  # fmt: skip
"""Where on the stack an instruction finds the account that it looks at."""
_NAMES_VALUE = {0xF0: 0, 0xF5: 0, 0xF1: 2, 0xF2: 2}
_DEEPEST = 1024
_MOST_NONCE = 2**64 - 1
_TOO_DEEP, _TOO_POOR = "max call depth exceeded", "insufficient balance for transfer"


class Operands:
    """The stack's top, and what the state knew of the account or slot there."""

    __slots__ = (
        "computation",
        "delegate_price",
        "gas",
        "is_cold",
        "memory",
        "opcode",
        "owner",
        "stored",
        "target",
        "top",
        "value",
        "wealth",
    )

    def __init__(self, opcode: int, values: Sequence[Any], computation: Any, gas: int) -> None:
        self.opcode, self.gas, self.computation = opcode, gas, computation
        self.owner: bytes = computation.msg.storage_address
        self.top = [_number(value) for value in values[-1:-8:-1]]
        self.memory = len(computation._memory)
        self.target, self.is_cold, self.value, self.wealth, self.delegate_price = b"", False, 0, 0, 0
        state = computation.state
        if opcode in _NAMES_ACCOUNT:
            self.target = _address(self.top[_NAMES_ACCOUNT[opcode]])
            self.is_cold = computation.fork >= Fork.BERLIN and not state.is_address_warm(self.target)
            if opcode in FRAMES:
                self.delegate_price = _delegate_price(state, computation.fork, self.target)
        elif opcode in (0x54, 0x55) and computation.fork >= Fork.BERLIN:
            self.is_cold = not state.is_storage_warm(self.owner, self.top[0])
        self.stored = state.get_storage(self.owner, self.top[0]) if opcode == 0x55 else 0
        if opcode in _NAMES_VALUE:
            self.value = self.top[_NAMES_VALUE[opcode]]
        if self.value or opcode == 0xFF:
            self.wealth = state.get_balance(self.owner)

    def price(self, under_way: Sequence[Any]) -> Price:
        """What geth charges; `under_way` are the computations that have begun and not ended."""
        is_doomed = any(self.owner in item.get_accounts_for_deletion() for item in under_way)
        before = Before(
            self.top,
            self.memory,
            self.gas,
            self.is_cold,
            self.delegate_price,
            self.stored,
            is_doomed,
            self.computation.state,
            self.owner,
        )
        return price_of(self.opcode, self.computation.fork, before)

    def self_destruction(self) -> Frame:
        """SELFDESTRUCT counts as a frame of its own, as in geth."""
        return Frame("SELFDESTRUCT", self.owner, self.target, self.wealth, 0, b"", 1)

    def refused_frame(self, under_way: Sequence[Any]) -> tuple[Frame, str, int]:
        """The frame that did not come to be, why, and what it used up all the same."""
        if self.opcode in (0xF0, 0xF5):
            return self._refused_creation(under_way)
        computation, depth = self.computation, self.computation.msg.depth + 1
        words = _TOO_DEEP if depth > _DEEPEST else _TOO_POOR
        start, size = self.top[3:5] if self.opcode in (0xF1, 0xF2) else self.top[2:4]
        value = computation.msg.value if self.opcode == 0xF4 else self.value
        gas = computation._gas_meter.gas_remaining - self.gas + computation.step_cost
        data = computation.memory_read_bytes(start, size)
        return Frame(FRAMES[self.opcode], self.owner, self.target, value, gas, data, depth), words, 0

    def _refused_creation(self, under_way: Sequence[Any]) -> tuple[Frame, str, int]:
        """geth hands on the gas of a creation before it looks whether it can be; where something lies, it is gone."""
        computation, depth = self.computation, self.computation.msg.depth + 1
        cost = self.price(under_way).cost
        left, used = self.gas - cost, computation.step_cost - cost
        gas = left - left // 64 if computation.fork >= Fork.TANGERINE_WHISTLE else left
        if used:
            words = "contract address collision"
        elif depth > _DEEPEST:
            words = _TOO_DEEP
        elif self.value > self.wealth:
            words = _TOO_POOR
        elif computation.state.get_nonce(self.owner) == _MOST_NONCE:
            words = "nonce uint64 overflow"
        else:
            words = "deployment not permitted"
        start, size = self.top[1:3]
        data = computation.memory_read_bytes(start, size)
        return Frame(FRAMES[self.opcode], self.owner, bytes(20), self.value, gas, data, depth), words, used


def _number(value: Any) -> int:
    return value if isinstance(value, int) else int.from_bytes(value, "big")


def _address(number: int) -> bytes:
    return (number & (2**160 - 1)).to_bytes(20, "big")


def _delegate_price(state: Any, fork: Fork, address: bytes) -> int:
    """What a call of the account pays to follow its delegation (EIP-7702); 0 where it delegates to nobody."""
    code = bytes(state.get_code(address)) if fork >= Fork.PRAGUE else b""
    if len(code) != 23 or not code.startswith(b"\xef\x01\x00"):
        return 0
    return 100 if code[3:] == address or state.is_address_warm(code[3:]) else 2_600


def frame_of(message: Any, operands: Operands | None) -> Frame:
    """How geth shows a message: a delegated account by its own address, a DELEGATECALL from the calling contract."""
    if message.is_create:
        kind = FRAMES[operands.opcode] if operands is not None else "CREATE"
        code = bytes(message.code)
        return Frame(kind, message.sender, message.storage_address, message.value, message.gas, code, message.depth)
    if operands is None:
        return Frame("CALL", message.sender, message.to, message.value, message.gas, bytes(message.data), message.depth)
    return Frame(
        FRAMES[operands.opcode],
        operands.owner,
        operands.target,
        message.value,
        message.gas,
        bytes(message.data),
        message.depth,
    )
