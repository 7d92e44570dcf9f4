"""What can go wrong between the client and a chain: a class per cause, with its exit code (docs/protocol.md 6)."""

from testamur.errors import TestamurError

__all__ = [
    "AccessRefusedError",
    "ChainUnreachableError",
    "KeyUnusableError",
    "RpcError",
    "TransactionPendingError",
    "TransactionRevertedError",
    "UnknownCodeError",
    "WrongChainError",
]


class ChainUnreachableError(TestamurError):
    """No usable answer came from the node; whether a request took effect is unknown."""

    exit_code = 7


class AccessRefusedError(ChainUnreachableError):
    """The node does not let this client ask: no token or certificate that it takes, or not for this method."""


class WrongChainError(TestamurError):
    """The node answers for another chain than the profile or policy names."""

    exit_code = 2


class RpcError(TestamurError):
    """The node answered with an error of its own (JSON-RPC 2.0 section 5.1)."""

    def __init__(self, method: str, code: int, reason: str, data: object = None) -> None:
        super().__init__(f"{method}: the node answered {reason!r} (code {code})")
        self.method = method
        self.code = code
        self.reason = reason
        self.data = data
        """The error's `data` member as it came: revert bytes in hex, an object, or None."""


class TransactionRevertedError(TestamurError):
    """A contract refused: nothing changed on the chain."""

    exit_code = 10

    def __init__(
        self, message: str, advice: str | None = None, *, error: str = "", arguments: dict[str, object] | None = None
    ) -> None:
        super().__init__(message, advice)
        self.error = error
        """The custom error's name, or an empty string where the contract gave none."""
        self.arguments = arguments or {}
        """The custom error's values by name."""


class UnknownCodeError(TestamurError):
    """A proposal would let code act that this client does not know."""

    exit_code = 2


class TransactionPendingError(TestamurError):
    """A transaction was sent and has no final receipt yet; it may still take effect."""

    exit_code = 7


class KeyUnusableError(TestamurError):
    """A keystore, signing key or password cannot be used, or the account lacks the role."""

    exit_code = 9


class WrongPasswordError(KeyUnusableError):
    """A password that was read does not open a key file that was read."""
