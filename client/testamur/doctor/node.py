"""Whether the node answers for the profile's chain, its clock goes with ours, and its contracts are those we know."""

from testamur.artifacts import CONTRACTS
from testamur.chain.connection import Connection
from testamur.chain.entries import without_immutables
from testamur.chain.errors import AccessRefusedError, ChainUnreachableError, RpcError
from testamur.chain.rpc import Rpc, to_hex
from testamur.doctor.finding import Finding
from testamur.profile import Profile
from testamur.proof.cometbft_json import parse_time
from testamur.proof.errors import ProofError
from testamur.verification.founded import founding_fault

__all__ = ["check_clock", "check_code", "check_founding", "check_node"]

_SKEW_SECONDS = 10
_STALE_SECONDS = 180


def check_node(connection: Connection) -> Finding:
    """`access_refused`, `chain_unreachable`, `wrong_chain`: whether the profile's node answers for the profile's chain
    and Directory."""
    profile, rpc = connection.profile, connection.rpc
    try:
        chain_id = rpc.chain_id()
        has_directory = bool(rpc.code(profile.directory))
    except AccessRefusedError as error:
        said = {"rpc": profile.rpc, "said": error.message}
        return Finding("access_refused", "error", error.message, error.advice, said, 7)
    except (ChainUnreachableError, RpcError) as error:
        return Finding("chain_unreachable", "error", error.message, error.advice, {"rpc": profile.rpc}, 7)
    facts = {"rpc": profile.rpc, "chain_id": chain_id, "expected": profile.chain_id}
    if chain_id != profile.chain_id:
        return Finding(
            "wrong_chain",
            "error",
            f"the node at {profile.rpc} serves chain {chain_id}, the profile is for {profile.chain_id}",
            "correct rpc or chain_id in testamur.toml",
            facts,
            2,
        )
    if not has_directory:
        return Finding(
            "wrong_chain",
            "error",
            f"no contract stands at the Directory's address {to_hex(profile.directory)}",
            "correct directory in testamur.toml, or run `testamur deploy`",
            facts,
            2,
        )
    return Finding("node", "ok", f"the node at {profile.rpc} serves chain {chain_id}", facts=facts)


def check_clock(rpc: Rpc, profile: Profile, now: float) -> Finding:
    """`stale_node`, `clock`: how the newest time of the chain stands to this computer's clock.

    A chain of ours signs a header at least once a minute; elsewhere only a node that says it is catching up is stale.
    """
    if profile.engine_chain_id is None:
        if rpc.call("eth_syncing"):
            return Finding("stale_node", "warning", f"the node at {rpc.url} is still catching up", "wait for its end")
        return Finding("clock", "ok", "the node is not catching up")
    proof = rpc.call("testamur_finalityProof", "latest")
    try:
        latest = parse_time(proof["signedHeader"]["header"]["time"]) / 1e9
    except (KeyError, TypeError, ProofError) as error:
        raise rpc.nonsense("testamur_finalityProof", proof) from error
    facts = {"age_seconds": round(now - latest), "limit_seconds": _STALE_SECONDS}
    if latest > now + _SKEW_SECONDS:
        return Finding(
            "clock",
            "error",
            f"the chain's newest header is {latest - now:.0f} s ahead of this computer's clock",
            "set the clock, with NTP for good",
            facts,
            7,
        )
    if now - latest > _STALE_SECONDS:
        return Finding(
            "stale_node",
            "warning",
            f"the newest signed header is {now - latest:.0f} s old; a working chain signs one a minute",
            "is the node cut off, the chain halted, or this computer's clock ahead?",
            facts,
        )
    return Finding("clock", "ok", f"the newest signed header is {max(0, round(now - latest))} s old", facts=facts)


def check_code(connection: Connection) -> list[Finding]:
    """`unknown_code`: whether each contract that the Directory names runs the code that this client was built with."""
    found: list[Finding] = []
    addresses = {name: connection.contract(name).address for name in CONTRACTS}
    codes = connection.rpc.codes(list(addresses.values()))
    for (name, address), code in zip(addresses.items(), codes, strict=True):
        if without_immutables(name, code) != without_immutables(name, None):
            found.append(
                Finding(
                    "unknown_code",
                    "warning",
                    f"{name} at {to_hex(address)} runs code that this client does not know",
                    "update the client; if that does not help, ask the alliance what was deployed",
                    {"contract": name, "address": to_hex(address)},
                )
            )
    return found or [Finding("code", "ok", f"{len(addresses)} contracts run the code this client knows")]


def check_founding(connection: Connection) -> Finding:
    """`unsealed_alliance`, `foreign_origin`: whether the alliance is founded to the end, on this chain."""
    profile = connection.profile
    match founding_fault(connection.rpc, profile.directory, has_history=profile.engine_chain_id is not None):
        case "unsealed_alliance":
            return Finding(
                "unsealed_alliance",
                "error",
                "the alliance is still being founded: its founder may add members at will",
                "whoever founds it completes it with the same `testamur deploy`",
                exit_code=2,
            )
        case "foreign_origin":
            return Finding(
                "foreign_origin",
                "error",
                "the contracts were founded for another chain: what is signed for them is bound to another block 0",
                "ask the alliance which chain and which Directory are its own",
                exit_code=2,
            )
    return Finding("founding", "ok", "the alliance is founded and sealed")
