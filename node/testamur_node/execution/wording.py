"""Why a run failed, in geth's words: tools print them, and the execution API's answers carry them."""

from typing import TypeVar

from eth.exceptions import Revert, VMError

__all__ = ["reason", "said"]

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
}
"""Of py-evm's own sentences, where its type alone does not tell."""


def said(error: ErrorT, words: str | None) -> ErrorT:
    """The error, with the words that `reason` shall give."""
    if words is not None and not hasattr(error, "words"):
        error.words = words
    return error


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
