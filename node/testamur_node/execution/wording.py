"""Why a run failed, in geth's words: tools print them, and the execution API's answers carry them."""

import re
from typing import TypeVar

from eth.exceptions import Revert, VMError

__all__ = ["reason", "said", "words_of_failure"]

ErrorT = TypeVar("ErrorT", bound=VMError)

_NAMES = {
    "OutOfGas": "out of gas",
    "InvalidInstruction": "invalid opcode",
    "InvalidJumpDestination": "invalid jump destination",
    "InsufficientStack": "stack underflow",
    "FullStack": "stack limit reached 1024",
    "WriteProtection": "write protection",
    "ContractCreationCollision": "contract address collision",
    "OutOfBoundsRead": "return data out of bounds",
    "InsufficientFunds": "insufficient balance for transfer",
    "ReservedBytesInCode": "invalid code: must not begin with 0xef",
}
_PARTS = {
    "Write contract code": "contract creation code storage out of gas",
    "Contract code size exceeds": "max code size exceeded",
    "Length of data must be": "invalid input length",
    "Blake2b input parameter validation failure: input length": "invalid input length",
    "Blake2b input parameter validation failure": "invalid final flag",
    "Invalid ECADD parameters": "invalid fp.Element encoding",
    "Invalid ECMUL parameters": "invalid fp.Element encoding",
    "Invalid ECPAIRING parameters": "bad elliptic curve pairing size",
    "Point evaluation invalid input length": "invalid input length",
    "does not match versioned hash": "mismatched versioned hash",
    "KZG proof verification failed": "error verifying kzg proof",
}
"""Of py-evm's own sentences, where its type alone does not tell."""
_CALLS = frozenset({0xF1, 0xF2, 0xF4, 0xFA})
_COLD_CALL = 2_600
_MOST_MEMORY = 0x1FFFFFFFE0
"""Bytes for which geth still counts gas."""
_EXPANSION = re.compile(r"Expanding memory \d+ -> (\d+)")
_SENTRY = 2_300
"""An SSTORE with no more gas than this is refused (EIP-2200)."""


def said(error: ErrorT, words: str | None) -> ErrorT:
    """The error, with the words that `reason` shall give."""
    if words is not None and not hasattr(error, "words"):
        error.words = words
    return error


def words_of_failure(error: VMError, opcode: int, name: str, was_cold: bool, gas: int) -> str | None:
    """What geth says of an instruction's failure beyond its kind; None where the kind says it all."""
    kind = type(error).__name__
    if kind == "InvalidInstruction":
        return f"invalid opcode: {name}"
    if kind != "OutOfGas":
        return None
    wanted = _wanted_bytes(error)
    if wanted > _MOST_MEMORY:
        return "gas uint64 overflow" if wanted >= 2**64 else "out of gas: gas uint64 overflow"
    if opcode == 0x55 and gas <= _SENTRY:
        return "out of gas: not enough gas for reentrancy sentry"
    if opcode in _CALLS and was_cold and 100 <= gas < _COLD_CALL:
        return "out of gas: out of gas"
    return None


def is_gas_overflow(error: VMError) -> bool:
    """Whether the memory asked for is beyond what geth can count gas for."""
    return _wanted_bytes(error) > _MOST_MEMORY


def _wanted_bytes(error: VMError) -> int:
    """How much memory an out-of-gas error was about; 0 where it was about something else."""
    if type(error).__name__ != "OutOfGas":
        return 0
    found = _EXPANSION.search(str(error))
    return int(found[1]) if found else 0


def reason(error: VMError) -> str:
    """The error as geth names it, where it has a name for it."""
    if isinstance(error, Revert):
        return "execution reverted"
    words: str | None = getattr(error, "words", None)
    if words is not None:
        return words
    text = str(error)
    for part, known in _PARTS.items():
        if part in text:
            return known
    return _NAMES.get(type(error).__name__, text or type(error).__name__)
