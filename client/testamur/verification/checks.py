"""The nine checks, one function each, in the order that decides (docs/protocol.md 6.1).

Each returns what it found; none raises for what a bundle holds. The four that read the chain raise UndecidedError,
ProofError or the connection's errors where a read fails: `verify` turns those into `unknown`.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

from testamur.batch.anchor import batch_id
from testamur.batch.bundle import Bundle
from testamur.batch.claims import Claims
from testamur.batch.intake import KINDS, kind_of
from testamur.credential.budget import BudgetExceededError
from testamur.credential.document import Document
from testamur.credential.errors import MalformedError
from testamur.credential.proof import verify as is_signed
from testamur.proof.hashing import keccak256
from testamur.proof.merkle import leaf_hash, verify_inclusion
from testamur.verification.changes import reason_name
from testamur.verification.errors import UndecidedError
from testamur.verification.policy import Policy
from testamur.verification.records import RECOGNISED, SUSPENDED, WITHDRAWN, Batch, Did, Key, Void
from testamur.verification.registry import Registry
from testamur.verification.trust import State
from testamur.verification.verdict import CheckResult, iso

__all__ = [
    "check_anchor",
    "check_document",
    "check_inclusion",
    "check_issuer",
    "check_key",
    "check_signature",
    "check_status",
    "check_trust",
    "check_validity",
    "claims_of",
]

_CREDENTIAL_USAGE = 1
_DEEPEST = 4
"""Scopes above one another; the registry gives no fifth."""
_COMPLETE = CheckResult("document", "pass", None, "The file is one complete credential in the expected form.")
_SIGNED = CheckResult("signature", "pass", None, "The content is exactly what the key named in it signed.")
_batch_id = lru_cache(maxsize=256)(batch_id)
"""The credentials of a batch ask for the same one."""


def check_document(data: Bundle | bytes) -> tuple[CheckResult, Bundle | None]:
    """1. The document is one we can judge: strict parse, schema, contexts, one proof -> malformed."""
    try:
        bundle = Bundle.parse(data) if isinstance(data, bytes) else data
    except MalformedError as error:
        return _unreadable(error, data), None
    except BudgetExceededError:
        raise
    except Exception as error:  # a fault of ours costs the one bundle that meets it, never those beside it
        return _unreadable(MalformedError("$", f"reading it failed ({type(error).__name__})"), b"{"), None
    if bundle.document is None:
        return CheckResult("document", "skipped", None, "An imported entry carries no credential of ours."), bundle
    return _COMPLETE, bundle


def _unreadable(error: MalformedError, data: Bundle | bytes) -> CheckResult:
    """What is no bundle: another kind of file is called that, everything else may be a bundle that was damaged."""
    facts = {"path": error.path, "reason": error.reason}
    kind = kind_of(data) if isinstance(data, bytes) else None
    if kind is not None:
        message = f"The file is {KINDS[kind]}, not a credential bundle; whether anything in it is true was not judged."
        return _fail("document", "malformed", message, {**facts, "kind": kind})
    return _fail("document", "malformed", f"The file cannot be read as a bundle: {error.message}.", facts)


def check_signature(document: Document) -> CheckResult:
    """2. The key that the credential names signed it -> signature_invalid. Whose key that is, check 6 asks."""
    if not is_signed(document):
        return _fail("signature", "signature_invalid", "The content is not what the key named in it signed.")
    return _SIGNED


def check_inclusion(bundle: Bundle) -> CheckResult:
    """3. Canonical bytes and claims make the leaf, the path leads to the root, the root makes the batch -> altered."""
    inclusion, anchor, document = bundle.inclusion, bundle.anchor, bundle.document
    if document is not None and (document.list, document.status_index) != (inclusion.list, inclusion.status_index):
        return _fail("inclusion", "altered", "The credential and its proof name different places in the status list.")
    leaf = leaf_hash(bundle.leaf.encode())
    if not verify_inclusion(leaf, inclusion.leaf_index, inclusion.size, inclusion.path, anchor.root):
        return _fail("inclusion", "altered", "The credential does not lead to the root that the file names.")
    named = _batch_id(
        anchor.chain_id, anchor.contract, inclusion.kind, inclusion.issuer, inclusion.list, inclusion.size, anchor.root
    )
    if named != anchor.batch_id:
        return _fail("inclusion", "altered", "The batch that the file names is not the one its proof belongs to.")
    facts = {"leafIndex": inclusion.leaf_index, "size": inclusion.size}
    return _pass("inclusion", f"The credential is one of the {inclusion.size} in its batch.", facts)


def check_anchor(bundle: Bundle, registry: Registry, policy: Policy) -> tuple[CheckResult, Batch | None]:
    """4. That batch was written to the chain, by whom and when -> not_anchored; altered where the file says otherwise.

    The identity of the batch is computed from the policy's chain id and the address that the Directory names, never
    from the file. A batch may stand in any version of the contract up to now.
    """
    inclusion, anchor = bundle.inclusion, bundle.anchor
    identity = (inclusion.kind, inclusion.issuer, inclusion.list, inclusion.size)
    for contract in registry.batch_contracts():
        identifier = _batch_id(policy.chain_id, contract.address, *identity, anchor.root)
        record = registry.batch(contract, identifier)
        if record is None:
            continue
        named = (anchor.chain_id, anchor.contract, anchor.batch_id, anchor.block)
        if named != (policy.chain_id, contract.address, identifier, record.block) or identity != (
            record.kind,
            record.issuer,
            record.list,
            record.size,
        ):
            return _fail("anchor", "altered", "The file and the chain disagree on where the batch is recorded."), None
        facts = {"batchId": "0x" + identifier.hex(), "block": record.block, "time": iso(record.time)}
        message = f"The batch was recorded in block {record.block} at {facts['time']} by institution {record.issuer}."
        return _pass("anchor", message, {**facts, "institution": record.issuer}), record
    if anchor.chain_id != policy.chain_id:
        message = f"the file belongs to chain {anchor.chain_id}, the policy judges chain {policy.chain_id}"
        raise UndecidedError("wrong_chain", message, "judge it by the policy of its own chain")
    return _fail("anchor", "not_anchored", "No such batch is recorded on the chain."), None


def check_issuer(bundle: Bundle, registry: Registry, policy: Policy, batch: Batch | None) -> CheckResult:
    """5. The institution was recognised for this qualification when it recorded the batch.

    - the credential's DID was that institution's at the anchoring      -> issuer_unknown
    - the policy accepts it, and its standing today where it must be good -> issuer_not_recognised
    - labels as registered; type, rank and region in the batch's scope
      and in every scope above it, each in force then and given by an
      account that was not compromised                                   -> out_of_scope
    - the type of qualification in force at the anchoring                -> type_not_in_force

    That the batch's record is there proves recognition then: the contract required it. Without a record, the
    registry's word about the issuer decides the code (6.4).
    """
    document = bundle.document
    institution = batch.issuer if batch is not None else 0
    if document is not None:
        did = registry.did(document.issuer_did)
        institution = did.institution if did is not None else 0
        if did is None or (batch is not None and institution != batch.issuer):
            whose = "no institution" if did is None else f"institution {institution}, not the batch's"
            message = f"The identity {document.issuer_did} belongs to {whose}."
            return _fail("issuer", "issuer_unknown", message, {"did": document.issuer_did})
        if batch is not None and (when := _out_of_use(did, batch)) is not None:
            message = f"The identity {document.issuer_did} was not in use when the batch was recorded: {when}."
            return _fail("issuer", "issuer_unknown", message, {"did": document.issuer_did})
    issuer = registry.issuer(institution)
    name = registry.name(institution, _texts(bundle)) or f"institution {institution}"
    facts: dict[str, Any] = {"institution": institution, "name": name}
    if batch is None:
        if issuer.state != RECOGNISED:
            message = f"{name} is registered, but not recognised as an issuer."
            return _fail("issuer", "issuer_not_recognised", message, facts)
        return CheckResult("issuer", "skipped", None, "There is no recorded batch to judge the issuer by.", facts)
    if policy.accepted_issuers is not None and institution not in policy.accepted_issuers:
        return _fail("issuer", "issuer_not_recognised", f"The policy does not accept {name}.", facts)
    if (problem := _outside_scope(bundle, registry, batch)) is not None:
        code, message = problem
        return _fail("issuer", code, message, facts)
    if issuer.state in (SUSPENDED, WITHDRAWN):
        word = "suspended" if issuer.state == SUSPENDED else "withdrawn"
        facts |= {"state": word, "since": iso(issuer.since)}
        message = f"{name} was recognised then; it has been {word} since {facts['since']}."
        if policy.issuer_now == "required":
            return _fail("issuer", "issuer_not_recognised", message, facts)
        return CheckResult("issuer", "pass", f"issuer_{word}_since", message, facts)
    return _pass("issuer", f"{name} was recognised for this qualification.", facts)


def check_key(document: Document | None, registry: Registry, batch: Batch) -> CheckResult:
    """6. Key and operator are that issuer's, not cut off before the anchoring -> key_not_valid, key_compromised.

    A cut-off counts from a heartbeat earlier: a dishonest proposer can date a block back by that much (6.8). It covers
    what an ADMIN did too: a key that was added by an account in wrong hands is not the issuer's.
    """
    key = None
    if document is not None:
        key = registry.key(batch.issuer, document.key)
        if key is None or key.institution != batch.issuer or key.usage != _CREDENTIAL_USAGE:
            return _fail("key", "key_not_valid", "The key that signed is not one of the issuer's for credentials.")
        if (when := _out_of_use(key, batch)) is not None:
            return _fail("key", "key_not_valid", f"The key was not in use when the batch was recorded: {when}.")
        if _is_cut_off(key.compromised_since, batch.time, registry):
            message = f"The issuer reported its key compromised since {iso(key.compromised_since)}."
            return _fail("key", "key_compromised", message, {"since": iso(key.compromised_since), "of": "key"})
        adder = registry.operator(batch.issuer, key.operator_index)
        if adder is None:
            return _fail("key", "key_not_valid", "The account that registered the key is no operator of the issuer.")
        if _is_cut_off(adder.compromised_since, key.since, registry):
            since = iso(adder.compromised_since)
            message = f"The account that registered the key was reported compromised since {since}."
            return _fail("key", "key_compromised", message, {"since": since, "of": "registrar"})
    operator = registry.operator(batch.issuer, batch.operator_index)
    if operator is None:
        return _fail("key", "key_not_valid", "The account that recorded the batch is no operator of the issuer.")
    if _is_cut_off(operator.compromised_since, batch.time, registry):
        since = iso(operator.compromised_since)
        message = f"The issuer reported the account that recorded the batch compromised since {since}."
        return _fail("key", "key_compromised", message, {"since": since, "of": "operator"})
    if operator.clearings:
        facts = {"since": iso(operator.cleared_at), "clearings": operator.clearings}
        message = (
            "The account that recorded the batch had been reported compromised; a vote of the alliance restored it on "
            f"{facts['since']}."
        )
        return CheckResult("key", "pass", "operator_restored_by_vote", message, facts)
    if key is not None and key.clearings:
        facts = {"since": iso(key.cleared_at), "clearings": key.clearings}
        message = f"The key had been reported compromised; a vote of the alliance restored it on {facts['since']}."
        return CheckResult("key", "pass", "key_restored_by_vote", message, facts)
    return _pass("key", "Key and account belonged to the issuer when the batch was recorded.")


def check_status(bundle: Bundle, registry: Registry, batch: Batch) -> CheckResult:
    """7. Neither it nor its whole batch revoked or suspended -> revoked (which beats), suspended.

    The list's record is read before its bits: an unopened list reads as zeros, which look like "not revoked" (4.3).
    A void batch counts as suspended before the second that was written down when it was voided, as revoked from it on;
    the state's own time is what is compared (3.4).
    """
    number, index = bundle.inclusion.list, bundle.inclusion.status_index
    void = registry.void(batch)
    found = registry.status_list(batch.status_version, number)
    if found is None or found.issuer != batch.issuer or index >> found.log2size:
        raise UndecidedError("unproven", f"entry {index} of status list {number} is not one of the issuer's")
    is_revoked, is_suspended = registry.status(batch.status_version, number, index)
    is_lasting = void is not None and registry.time >= void.revoked_from
    facts: dict[str, Any] = {"list": number}
    for is_so, is_void, word in (
        (is_revoked, is_lasting, "revoked"),
        (is_suspended, void is not None and not is_lasting, "suspended"),
    ):
        if void is not None and is_void and not is_so:
            return _void(void, batch, word, facts)
        if is_so:
            event = registry.left_force(batch.status_version, number, index, word.capitalize())
            message = f"The issuer has {word} the credential."
            if event is not None:
                facts |= event.facts()
                message += f" The node that was asked dates it {facts['since']}, reason {facts['reason']}."
            return _fail("status", word, message, facts)
    return _pass("status", "The issuer has neither revoked nor suspended the credential.", facts)


def _void(void: Void, batch: Batch, word: str, facts: dict[str, Any]) -> CheckResult:
    told = {"since": iso(void.since), "reason": reason_name(void.reason), "revoked_from": iso(void.revoked_from)}
    message = f"The institution took the whole batch out of force on {told['since']}, reason {told['reason']}."
    if word == "suspended":
        message += f" It counts as suspended, and as revoked from {told['revoked_from']} on."
    return _fail("status", word, message, {**facts, "of": "batch", "batchId": "0x" + batch.id.hex(), **told})


def check_validity(bundle: Bundle, judged: datetime) -> CheckResult:
    """8. The moment lies within the period for which it was issued -> not_yet_valid, expired."""
    document, until = bundle.document, claims_of(bundle).valid_until
    facts = {"judged": iso(judged.replace(microsecond=0))}
    if document is not None and judged < document.valid_from:
        facts |= {"valid_from": iso(document.valid_from)}
        return _fail("validity", "not_yet_valid", f"It is valid from {facts['valid_from']}.", facts)
    if until and judged.timestamp() > until:
        facts |= {"valid_until": iso(until)}
        return _fail("validity", "expired", f"It was valid until {facts['valid_until']}.", facts)
    return _pass("validity", "The moment lies within its period of validity.", facts)


def check_trust(state: State | None, doubt: UndecidedError | None, policy: Policy) -> CheckResult:
    """9. The evidence meets the policy -> indeterminate: chain_unreachable, stale, unproven, wrong_chain."""
    facts: dict[str, Any] = {"trust": policy.trust, "policy": policy.fingerprint}
    if state is not None:
        facts |= {"block": state.block, "time": iso(state.time)}
    if doubt is not None:
        return CheckResult("trust", "unknown", doubt.code, doubt.sentence, facts)
    if policy.demands_proofs:
        return _pass("trust", "What was read is proved as the policy asks.", facts)
    return _pass("trust", "What was read is a node's word, which the policy takes.", facts)


def claims_of(bundle: Bundle) -> Claims:
    """What the credential, or the imported entry, claims."""
    if bundle.document is not None:
        return bundle.document.claims
    assert bundle.foreign is not None  # a bundle holds one of the two
    return bundle.foreign.claims


def _outside_scope(bundle: Bundle, registry: Registry, batch: Batch) -> tuple[str, str] | None:
    """Code and message of the first thing that the scope, the framework or the type does not cover.

    Asked of the versions that were current when the batch was anchored: old rules stay where they were.
    """
    claims, document = claims_of(bundle), bundle.document
    version = registry.version_at("QualificationFrameworks", batch.time)
    framework = registry.framework(version, claims.framework)
    level = registry.level(version, claims.framework, claims.rank)
    qualification = registry.qualification_type(version, claims.framework, claims.type)
    if framework is None or level is None or qualification is None:
        return "out_of_scope", "The registry does not know this framework, level or type of qualification."
    if document is not None:
        labels = document.labels
        registered = (
            (labels.framework, framework.name_hash),
            (labels.code, level.code_hash),
            (labels.name, qualification.name_hash),
        )
        for text, text_hash in registered:
            if keccak256(text.encode()) != text_hash:
                return "out_of_scope", f"The registry has another name for what the credential calls {text!r}."
    if (problem := _outside_links(claims, registry, batch)) is not None:
        return "out_of_scope", problem
    if not qualification.lowest_rank <= claims.rank <= qualification.highest_rank:
        return "out_of_scope", "This type of qualification does not exist at this level."
    if batch.time < qualification.since or 0 < qualification.until <= batch.time:
        return "type_not_in_force", "This type of qualification was not in force when the batch was recorded."
    return None


def _out_of_use(record: Did | Key, batch: Batch) -> str | None:
    """Why a key or DID was not in use at the anchoring; None where it was."""
    if batch.time < record.since:
        return "registered later"
    return f"retired on {iso(record.until)}" if 0 < record.until <= batch.time else None


def _outside_links(claims: Claims, registry: Registry, batch: Batch) -> str | None:
    """What is wrong with the batch's scope or one above it, up to the Alliance.

    Each link covers the claims and was in force at the anchoring, and who gave it was not cut off before. What ended,
    was suspended or withdrawn since takes nothing back: the contract asked for all of it when the batch was recorded.
    """
    version = registry.version_at("IssuerRegistry", batch.time)
    institution, index = batch.issuer, batch.scope_index
    for _ in range(_DEEPEST):
        scope, origin = registry.scope(version, institution, index), registry.scope_origin(version, institution, index)
        whose = "The issuer's scope" if institution == batch.issuer else f"The scope of institution {institution}"
        if scope is None or origin is None or not scope.covers(claims):
            return f"{whose} does not cover this type, level or region."
        if batch.time < max(scope.since, origin.created_at) or 0 < scope.until < batch.time:
            return f"{whose} was not in force when the batch was recorded."
        if scope.parent_institution == 0:
            return None
        creator = registry.operator(scope.parent_institution, origin.operator_index)
        if creator is None or _is_cut_off(creator.compromised_since, origin.created_at, registry):
            return f"{whose} was given by an account of institution {scope.parent_institution} that was compromised."
        institution, index = scope.parent_institution, scope.parent_scope
    return f"More than {_DEEPEST} scopes stand above one another."


def _is_cut_off(compromised_since: int, time: int, registry: Registry) -> bool:
    """Whether what was done at `time` lies behind a cut-off."""
    return compromised_since > 0 and time + registry.heartbeat_seconds() >= compromised_since


def _texts(bundle: Bundle) -> Iterator[str]:
    """Texts that may be the issuer's registered name; only a hash in the registry makes one of them so."""
    if bundle.document is not None and bundle.document.issuer_name:
        yield bundle.document.issuer_name
    texts = bundle.evidence.get("texts") if bundle.evidence else None
    for text in texts if isinstance(texts, list) else ():
        if isinstance(text, str):
            yield text


def _pass(name: str, message: str, facts: dict[str, Any] | None = None) -> CheckResult:
    return CheckResult(name, "pass", None, message, facts or {})


def _fail(name: str, code: str, message: str, facts: dict[str, Any] | None = None) -> CheckResult:
    return CheckResult(name, "fail", code, message, facts or {})
