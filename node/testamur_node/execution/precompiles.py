"""Precompiled contracts as geth runs them: py-evm's, which say in geth's words why they failed, one of them corrected.

geth takes the price of a precompile before it looks at what is asked; py-evm refuses some inputs first. Either way the
gas is gone: what differs is the reason, which traces and access lists show.
"""

from collections.abc import Callable, Mapping
from typing import Any

from eth import constants
from eth.exceptions import OutOfGas, VMError
from eth.precompiles.bls12_381 import constants as bls
from eth.precompiles.modexp import extract_lengths
from py_ecc.fields import optimized_bls12_381_FQ as _FQ
from py_ecc.optimized_bls12_381.optimized_curve import curve_order, field_modulus, is_inf, multiply

from testamur_node.execution.wording import said

__all__ = ["as_in_geth"]

Precompile = Callable[[Any], Any]

_MODEXP, _PAIRING, _BLAKE2, _POINT_EVALUATION = 5, 8, 9, 0x0A
_ELEMENT = 64
"""Bytes of a coordinate of BLS12-381, of which the first 16 are zero."""
_COORDINATES = {
    0x0B: (2, 128),
    0x0C: (2, 160),
    0x0D: (4, 256),
    0x0E: (4, 288),
    0x0F: (6, 384),
    0x10: (1, 64),
    0x11: (2, 128),
}
"""How many coordinates begin each item of what a precompile of EIP-2537 takes, and the bytes of an item."""
_BAD_ELEMENT = "invalid fp.Element encoding"
_WORDS = {
    "exactly 213 bytes": "invalid input length",
    "final block indicator": "invalid final flag",
    "Length of data must be": "invalid input length",
    "invalid input length": "invalid input length",
    "does not match versioned hash": "mismatched versioned hash",
    "Point is not on the curve": "point is not on curve",
    "point is not on curve": "point is not on curve",
    "TODO: what case is this": "point is not in correct subgroup",
    "Point is not on curve": "invalid point: not on curve",
    "Sub-group check failed for G1": "g1 point is not on correct subgroup",
    "Sub-group check failed for G2": "g2 point is not on correct subgroup",
    "Invalid ECPAIRING": "bad elliptic curve pairing size",
}
"""By what py-evm says, or what made it say so; the first that fits."""


def as_in_geth(precompiles: Mapping[bytes, Precompile]) -> dict[bytes, Precompile]:
    """Those of a fork by address, bent to geth."""
    return {address: _told(int.from_bytes(address, "big"), run) for address, run in precompiles.items()}


def _told(number: int, run: Precompile) -> Precompile:
    """The precompile of this number, its failures in geth's words."""

    def precompile(computation: Any) -> Any:
        try:
            result = run(computation)
        except OutOfGas:
            raise
        except VMError as error:
            asked = computation.msg.data_as_bytes
            is_unpaid = computation._gas_meter.gas_remaining == computation.msg.gas
            if is_unpaid and computation.msg.gas < _price(number, asked, run):
                raise OutOfGas("before the precompile looked at its input") from error
            said(error, _words(number, asked, error))
            raise
        if number == _MODEXP:
            _correct_power_of_nothing(computation)
        return result

    return precompile


def _correct_power_of_nothing(computation: Any) -> None:
    """A base of no bytes is 0 (EIP-198), and 0 to the power of 0 is 1: py-evm answers 0."""
    asked = computation.msg.data_as_bytes
    base_length, exponent_length, modulus_length = extract_lengths(asked)
    if base_length or not modulus_length:
        return
    exponent = asked[96 : 96 + exponent_length]
    modulus = asked[96 + exponent_length : 96 + exponent_length + modulus_length].ljust(modulus_length, b"\0")
    if not any(exponent) and int.from_bytes(modulus, "big") > 1:
        computation.output = (1).to_bytes(modulus_length, "big")


def _price(number: int, asked: bytes, run: Any) -> int:
    """What geth takes for an input that py-evm refuses without taking anything."""
    if number == _PAIRING:
        terms = run.keywords
        base = terms.get("gas_cost_base", constants.GAS_ECPAIRING_BASE)
        each = terms.get("gas_cost_per_point", constants.GAS_ECPAIRING_PER_POINT)
        return int(base + len(asked) // 192 * each)
    if number == _BLAKE2:
        return int.from_bytes(asked[:4], "big") if len(asked) == 213 else 0
    if number in (0x0C, 0x0E):
        count = len(asked) // _COORDINATES[number][1]
        discounts, least, each = (
            (bls.G1_MSM_DISCOUNTS, bls.G1_MSM_MAX_DISCOUNT, bls.BLS12_G1_MSM_GAS)
            if number == 0x0C
            else (bls.G2_MSM_DISCOUNTS, bls.G2_MSM_MAX_DISCOUNT, bls.BLS12_G2_MSM_GAS)
        )
        discount = 0 if not count else discounts[count - 1] if count <= len(discounts) else least
        return int(count * each * discount // bls.MSM_MULTIPLIER)
    if number == 0x0F:
        return 37_700 + 32_600 * (len(asked) // 384)
    fixed = {
        0x0B: bls.BLS12_G1_ADD_GAS,
        0x0D: bls.BLS12_G2_ADD_GAS,
        0x10: bls.BLS12_MAP_FP_G1_GAS,
        0x11: bls.BLS12_MAP_FP2_G2_GAS,
    }
    return int(fixed.get(number, 0))


def _words(number: int, asked: bytes, error: VMError) -> str | None:
    """Why it failed; None where geth has no words of its own."""
    text = f"{error} {error.__context__ or ''}"
    if "field modulus" in text:
        return _bad_coordinate(number, asked)
    if "KZG proof" in text:
        return f"error verifying kzg proof: {_bad_proof(asked)}"
    if "failed sub-group check" in text:
        return f"g{1 if number == 0x0C else 2} point is not on correct subgroup"
    return next((words for part, words in _WORDS.items() if part in text), None)


def _bad_coordinate(number: int, asked: bytes) -> str:
    """How the first coordinate that is none fails: by its padding, or by being no element of the field."""
    count, size = _COORDINATES.get(number, (0, 1))
    starts = (item + _ELEMENT * index for item in range(0, len(asked), size) for index in range(count))
    for start in starts:
        element = asked[start : start + _ELEMENT]
        if any(element[:16]):
            return "invalid field element top bytes"
        if int.from_bytes(element, "big") >= field_modulus:
            break
    return _BAD_ELEMENT


def _bad_proof(asked: bytes) -> str:
    """Why a proof of point evaluation (EIP-4844) does not hold, in the order in which go-eth-kzg looks."""
    if any(int.from_bytes(asked[start : start + 32], "big") >= curve_order for start in (64, 32)):
        return "scalar is not canonical when interpreted as a big integer in big-endian"
    problems = (_bad_point(asked[start : start + 48]) for start in (96, 144))
    return next((problem for problem in problems if problem is not None), "can't verify opening proof")


def _bad_point(encoded: bytes) -> str | None:
    """Why 48 bytes are no compressed point of G1; None where they are one."""
    mask = encoded[0] >> 5
    x = int.from_bytes(encoded, "big") & (2**381 - 1)
    if mask in (1, 3, 7):
        return "invalid point encoding"
    if mask in (0, 2):
        return "short buffer"
    if mask == 6:
        return "invalid infinity point encoding" if x else None
    if x >= field_modulus:
        return _BAD_ELEMENT
    square = (pow(x, 3, field_modulus) + 4) % field_modulus
    root = pow(square, (field_modulus + 1) // 4, field_modulus)
    if root * root % field_modulus != square:
        return "invalid compressed coordinate: square root doesn't exist"
    point = (_FQ(x), _FQ(root), _FQ(1))
    return None if is_inf(multiply(point, curve_order)) else "invalid point: subgroup check failed"
