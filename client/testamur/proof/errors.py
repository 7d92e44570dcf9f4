"""What a proof can be refused for. A refused proof proves nothing; it never means that its opposite is true.

Every error here says what part of the evidence was read and why it does not prove what it is shown for. The
verdict turns them all into `indeterminate`/`unproven`, so a caller of `testamur.proof` is the only one to catch them.
"""

from testamur.errors import TestamurError

__all__ = [
    "InvalidCommitError",
    "InvalidHeaderError",
    "InvalidNodeError",
    "MalformedEvidenceError",
    "MissingNodeError",
    "ProofError",
]


class ProofError(TestamurError):
    """Evidence that does not prove what it is shown for."""

    exit_code = 7


class MalformedEvidenceError(ProofError):
    """Evidence that cannot be read: wrong type, length, encoding or version."""


class InvalidNodeError(ProofError):
    """A trie node that is not well formed, or is not the one its parent names."""


class MissingNodeError(ProofError):
    """A trie node on the path to a key that the evidence does not hold."""


class InvalidHeaderError(ProofError):
    """A header that is not well formed, or does not fit the one before or behind it."""


class InvalidCommitError(ProofError):
    """Signatures that do not make the header final."""
