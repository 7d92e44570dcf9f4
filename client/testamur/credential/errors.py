"""What can be wrong with a document, said with the place where it is wrong."""

from testamur.errors import TestamurError

__all__ = ["MalformedError"]


class MalformedError(TestamurError):
    """A credential or bundle that `docs/protocol.md 1` and `5` do not allow: verdict `malformed`."""

    exit_code = 3

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        """Where, as a JSON path: `$.credentialSubject.type[0]`."""
        self.reason = reason
        """What the rule wants, one clause."""
