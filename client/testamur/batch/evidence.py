"""Evidence: making a bundle that verifies with no network, and taking the evidence out again.

Proving is verifying with a notebook: the bundle is judged online, and every trie node that an answer rested on is
kept, with the signed header of that state. What was only fetched so as not to ask for a single learner's word is not
kept. The result is judged offline before it is handed out.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from testamur.batch.bundle import Bundle
from testamur.errors import TestamurError
from testamur.proof.mpt import nodes_by_hash
from testamur.verification.connection import Chain
from testamur.verification.evidence import Evidence
from testamur.verification.ground import Ground, find_ground
from testamur.verification.memory import Memory
from testamur.verification.policy import Policy
from testamur.verification.trust import At
from testamur.verification.verdict import Verdict
from testamur.verification.verify import examine, judge, refuse
from testamur.verification.view import LiveProvenView

__all__ = ["NotProvableError", "Prover", "extract", "prove", "prove_many"]

_BLAMELESS = frozenset({"ok", "expired", "not_yet_valid", "revoked", "suspended"})
"""Verdicts with which evidence is worth having: a proof of revocation is one too."""


class NotProvableError(TestamurError):
    """A bundle that no evidence can be made for."""

    exit_code = 7

    def __init__(self, verdict: Verdict, reason: str | None = None) -> None:
        deciding = next((check.message for check in verdict.checks if check.code == verdict.code), "")
        super().__init__(f"no evidence can be made: {reason or f'{verdict.code}. {deciding}'.strip()}")
        self.verdict = verdict
        """What the bundle was judged to be."""
        self.exit_code = verdict.exit_code or 7


def prove(bundle: Bundle, chain: Chain, policy: Policy, now: datetime | None = None, *, at: At = None) -> Bundle:
    """The bundle with evidence of the chain's present state, or of its state at a past moment.

    Raises NotProvableError where the bundle is not the issuer's, the chain cannot be read, or the policy's trust is
    `rpc`, which has nothing to prove with.
    """
    return next(prove_many([bundle], chain, policy, now, at=at))


def prove_many(
    bundles: Iterable[Bundle], chain: Chain, policy: Policy, now: datetime | None = None, *, at: At = None
) -> Iterator[Bundle]:
    """Each bundle with evidence, in order; all of one state, which is proved once. Raises as `prove` does."""
    prover = Prover(chain, policy, now, at=at)
    return (prover.prove(bundle) for bundle in bundles)


class Prover:
    """Adds evidence to many bundles, one after another: all of one state, which is found and proved once."""

    def __init__(self, chain: Chain, policy: Policy, now: datetime | None = None, *, at: At = None) -> None:
        self._chain, self._policy, self._at = chain, policy, at
        self._memory, self._clock = Memory.of(policy), now or datetime.now(UTC)
        self._ground: Ground | None = None

    def prove(self, bundle: Bundle) -> Bundle:
        """The bundle with evidence. Raises NotProvableError as `prove` does; the next one goes on."""
        policy, clock, at = self._policy, self._clock, self._at
        opening, parsed = examine(bundle)
        if parsed is None:
            raise NotProvableError(refuse(opening))
        ground = self._ground or find_ground(bundle, self._chain, policy, self._memory, clock, at)
        state = ground.state
        if state is None:
            raise NotProvableError(judge(opening, parsed, ground, policy))
        self._ground = ground
        if not isinstance(state.view, LiveProvenView):
            reason = "it takes a node and a policy of trust single-signer or light-client"
            raise NotProvableError(judge(opening, parsed, ground, policy), reason)
        state.view.take_used_nodes()  # what finding the ground, or a bundle that was refused, rested on
        verdict = judge(opening, parsed, ground.anew(policy), policy)
        if verdict.code not in _BLAMELESS:
            raise NotProvableError(verdict)
        name = verdict.check("issuer").facts.get("name")
        texts = (name,) if isinstance(name, str) else ()
        evidence = Evidence(state.proofs, nodes_by_hash(state.view.take_used_nodes()), texts)
        proved = bundle.with_evidence(evidence.to_json())
        offline = judge(opening, proved, find_ground(proved, Chain.offline(), policy, self._memory, clock, at), policy)
        if offline.code != verdict.code:
            raise NotProvableError(offline)
        return proved


def extract(bundle: Bundle) -> tuple[Bundle, Evidence | None]:
    """The bundle without its evidence, and the evidence, read but not judged. Raises ProofError's family."""
    evidence = Evidence.from_json(bundle.evidence) if bundle.evidence is not None else None
    return bundle.with_evidence(None), evidence
