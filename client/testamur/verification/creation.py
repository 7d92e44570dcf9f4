"""Making a policy from a chain, and asking several nodes whether they show one history.

A policy is made on first use: what the node says is pinned, and the fingerprint is compared with the alliance's by
another way (phone, paper) before anything rests on it. `compare_nodes` is what `policy refresh` does from then on.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from testamur.chain.errors import ChainUnreachableError, RpcError
from testamur.chain.rpc import Rpc
from testamur.proof.errors import ProofError
from testamur.proof.finality import FinalityProof
from testamur.proof.hashing import keccak256
from testamur.verification.errors import PolicyError
from testamur.verification.policy import Checkpoint, Policy

__all__ = ["NodeReport", "compare_nodes", "create_policy"]


@dataclass(frozen=True, slots=True)
class NodeReport:
    """What one node shows of the policy's chain."""

    url: str
    height: int | None = None
    """Newest EVM block; None where the node cannot be used."""
    hash: bytes = b""
    """Of the block that all nodes were asked for."""
    problem: str | None = None


def create_policy(
    rpc: Rpc,
    directory: bytes,
    *,
    trust: str | None = None,
    accepted_issuers: Iterable[int] | None = None,
    issuer_now: str = "warn",
    max_age_seconds: int = 3_600,
    min_institutions: int | None = None,
    confirmations: int | None = None,
) -> Policy:
    """Pin the chain behind `rpc`; the strongest trust that it offers, unless one is named. Raises PolicyError."""
    code = rpc.code(directory)
    if not code:
        raise PolicyError(
            f"no contract stands at the Directory's address 0x{directory.hex()}", "check --directory, or deploy first"
        )
    proof = _finality(rpc)
    offered = "rpc" if proof is None else "single-signer" if len(proof.validators) == 1 else "light-client"
    trust = trust or offered
    if trust != "rpc" and proof is None:
        raise PolicyError(
            f"the node at {rpc.url} proves no finality, so trust {trust} is not to be had", "use trust rpc"
        )
    if trust == "single-signer" and offered != "single-signer":
        raise PolicyError("this chain has several validators, not a single signer", "use trust light-client")
    engine = proof.signed.header if proof is not None and trust != "rpc" else None
    solo_key = proof.validators[0].key if proof is not None and trust == "single-signer" else None
    return Policy(
        trust=trust,
        chain_id=rpc.chain_id(),
        genesis_hash=rpc.block_hash(0),
        directory=directory,
        directory_code_hash=keccak256(code),
        accepted_issuers=frozenset(accepted_issuers) if accepted_issuers else None,
        engine_chain_id=engine.chain_id if engine is not None else None,
        solo_key=solo_key,
        min_institutions=(min_institutions or 2) if trust == "light-client" else None,
        checkpoint=Checkpoint(engine.height, engine.hash()) if engine is not None else None,
        max_age_seconds=max_age_seconds,
        issuer_now=issuer_now,
        urls=(rpc.url,),
        confirmations=confirmations,
    )


def compare_nodes(policy: Policy, urls: Iterable[str], connect: Callable[[str], Rpc] = Rpc) -> list[NodeReport]:
    """What each node shows at the newest height that all have; differing hashes mean two histories."""
    reports: list[NodeReport] = []
    open_nodes: list[tuple[Rpc, int]] = []
    for url in urls:
        rpc = connect(url)
        try:
            chain_id, first = rpc.chain_id(), rpc.block_hash(0)
            if (chain_id, first) != (policy.chain_id, policy.genesis_hash):
                reports.append(NodeReport(url, problem=f"serves chain {chain_id} with block 0 {first.hex()[:16]}…"))
                continue
            height = rpc.block_number()
        except (ChainUnreachableError, RpcError) as error:
            reports.append(NodeReport(url, problem=error.message))
            continue
        open_nodes.append((rpc, height))
    lowest = min((height for _, height in open_nodes), default=0)
    for rpc, height in open_nodes:
        try:
            reports.append(NodeReport(rpc.url, height, rpc.block_hash(lowest)))
        except (ChainUnreachableError, RpcError) as error:
            reports.append(NodeReport(rpc.url, problem=error.message))
        rpc.close()
    return reports


def _finality(rpc: Rpc) -> FinalityProof | None:
    """The newest finality proof; None on a chain that is not one of ours."""
    try:
        answer = rpc.call("testamur_finalityProof", "latest")
    except RpcError:
        return None
    try:
        return FinalityProof.from_json(answer) if answer is not None else None
    except ProofError as error:
        raise PolicyError(f"the node's finality proof cannot be read: {error.message}") from error
