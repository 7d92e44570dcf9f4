"""What geth charges for an instruction, worked out before it runs (its interpreter, gas_table.go, operations_acl.go).

py-evm charges while it runs, so that an instruction that fails has been charged for in part, or was refused for a
reason that geth would not have come to. What traces show of such an instruction is worked out here: its whole price,
what it would have given back, and whether the gas sufficed. The price of one that succeeds is py-evm's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from testamur_node.chain.rules import Fork
from testamur_node.execution.intrinsic import MAX_INITCODE_BYTES
from testamur_node.execution.opcodes import plain_cost

__all__ = ["Before", "Price", "price_of"]

_UINT64 = 2**64
_MOST_MEMORY = 0x1FFFFFFFE0
"""Bytes for which geth still counts gas."""
_OVERFLOW = "gas uint64 overflow"
_SENTRY = 2_300
"""An SSTORE with no more gas than this is refused (EIP-2200)."""
_COLD_SLOT, _WARM, _COLD_MORE = 2_100, 100, 2_500
_MEMORY: dict[int, tuple[tuple[int, int], ...]] = {
    0x20: ((0, 1),), 0x37: ((0, 2),), 0x39: ((0, 2),), 0x3E: ((0, 2),), 0x3C: ((1, 3),), 0x5E: ((0, 2), (1, 2)),
    0xF0: ((1, 2),), 0xF5: ((1, 2),), 0xF1: ((5, 6), (3, 4)), 0xF2: ((5, 6), (3, 4)), 0xF4: ((4, 5), (2, 3)),
    0xFA: ((4, 5), (2, 3)), 0xF3: ((0, 1),), 0xFD: ((0, 1),), **dict.fromkeys(range(0xA0, 0xA5), ((0, 1),)),
}  # fmt: skip
"""Where on the stack an instruction finds start and length of the memory it touches."""
_WORDS_OF_MEMORY = {0x51: 32, 0x52: 32, 0x53: 1}
"""Bytes that an instruction touches at what lies on top."""
_PER_WORD = {0x20: (1, 6), 0x37: (2, 3), 0x39: (2, 3), 0x3E: (2, 3), 0x5E: (2, 3), 0x3C: (3, 3)}
"""Where the length lies that costs by the word, and how much a word costs."""
_CALLS = frozenset({0xF1, 0xF2, 0xF4, 0xFA})
_LOOKS = frozenset({0x31, 0x3B, 0x3C, 0x3F})


@dataclass(frozen=True, slots=True)
class Before:
    """What an instruction finds."""

    top: Sequence[int]
    """Up to seven words of the stack, the topmost first."""
    memory: int
    """Bytes of memory in use."""
    gas: int
    is_cold: bool
    """Whether the account or slot that it names was not looked at yet (EIP-2929)."""
    delegate_price: int
    """What following a delegation costs (EIP-7702); 0 where there is none."""
    stored: int
    """What the slot holds that SSTORE names."""
    is_doomed: bool
    """Whether the running contract has destroyed itself before."""
    state: Any
    owner: bytes
    """Whose storage the code works on."""


@dataclass(frozen=True, slots=True)
class Price:
    """What geth makes of an instruction before it runs it."""

    cost: int
    """As a trace shows it."""
    lack: str | None = None
    """In geth's words why it cannot run; None where the gas suffices."""
    refund: int = 0
    """Added to what the transaction gets back, for SSTORE below 0 too."""


class _UnpricedError(Exception):
    """geth cannot say what it costs; the argument is its reason."""


def price_of(opcode: int, fork: Fork, before: Before) -> Price:
    """The price of an instruction that the fork has, on a stack that suffices."""
    plain = plain_cost(opcode, fork)
    if before.gas < plain:
        return Price(plain, "out of gas")
    try:
        size = _memory_size(opcode, before.top)
    except _UnpricedError as error:
        return Price(plain, str(error))
    try:
        more, refund = _dynamic(opcode, fork, before, size, before.gas - plain)
    except _UnpricedError as error:
        return Price(plain, f"out of gas: {error}")
    return Price((plain + more) % _UINT64, None if more <= before.gas - plain else "out of gas", refund)


def _memory_size(opcode: int, top: Sequence[int]) -> int:
    """Bytes of memory that have to be there, whole words."""
    spans = [(top[start], top[length]) for start, length in _MEMORY.get(opcode, ())]
    if opcode == 0x5E:
        spans = [(max(top[0], top[1]), top[2])]
    if opcode in _WORDS_OF_MEMORY:
        spans = [(top[0], _WORDS_OF_MEMORY[opcode])]
    most = 0
    for start, length in spans:
        if length >= _UINT64 or (length and start + length >= _UINT64):
            raise _UnpricedError(_OVERFLOW)
        most = max(most, start + length if length else 0)
    rounded = _words(most) * 32
    if rounded >= _UINT64:
        raise _UnpricedError(_OVERFLOW)
    return rounded


def _words(size: int) -> int:
    return (size + 31) // 32


def _expansion(size: int, before: Before) -> int:
    """For memory of `size` bytes, beyond what was paid for."""
    if size > _MOST_MEMORY:
        raise _UnpricedError(_OVERFLOW)

    def whole(words: int) -> int:
        return 3 * words + words * words // 512

    return max(0, whole(_words(size)) - whole(_words(before.memory)))


def _dynamic(opcode: int, fork: Fork, before: Before, size: int, gas: int) -> tuple[int, int]:
    """(gas by what the operands are, refund)"""
    top = before.top
    if opcode == 0x55:
        return _store(fork, before)
    if opcode == 0x54:
        return ((_COLD_SLOT if before.is_cold else _WARM) if fork >= Fork.BERLIN else 0), 0
    if opcode == 0xFF:
        return _destruction(fork, before)
    if opcode == 0x0A:
        return 10 + (50 if fork >= Fork.SPURIOUS_DRAGON else 10) * ((top[1].bit_length() + 7) // 8), 0
    if opcode in _CALLS:
        return _call(opcode, fork, before, size, gas), 0
    cost = _expansion(size, before)
    if opcode in _PER_WORD:
        position, each = _PER_WORD[opcode]
        cost += each * _words(top[position])
    if opcode in range(0xA0, 0xA5):
        cost += 375 * (opcode - 0xA0 + 1) + 8 * top[1]
    if opcode in (0xF0, 0xF5):
        cost += _init_code(opcode, fork, top[2])
    if opcode in _LOOKS and before.is_cold:
        cost += _COLD_MORE
    if cost >= _UINT64:
        raise _UnpricedError(_OVERFLOW)
    return cost, 0


def _init_code(opcode: int, fork: Fork, size: int) -> int:
    """By the word: for the hash of CREATE2, and since EIP-3860 for the code."""
    is_limited = fork >= Fork.SHANGHAI
    if is_limited and size > MAX_INITCODE_BYTES:
        raise _UnpricedError(f"max initcode size exceeded: size {size}")
    return ((6 if opcode == 0xF5 else 0) + (2 if is_limited else 0)) * _words(size)


def _call(opcode: int, fork: Fork, before: Before, size: int, gas: int) -> int:
    """For a call, what it hands on included; looking at the account comes first."""
    access = 0
    for part in (_COLD_MORE if before.is_cold else 0, before.delegate_price):
        if gas - access < part:
            raise _UnpricedError("out of gas")
        access += part
    base, value = _expansion(size, before), before.top[2] if opcode in (0xF1, 0xF2) else 0
    if opcode == 0xF1:
        target = (before.top[1] & (2**160 - 1)).to_bytes(20, "big")
        if fork >= Fork.SPURIOUS_DRAGON:
            base += 25_000 if value and before.state.account_is_empty(target) else 0
        else:
            base += 0 if before.state.account_exists(target) else 25_000
    base += 9_000 if value else 0
    wanted = before.top[0]
    if fork >= Fork.TANGERINE_WHISTLE:
        available = (gas - access - base) % _UINT64
        wanted = min(wanted, available - available // 64)
    elif wanted >= _UINT64:
        raise _UnpricedError(_OVERFLOW)
    return base + wanted + access


def _destruction(fork: Fork, before: Before) -> tuple[int, int]:
    cost, heir, state = 0, (before.top[0] & (2**160 - 1)).to_bytes(20, "big"), before.state
    if fork >= Fork.BERLIN:
        cost = 2_600 if before.is_cold else 0
    elif fork >= Fork.TANGERINE_WHISTLE:
        cost = 5_000
    if fork >= Fork.SPURIOUS_DRAGON:
        cost += 25_000 if state.account_is_empty(heir) and state.get_balance(before.owner) else 0
    elif fork >= Fork.TANGERINE_WHISTLE:
        cost += 0 if state.account_exists(heir) else 25_000
    return cost, 24_000 if fork < Fork.LONDON and not before.is_doomed else 0


def _store(fork: Fork, before: Before) -> tuple[int, int]:
    """SSTORE: by what stands there now; in Constantinople and since Istanbul by what stood there first, too."""
    slot, value, current = before.top[0], before.top[1], before.stored
    if fork < Fork.ISTANBUL and fork != Fork.CONSTANTINOPLE:
        if not current and value:
            return 20_000, 0
        return 5_000, 15_000 if current and not value else 0
    if fork >= Fork.ISTANBUL and before.gas <= _SENTRY:
        raise _UnpricedError("not enough gas for reentrancy sentry")
    original = before.state.get_storage(before.owner, slot, from_journal=False)
    access = _COLD_SLOT if fork >= Fork.BERLIN and before.is_cold else 0
    dirty = _WARM if fork >= Fork.BERLIN else 800 if fork >= Fork.ISTANBUL else 200
    reset = 5_000 - (_COLD_SLOT if fork >= Fork.BERLIN else 0)
    clearing = 4_800 if fork >= Fork.LONDON else 15_000
    if current == value:
        return access + dirty, 0
    if original == current:
        if not original:
            return access + 20_000, 0
        return access + reset, clearing if not value else 0
    refund = 0
    if original and not current:
        refund -= clearing
    elif original and not value:
        refund += clearing
    if original == value:
        refund += (reset if original else 20_000) - dirty
    return access + dirty, refund
