"""Trust in an alliance's validators: from a checkpoint on, and only where several institutions sign."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from testamur.batch.bundle import Bundle
from testamur.proof.finality import FinalityProof
from testamur.proof.light import LightBlock
from testamur.verification.connection import Chain
from testamur.verification.evidence import Evidence
from testamur.verification.policy import Checkpoint, Policy
from testamur.verification.verdict import Verdict
from testamur.verification.verify import verify

from tests.client.verification.world import (
    NAME,
    NOW,
    SEALED,
    World,
    credential,
    engine_header,
    raw,
    validators_of,
    world,
)

KEYS = [Ed25519PrivateKey.from_private_bytes(bytes([40 + seed]) * 32) for seed in range(6)]
OLD, NEW = KEYS[:4], KEYS[1:5]
DAY_NS = 86_400 * 10**9


def founded(institutions: tuple[int, ...] = (1, 2, 3, 4, 4, 4)) -> tuple[World, Bundle]:
    """An alliance whose validators' keys belong to these institutions."""
    chain = world()
    for key, institution in zip(KEYS, institutions, strict=True):
        chain.put("Permissions", "_validators", raw(key), power=100, institution=institution, index=1)
    return chain, chain.issue([credential()])[0]


def light(height: int, age_ns: int, keys: Any, next_keys: Any = None, **signing: Any) -> LightBlock:
    signed = engine_header(height, SEALED * 10**9 - age_ns, b"\x77" * 32, keys, next_keys, **signing)
    return LightBlock(signed, validators_of(keys), validators_of(next_keys or keys))


CHECKPOINT = light(10, 3 * DAY_NS, OLD)
CHANGE = light(20, 2 * DAY_NS, OLD, NEW)


def policy(chain: World, **changes: Any) -> Policy:
    header = CHECKPOINT.signed.header
    pins = {"trust": "light-client", "solo_key": None, "min_institutions": 3}
    return chain.policy(**{**pins, "checkpoint": Checkpoint(header.height, header.hash()), **changes})


def proof(chain: World, keys: Any = NEW, path: tuple[LightBlock, ...] = (CHECKPOINT, CHANGE), **signing: Any) -> Any:
    evm = chain.header()
    signed = engine_header(40, SEALED * 10**9, evm.hash(), keys, **signing)
    return FinalityProof(evm, signed, validators_of(keys), path)


def judged(chain: World, bundle: Bundle, shown: FinalityProof, **changes: Any) -> Verdict:
    state, _ = chain.tries()
    evidence = Evidence((shown,), dict(state.db), (NAME,)).to_json()
    return verify(bundle.with_evidence(evidence).dump(), Chain.offline(), policy(chain, **changes), NOW)


def undecided(verdict: Verdict, code: str) -> None:
    assert (verdict.outcome, verdict.code) == ("indeterminate", code)


def test_validators_from_a_checkpoint_on_make_a_verdict() -> None:
    chain, bundle = founded()
    verdict = judged(chain, bundle, proof(chain))
    assert verdict.code == "ok"
    assert verdict.check("trust").facts["trust"] == "light-client"
    chain.revoke(70_000)
    assert judged(chain, bundle, proof(chain)).code == "revoked"


def test_a_header_right_at_the_checkpoint_needs_no_path() -> None:
    chain, bundle = founded()
    shown = proof(chain, OLD, ())
    header = shown.signed.header
    assert judged(chain, bundle, shown, checkpoint=Checkpoint(header.height, header.hash())).code == "ok"
    unsigned = replace(shown, signed=proof(chain, OLD, (), absent=OLD[:2]).signed)
    undecided(judged(chain, bundle, unsigned, checkpoint=Checkpoint(header.height, header.hash())), "unproven")


def test_too_few_signatures_are_unproven() -> None:
    chain, bundle = founded()
    assert judged(chain, bundle, proof(chain, absent=NEW[3:])).code == "ok"
    undecided(judged(chain, bundle, proof(chain, absent=NEW[:2])), "unproven")


def test_a_set_that_the_trusted_ones_did_not_vouch_for_is_unproven() -> None:
    chain, bundle = founded()
    strangers = [KEYS[0], KEYS[4], KEYS[5]]  # one of the four announced ones, which is no more than a third
    undecided(judged(chain, bundle, proof(chain, strangers)), "unproven")


def test_a_path_that_begins_elsewhere_or_skips_the_announced_set_is_unproven() -> None:
    chain, bundle = founded()
    other = light(10, 3 * DAY_NS + 1, OLD)
    for path in ((), (CHANGE,), (other, CHANGE), (CHANGE, CHECKPOINT), (CHECKPOINT, CHECKPOINT)):
        undecided(judged(chain, bundle, proof(chain, NEW, path)), "unproven")
    forged = replace(CHECKPOINT, next_validators=validators_of(NEW))
    undecided(judged(chain, bundle, proof(chain, NEW, (forged,))), "unproven")


def test_a_checkpoint_older_than_the_trust_period_is_unproven() -> None:
    chain, bundle = founded()
    assert judged(chain, bundle, proof(chain), trust_period_seconds=4 * 86_400).code == "ok"
    undecided(judged(chain, bundle, proof(chain), trust_period_seconds=2 * 86_400), "unproven")


def test_validators_of_too_few_institutions_are_unproven() -> None:
    chain, bundle = founded((1, 1, 2, 3, 1, 1))
    assert judged(chain, bundle, proof(chain)).code == "ok"
    chain, bundle = founded((1, 1, 2, 2, 1, 1))
    undecided(judged(chain, bundle, proof(chain)), "unproven")
    assert judged(chain, bundle, proof(chain), min_institutions=2).code == "ok"


def test_seats_that_did_not_sign_do_not_count_for_their_institutions() -> None:
    """docs/protocol.md 4.9: three of four signed, which is enough power, but for two institutions only."""
    chain, bundle = founded((1, 1, 2, 3, 3, 1))
    assert judged(chain, bundle, proof(chain, absent=NEW[2:3])).code == "ok"  # 1, 2 and the other seat of 3
    verdict = judged(chain, bundle, proof(chain, absent=NEW[1:2]))
    undecided(verdict, "unproven")
    assert "Validators of 2 institutions signed, the policy asks 3" in verdict.check("trust").message
    assert judged(chain, bundle, proof(chain, absent=NEW[1:2]), min_institutions=2).code == "ok"


def test_a_child_shows_nothing_where_too_few_institutions_signed_it() -> None:
    chain, bundle = founded((1, 1, 2, 3, 3, 1))
    shown, parent = proof(chain), chain.header()
    state, _ = chain.tries()
    moment = datetime.fromtimestamp(SEALED + 400, UTC)

    def judged_then(**signing: Any) -> Verdict:
        chain.parent_hash, chain.block, chain.timestamp = parent.hash(), parent.number + 1, SEALED + 500
        evm = chain.header()
        signed = engine_header(41, (SEALED + 510) * 10**9, evm.hash(), NEW, **signing)
        child = FinalityProof(evm, signed, validators_of(NEW), (CHECKPOINT, CHANGE))
        carried = bundle.with_evidence(Evidence((shown, child), dict(state.db), (NAME,)).to_json())
        return verify(carried, Chain.offline(), policy(chain), NOW + timedelta(hours=1), at=moment)

    assert judged_then().code == "ok"
    undecided(judged_then(absent=NEW[1:2]), "unproven")


def test_a_validator_that_the_registry_does_not_know_belongs_to_nobody() -> None:
    chain, bundle = founded((1, 2, 3, 0, 0, 0))
    undecided(judged(chain, bundle, proof(chain)), "unproven")
