"""Making a policy from a chain.

A policy is made on first use: what the node says is pinned, and the fingerprint is compared with the alliance's by
another way (phone, paper) before anything rests on it. `comparison` is what `policy refresh` does from then on.
"""

from collections.abc import Iterable

from testamur.chain.errors import RpcError
from testamur.chain.rpc import Rpc
from testamur.proof.errors import ProofError
from testamur.proof.finality import FinalityProof
from testamur.proof.hashing import keccak256
from testamur.verification.errors import PolicyError
from testamur.verification.founded import founding_fault
from testamur.verification.policy import Checkpoint, Policy

__all__ = ["create_policy"]

_GREATEST_AGE_SECONDS = 3_600


def create_policy(
    rpc: Rpc,
    directory: bytes,
    *,
    trust: str | None = None,
    accepted_issuers: Iterable[int] | None = None,
    issuer_now: str = "warn",
    max_age_seconds: int | None = None,
    min_institutions: int | None = None,
    confirmations: int | None = None,
) -> Policy:
    """Pin the chain behind `rpc`; the strongest trust that it offers, unless one is named. Raises PolicyError.

    `accepted_issuers` None accepts whomever the alliance recognises; an empty one is refused, for it would accept
    nobody. `max_age_seconds` None is an hour, and no limit with trust `rpc`: other chains sign no heartbeats.
    """
    code = rpc.code(directory)
    if not code:
        raise PolicyError(
            f"no contract stands at the Directory's address 0x{directory.hex()}", "check --directory, or deploy first"
        )
    proof = _finality(rpc)
    _demand_founded(rpc, directory, has_history=proof is not None)
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
        accepted_issuers=None if accepted_issuers is None else frozenset(accepted_issuers),
        engine_chain_id=engine.chain_id if engine is not None else None,
        solo_key=solo_key,
        min_institutions=2 if min_institutions is None and trust == "light-client" else min_institutions,
        checkpoint=Checkpoint(engine.height, engine.hash()) if engine is not None else None,
        max_age_seconds=_GREATEST_AGE_SECONDS if max_age_seconds is None and trust != "rpc" else max_age_seconds,
        issuer_now=issuer_now,
        urls=(rpc.url,),
        confirmations=confirmations,
    )


def _demand_founded(rpc: Rpc, directory: bytes, *, has_history: bool) -> None:
    match founding_fault(rpc, directory, has_history=has_history):
        case "unsealed_alliance":
            raise PolicyError(
                "the alliance is still being founded: its founder may add members at will",
                "wait until whoever founds it has completed `testamur deploy`",
            )
        case "foreign_origin":
            raise PolicyError(
                "the contracts were founded for another chain: what is signed for them is bound to another block 0",
                "ask the alliance which chain and which Directory are its own",
            )


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
