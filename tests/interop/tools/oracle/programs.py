"""Programs made of anything, and precompiles asked for anything, traced under every fork."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from py_ecc.fields import optimized_bls12_381_FQ, optimized_bn128_FQ
from py_ecc.optimized_bls12_381 import G1, G2, normalize

from tests.interop.comparing import Request
from tests.interop.tools.oracle.chain import NOBODY, Chain

__all__ = ["programs"]

_CODED = "0x" + "c0" * 20
_NUMBERS = (
    0, 1, 2, 3, 31, 32, 33, 64, 255, 256, 1023, 1024, 2**16, 49_152, 49_153, 2**31, 2**32 - 1, 2**32, 0x1FFFFFFFE0,
    0x1FFFFFFFE1, 2**63, 2**64 - 33, 2**64 - 32, 2**64 - 1, 2**64, 2**128, 2**160 - 1, 2**160, 2**255 - 1, 2**255,
    2**256 - 2, 2**256 - 1,
)  # fmt: skip
_MEMORY = frozenset({0x20, 0x37, 0x39, 0x3C, 0x3E, 0x51, 0x52, 0x53, 0x5E})
_LOOKS = frozenset({0x31, 0x3B, 0x3C, 0x3F})
_PLAIN = (*range(0x01, 0x1E), 0x20, *range(0x30, 0x4B), *range(0x50, 0x60))
_OPTIONS: tuple[dict[str, Any], ...] = (
    {}, {"enableMemory": True, "enableReturnData": True}, {"tracer": "callTracer", "tracerConfig": {"withLog": True}},
    {"tracer": "prestateTracer"}, {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}},
    {"tracer": "flatCallTracer", "tracerConfig": {"includePrecompiles": True}},
    {"tracer": "flatCallTracer", "tracerConfig": {"convertParityErrors": True}},
)  # fmt: skip


def _push(number: int) -> bytes:
    encoded = number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big")
    return bytes([0x5F + len(encoded)]) + encoded


def _small(chance: Random) -> bytes:
    return _push(chance.choice((0, 1, 2, 5, 31, 32, 33, 64, 100)))


def _any(chance: Random, likely: float) -> bytes:
    return _push(chance.choice(_NUMBERS)) if chance.random() < likely else _small(chance)


def _address(chain: Chain, chance: Random) -> bytes:
    known = (chain.accounts[0], chance.choice(chain.contracts), _CODED, NOBODY)
    return _push(chance.choice((chance.randrange(1, 0x14), *(int(address, 16) for address in known))))


def _instruction(chain: Chain, chance: Random) -> bytes:
    """One that does something, with its operands, or something that is none."""
    kind = chance.choices(range(7), (35, 15, 25, 10, 5, 5, 5))[0]
    if kind == 0:
        opcode = chance.choice(_PLAIN)
        operands = b"".join(_any(chance, 0.06 if opcode in _MEMORY else 0.5) for _ in range(4))
        return operands + (_address(chain, chance) if opcode in _LOOKS else b"") + bytes([opcode])
    if kind == 1:
        return _small(chance) + _small(chance) + bytes([chance.choice((0x54, 0x55, 0x5C, 0x5D))])
    if kind == 2:
        opcode = chance.choice((0xF1, 0xF2, 0xF4, 0xFA))
        value = _push(chance.choice((0, 0, 1, 2**200))) if opcode in (0xF1, 0xF2) else b""
        gas = chance.choice((b"\x5a", *(_push(amount) for amount in (0, 1, 2_300, 50_000, 2**64, 2**256 - 1))))
        spans = b"".join(_any(chance, 0.03) for _ in range(4))
        return spans + value + _address(chain, chance) + gas + bytes([opcode])
    if kind == 3:
        operands = _small(chance) + _any(chance, 0.08) + _small(chance) + _push(chance.choice((0, 0, 1)))
        return operands + chance.choice((b"\xf0", b"\xf5"))
    if kind == 4:
        return b"".join(_small(chance) for _ in range(6)) + bytes([0xA0 + chance.randrange(5)])
    if kind == 5:
        ending = _small(chance) + _small(chance) + chance.choice((b"\xf3", b"\xfd"))
        return chance.choice((_address(chain, chance) + b"\xff", ending, ending))
    return chance.choice((bytes([chance.randrange(256)]), bytes([chance.randrange(0x80, 0xA0)])))


def _program(chain: Chain, chance: Random) -> str:
    return "0x" + b"".join(_instruction(chain, chance) for _ in range(chance.randrange(1, 25))).hex()


def _word(number: int) -> bytes:
    return number.to_bytes(32, "big")


def _wide(number: int) -> bytes:
    return int(number).to_bytes(64, "big")


_P, _Q = optimized_bn128_FQ.field_modulus, optimized_bls12_381_FQ.field_modulus
_ONE = b"".join(_wide(coordinate) for coordinate in normalize(G1))
_TWO = b"".join(_wide(part) for coordinate in normalize(G2) for part in coordinate.coeffs)
_BN = tuple(_word(x) + _word(y) for x, y in ((1, 2), (0, 0), (1, _P - 2), (1, 3), (_P, 2), (2**256 - 1, 2**256 - 1)))
_BLS1 = (_ONE, _ONE, bytes(128), b"\1" + _ONE[1:], _ONE[:127] + b"\0", _wide(_Q) + bytes(64))
_BLS2 = (_TWO, _TWO, bytes(256), b"\1" + _TWO[1:], _TWO[:255] + b"\0", _wide(_Q) + bytes(192))
_INPUTS: dict[int, Callable[[Random], bytes]] = {
    1: lambda chance: chance.randbytes(32) + _word(chance.choice((27, 28, 29, 2**200 + 27))) + chance.randbytes(64),
    5: lambda chance: b"".join(_word(chance.choice((0, 1, 2, 3, 32, 2**64))) for _ in range(3)) + chance.randbytes(40),
    6: lambda chance: chance.choice(_BN) + chance.choice(_BN),
    7: lambda chance: chance.choice(_BN) + _word(chance.choice(_NUMBERS)),
    8: lambda chance: chance.choice((b"", chance.choice(_BN[3:]) + bytes(128), _BN[0] + chance.randbytes(128))),
    9: lambda chance: bytes(3) + chance.randbytes(1) + chance.randbytes(208) + bytes([chance.choice((0, 1, 2))]),
    10: lambda chance: b"\1" + chance.randbytes(191),
    11: lambda chance: chance.choice(_BLS1) + chance.choice(_BLS1),
    12: lambda chance: chance.choice(_BLS1) + _word(chance.choice(_NUMBERS)),
    13: lambda chance: chance.choice(_BLS2) + chance.choice(_BLS2),
    14: lambda chance: chance.choice(_BLS2) + _word(chance.choice(_NUMBERS[:12])),
    15: lambda chance: chance.choice((b"", chance.choice(_BLS1[3:]) + _TWO, _ONE + chance.choice(_BLS2[3:]))),
    16: lambda chance: chance.choice((_wide(5), b"\1" + bytes(63), _wide(_Q))),
    17: lambda chance: chance.choice((_wide(5) + _wide(7), _wide(5) + b"\1" + bytes(63), _wide(_Q) * 2)),
}
"""What each precompile takes, right and wrong."""


def _asked(chance: Random, number: int) -> bytes:
    given = _INPUTS.get(number, lambda chance: chance.randbytes(chance.choice((0, 1, 33, 100))))(chance)
    return given[: chance.randrange(len(given) + 1)] if chance.random() < 0.15 else given


def _forwarding(chance: Random, number: int) -> str:
    """Code that hands its calldata to a precompile and returns what that returns."""
    opcode = chance.choice((0xF1, 0xF2, 0xF4, 0xFA))
    call = (b"\x60\x00" if opcode in (0xF1, 0xF2) else b"") + bytes([0x60, number])
    gas = chance.choice((b"\x5a", _push(512), _push(0xFFFF)))
    return "0x" + "36600060003760406104003660" + "00" + (call + gas + bytes([opcode])).hex() + "3d600060003e3d6000f3"


def programs(chain: Chain, chance: Random, count: int) -> Iterator[Request]:
    """Traced calls of programs and of precompiles."""
    for _ in range(count):
        block = hex(chance.choice((chain.head, chain.head, chance.randrange(chain.head + 1))))
        options = dict(chance.choice(_OPTIONS))
        message: dict[str, Any] = {"to": _CODED, "gas": hex(chance.choice((30_000, 60_000, 300_000, 3_000_000)))}
        if chance.random() < 0.4:
            number = chance.randrange(1, 0x12)
            message["data"] = "0x" + _asked(chance, number).hex()
            if chance.random() < 0.5:
                message["to"] = "0x" + f"{number:040x}"
            options["stateOverrides"] = {_CODED: {"code": _forwarding(chance, number)}}
        else:
            message["from"] = chance.choice((chain.accounts[0], _CODED, NOBODY))
            options["stateOverrides"] = {
                _CODED: {"code": _program(chain, chance), "balance": hex(chance.choice((0, 5, 10**18)))},
                NOBODY: {"code": _program(chain, chance), "balance": "0x5"},
            }
        yield Request("debug_traceCall", [message, block, options])
