"""The names that the register announced, for an issuer that was renamed since its credential was written.

Only texts come from here, from a node that need not be believed: a name is one because its hash stands in the
registry (docs/protocol.md 6.5).
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from testamur.chain.rpc import Rpc

__all__ = ["announced_names"]


def announced_names(rpc: "Rpc", block: int, registry: bytes, institution: int) -> Iterable[str]:
    """What the IssuerRegistry at an address ever called an institution, by its events; none on any failure."""
    from testamur.chain.contracts import Contract

    contract, topic = Contract("IssuerRegistry", registry, rpc), institution.to_bytes(32, "big")
    try:
        entries = [
            entry
            for event in ("IssuerRenamed", "IssuerRegistered")
            for entry in contract.logs(event, topic, to_block=block)
        ]
        return [str(entry.arguments["name"]) for entry in entries]
    except Exception:  # whatever a node takes for events: the name is a courtesy, and no check rests on it
        return ()
