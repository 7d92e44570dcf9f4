"""The root of every error that the node raises.

An error says what happened (with the facts), keeps its cause (`raise … from …`) and, where the user can do
something about it, carries that as `advice`.
"""

__all__ = ["NodeError"]


class NodeError(Exception):
    """What happened, and what to do about it."""

    exit_code: int = 1
    """The process exit code of a command that ends with this error (docs/protocol.md 6)."""
    outside: str | None = None
    """What is answered over RPC instead of the message, where that names the operator's files; None: the message."""

    def __init__(self, message: str, advice: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        """What the user can do, one sentence; None where there is nothing to advise."""

    def __str__(self) -> str:
        return f"{self.message} ({self.advice})" if self.advice else self.message
