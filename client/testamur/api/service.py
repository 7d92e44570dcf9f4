"""What a verification server judges with: one chain, one policy, one clock. Every route asks here."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from testamur.api.judging import JudgingLimits
from testamur.chain.errors import ChainUnreachableError, RpcError
from testamur.errors import TestamurError

if TYPE_CHECKING:
    from testamur.chain.contracts import Suite
    from testamur.verification.connection import Chain
    from testamur.verification.policy import Policy

__all__ = ["Limits", "Service"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may cost."""

    body_bytes: int = 8 * 1024 * 1024 + 64 * 1024
    """The greatest bundle (`batch.bundle.MAX_BUNDLE_BYTES`) and what a form puts around it."""
    body_seconds: float = 20.0
    """From the first byte of a request to the last of its body."""
    batch_size: int = 200
    """Bundles in one request to /v1/verify/batch."""
    held_bytes: int = 256 * 1024 * 1024
    """What all bodies under way may hold together."""
    concurrency: int = 512
    """Connections served at once; the next is told to come back."""
    judging: JudgingLimits = field(default_factory=JudgingLimits)


@dataclass(frozen=True, slots=True)
class Service:
    """A policy and the chain it is applied to."""

    policy: "Policy"
    """The operator's, from a file; nothing of it comes from a request."""
    chain: "Chain"
    limits: Limits = Limits()
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    """The server's clock."""

    def suite(self) -> "Suite":
        """The contracts, for what is shown beside verdicts; no verdict rests on it."""
        from testamur.chain.contracts import Suite

        if self.chain.rpc is None:
            raise ChainUnreachableError("this server has no node to ask", "its operator starts it with --rpc URL")
        return Suite(self.chain.rpc, self.policy.directory)

    def unready(self) -> str | None:
        """Why the server cannot judge now; None when it can."""
        if self.chain.rpc is None:
            return None
        try:
            chain_id = self.chain.rpc.chain_id()
            first = self.chain.rpc.block_hash(0)
        except (TestamurError, RpcError) as error:
            return str(error)
        if (chain_id, first) != (self.policy.chain_id, self.policy.genesis_hash):
            return f"the node is of chain {chain_id}, the policy of {self.policy.chain_id}"
        return None
