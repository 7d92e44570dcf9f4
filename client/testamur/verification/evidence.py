"""The `evidence` member of a bundle: what a state is proved with when there is no network.

It holds finality proofs (the state's, then optionally its child's), a bag of trie nodes, and texts whose hashes the
registry holds. Reading it here costs no trust: every part is judged by its hash or its signatures later.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from testamur.proof.errors import MalformedEvidenceError
from testamur.proof.finality import FinalityProof
from testamur.proof.mpt import nodes_by_hash

__all__ = ["Evidence"]

_VERSION = 1
_MAX_NODES = 20_000
_MAX_TEXTS = 64


@dataclass(frozen=True, slots=True)
class Evidence:
    """Evidence that was read, not yet judged."""

    finality: tuple[FinalityProof, ...]
    """The state's proof and, where the state is judged at a past moment, its child's."""
    nodes: Mapping[bytes, bytes]
    """Trie nodes by their keccak-256, computed here."""
    texts: tuple[str, ...]
    """Texts such as the issuer's registered name; each counts only where its hash is found in the registry."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Evidence":
        """The evidence in a bundle. Raises ProofError's family."""
        if data.get("version") != _VERSION:
            raise MalformedEvidenceError(
                f"evidence version {data.get('version')!r} is not {_VERSION}", "update testamur"
            )
        if unknown := data.keys() - {"version", "finality", "nodes", "texts"}:
            raise MalformedEvidenceError(f"evidence holds {min(unknown)!r}, which this version does not know")
        finality = _list(data, "finality", 2)
        if not finality:
            raise MalformedEvidenceError("evidence holds no finality proof")
        try:
            nodes = [bytes.fromhex(text.removeprefix("0x")) for text in _list(data, "nodes", _MAX_NODES)]
        except (AttributeError, ValueError) as error:
            raise MalformedEvidenceError("a trie node in the evidence is not hexadecimal") from error
        texts = _list(data, "texts", _MAX_TEXTS)
        if not all(isinstance(text, str) for text in texts):
            raise MalformedEvidenceError("a text in the evidence is not a string")
        return cls(tuple(FinalityProof.from_json(proof) for proof in finality), nodes_by_hash(nodes), tuple(texts))

    def to_json(self) -> dict[str, Any]:
        """The member of a bundle that `from_json` reads; nodes in the order of their hashes, so that it is one form."""
        return {
            "version": _VERSION,
            "finality": [proof.to_json() for proof in self.finality],
            "nodes": ["0x" + node.hex() for _, node in sorted(self.nodes.items())],
            "texts": list(self.texts),
        }


def _list(data: Mapping[str, Any], name: str, limit: int) -> list[Any]:
    value = data.get(name)
    if not isinstance(value, list) or len(value) > limit:
        raise MalformedEvidenceError(f"{name} in the evidence is not a list of at most {limit}")
    return value
