"""Whether the chain behind the node is the alliance's own: who signs it, and what the verifiers' policy pins.

A chain id and a Directory's address are the same on every machine that founds from the same alliance.toml. Only block 0
tells two such chains apart, and only a policy pins it.
"""

from datetime import UTC, datetime

from testamur.chain.connection import Connection
from testamur.chain.contracts import Suite
from testamur.chain.errors import RpcError
from testamur.chain.rpc import to_hex
from testamur.doctor.finding import Finding
from testamur.verification.connection import Chain
from testamur.verification.errors import PolicyError, UndecidedError
from testamur.verification.ground import probe
from testamur.verification.memory import Memory
from testamur.verification.policy import Policy

__all__ = ["check_island", "check_policy", "island"]


def check_island(connection: Connection) -> list[Finding]:
    """`island`: whether one machine alone seals the chain of an alliance of several members."""
    finding = island(connection.suite)
    return [finding] if finding is not None else []


def island(suite: Suite) -> Finding | None:
    """The warning where an alliance of several members has a chain that one key signs; None elsewhere."""
    try:
        proof = suite.rpc.call("testamur_finalityProof", "latest")
        signers = len(proof["validators"])
    except (RpcError, KeyError, TypeError):
        return None  # no chain of ours: nothing is known of who seals it
    members = suite.contract("Alliance").read("memberCount")
    if signers > 1 or members < 2:
        return None
    first = to_hex(suite.rpc.block_hash(0))
    return Finding(
        "island",
        "warning",
        f"one machine seals this chain of {members} members; founded once more from the same alliance.toml, another "
        f"machine has another chain of the same number. Block 0 of this one is {first}",
        "compare block 0 with the other members, and let all use this one node until the members run nodes together",
        {"members": members, "signers": signers, "genesis": first},
    )


def check_policy(connection: Connection, now: float) -> list[Finding]:
    """`no_policy`, `policy_unusable`, `other_chain`, or a doubt by its code: whether the policy holds for the
    chain behind the node, and whether that chain goes on from what was proved before (docs/protocol.md 4.5)."""
    profile = connection.profile
    if profile.policy is None:
        message = "the profile names no policy, so that nothing issued could be verified"
        advice = "make one with `testamur policy create`, and name it as policy in testamur.toml"
        return [Finding("no_policy", "warning", message, advice)]
    try:
        policy = Policy.load(profile.resolve(profile.policy))
    except PolicyError as error:
        return [Finding("policy_unusable", "error", error.message, error.advice, exit_code=2)]
    facts = {"policy": profile.policy, "fingerprint": policy.fingerprint}
    first = connection.rpc.block_hash(0)
    if first != policy.genesis_hash:
        return [
            Finding(
                "other_chain",
                "error",
                f"block 0 of the node is {to_hex(first)}, the policy pins {to_hex(policy.genesis_hash)}: another "
                "chain, whatever its number",
                "correct rpc in testamur.toml; was the alliance founded once more on another machine?",
                facts,
                7,
            )
        ]
    try:
        state = probe(Chain(connection.rpc), policy, Memory.of(policy), datetime.fromtimestamp(now, UTC))
        if state.doubt is not None:
            raise state.doubt
    except UndecidedError as error:
        return [Finding(f"policy_{error.code}", "error", error.message, error.advice, facts, 7)]
    return [Finding("policy", "ok", f"the policy holds for this chain; fingerprint {policy.fingerprint}", facts=facts)]
