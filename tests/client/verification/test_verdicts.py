"""The nine checks: what each accepts and, one byte away, refuses; by evidence, a proving node, a believed one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from testamur.api.view import view_of
from testamur.artifacts import GENESIS_ADDRESSES
from testamur.batch.bundle import Bundle, Foreign
from testamur.language import LANGUAGES, language
from testamur.proof.hashing import keccak256
from testamur.verification.connection import Chain
from testamur.verification.policy import Policy
from testamur.verification.verdict import CHECK_NAMES, Verdict, iso
from testamur.verification.verify import verify

from tests.client.verification.world import (
    ANCHORED,
    DID,
    FOUNDED,
    FRAMEWORK,
    ISSUER_KEY,
    NAME,
    NOW,
    OTHER_KEY,
    RANK,
    SEALED,
    TYPE,
    Node,
    World,
    credential,
    raw,
    world,
)

Judge = Callable[..., Verdict]


@pytest.fixture
def chain() -> World:
    return world()


def by_evidence(bundle: Bundle, chain: World, policy: Policy, now: datetime = NOW) -> Verdict:
    return verify(bundle.with_evidence(chain.evidence()), Chain.offline(), policy, now)


def by_proving_node(bundle: Bundle, chain: World, policy: Policy, now: datetime = NOW) -> Verdict:
    return verify(bundle, Node(chain).chain(), policy, now)


def by_believed_node(bundle: Bundle, chain: World, policy: Policy, now: datetime = NOW) -> Verdict:
    believing = replace(policy, trust="rpc", urls=("http://127.0.0.1:1",), engine_chain_id=None, solo_key=None)
    return verify(bundle, Node(chain).chain(), believing, now)


@pytest.fixture(params=[by_evidence, by_proving_node, by_believed_node], ids=["evidence", "node", "rpc"])
def judge(request: pytest.FixtureRequest) -> Judge:
    return request.param  # type: ignore[no-any-return]  # pytest's param is Any


def issue(chain: World, **changes: Any) -> Bundle:
    """The middle one of a batch of three credentials."""
    return chain.issue([credential(n, status_index=70_000 + n, **changes) for n in range(3)])[1]


def refused(verdict: Verdict, code: str, check: str) -> None:
    """The verdict is invalid for this code, and this check is the first that failed."""
    assert (verdict.outcome, verdict.code) == ("invalid", code)
    assert next(found for found in verdict.checks if found.result == "fail").name == check


def test_a_genuine_credential_is_valid(chain: World, judge: Judge) -> None:
    verdict = judge(issue(chain), chain, chain.policy())
    assert (verdict.outcome, verdict.code, verdict.exit_code) == ("valid", "ok", 0)
    assert [check.name for check in verdict.checks] == list(CHECK_NAMES)
    assert {check.result for check in verdict.checks} == {"pass"}
    assert verdict.facts["issuer"] == NAME
    assert verdict.facts["subject"] == "李华"
    assert verdict.as_of is not None
    assert verdict.as_of.block == chain.block


@pytest.mark.parametrize(("credits", "shown"), [(140.5, "140.5"), (0.001, "0.001"), (4294967, "4294967"), (0, "0")])
def test_credits_are_told_as_they_were_written(chain: World, credits: float, shown: str) -> None:
    verdict = by_evidence(issue(chain, credentialSubject__creditsEarned=credits), chain, chain.policy())
    assert verdict.facts["credits"] == shown


# 1 document ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"\xff\xfe", b"[" * 10_000, b'{"type":"TestamurBundle","version":2}', b"1"]
)
def test_what_is_no_bundle_is_malformed(chain: World, data: bytes) -> None:
    verdict = verify(data, Chain.offline(), chain.policy(), NOW)
    assert (verdict.outcome, verdict.code, verdict.exit_code) == ("invalid", "malformed", 3)
    assert [check.result for check in verdict.checks] == ["fail"] + ["skipped"] * 8
    assert verdict.facts == {}


def test_a_bundle_in_bytes_is_judged_as_the_bundle(chain: World) -> None:
    bundle = issue(chain).with_evidence(chain.evidence())
    assert verify(bundle.dump(), Chain.offline(), chain.policy(), NOW) == verify(
        bundle, Chain.offline(), chain.policy(), NOW
    )


# 2 signature --------------------------------------------------------------------------------------------------------


def test_content_changed_after_signing_is_refused_and_none_of_it_is_a_fact(chain: World, judge: Judge) -> None:
    tree = credential()
    tree["credentialSubject"]["achievement"]["name"] = "行政管理（硕士）"
    verdict = judge(chain.issue([tree])[0], chain, chain.policy())
    refused(verdict, "signature_invalid", "signature")
    assert verdict.facts == {}
    assert verdict.as_of is None
    assert "硕士" not in str(verdict.to_json())


# 3 inclusion --------------------------------------------------------------------------------------------------------


def test_a_credential_under_anothers_proof_is_altered(chain: World, judge: Judge) -> None:
    first, second, _ = chain.issue([credential(n, status_index=n) for n in range(3)])
    refused(judge(replace(first, document=second.document), chain, chain.policy()), "altered", "inclusion")


def test_another_status_index_than_the_credentials_is_altered(chain: World, judge: Judge) -> None:
    bundle = issue(chain)
    moved = replace(bundle, inclusion=replace(bundle.inclusion, status_index=5))
    refused(judge(moved, chain, chain.policy()), "altered", "inclusion")


@pytest.mark.parametrize("name", ["salt", "outcome_tag", "holder"])
def test_a_leaf_one_bit_away_is_altered(chain: World, judge: Judge, name: str) -> None:
    bundle = issue(chain)
    value = getattr(bundle.inclusion, name)
    changed = replace(bundle.inclusion, **{name: bytes([value[0] ^ 1]) + value[1:]})
    refused(judge(replace(bundle, inclusion=changed), chain, chain.policy()), "altered", "inclusion")


@pytest.mark.parametrize(("index", "size"), [(0, 3), (1, 2), (1, 4), (2, 3), (3, 3)])
def test_another_index_or_size_is_altered(chain: World, judge: Judge, index: int, size: int) -> None:
    bundle = issue(chain)
    changed = replace(bundle.inclusion, leaf_index=index, size=size)
    refused(judge(replace(bundle, inclusion=changed), chain, chain.policy()), "altered", "inclusion")


# 4 anchor -----------------------------------------------------------------------------------------------------------


def test_a_batch_that_was_never_recorded_is_not_anchored(chain: World, judge: Judge) -> None:
    bundle = chain.issue([credential()], is_anchored=False)[0]
    refused(judge(bundle, chain, chain.policy()), "not_anchored", "anchor")


def test_a_file_that_names_another_block_than_the_record_is_altered(chain: World, judge: Judge) -> None:
    bundle = issue(chain)
    refused(judge(replace(bundle, anchor=replace(bundle.anchor, block=2)), chain, chain.policy()), "altered", "anchor")


def test_a_record_in_a_look_alike_contract_is_not_anchored(chain: World, judge: Judge) -> None:
    double = b"\x66" * 20
    chain.codes[double] = chain.codes[GENESIS_ADDRESSES["CredentialBatches"]]
    bundle = chain.issue([credential()], contract=double)[0]
    refused(judge(bundle, chain, chain.policy()), "not_anchored", "anchor")


def test_a_batch_of_another_chain_is_undecided_and_says_so(chain: World, judge: Judge) -> None:
    policy = chain.policy()
    chain.chain_id = 999
    bundle = issue(chain)
    chain.chain_id = 20260
    verdict = judge(bundle, chain, policy)
    assert (verdict.outcome, verdict.code) == ("indeterminate", "wrong_chain")


def test_a_batch_in_a_replaced_version_of_the_contract_still_counts(chain: World, judge: Judge) -> None:
    bundle, chain.timestamp = issue(chain), ANCHORED + 20
    chain.deploy("CredentialBatches", b"\x13" * 20, ANCHORED + 10, version=2)
    assert judge(bundle, chain, chain.policy()).code == "ok"
    younger = chain.issue([credential(9, status_index=9)], contract=b"\x13" * 20)[0]
    assert judge(younger, chain, chain.policy()).code == "ok"


def test_a_batch_in_a_version_that_is_not_yet_in_force_is_not_anchored(chain: World) -> None:
    chain.deploy("CredentialBatches", b"\x13" * 20, int(NOW.timestamp()) + 100, version=2)
    bundle = chain.issue([credential()], contract=b"\x13" * 20)[0]
    refused(by_evidence(bundle, chain, chain.policy()), "not_anchored", "anchor")


# 5 issuer -----------------------------------------------------------------------------------------------------------


def test_an_identity_that_nobody_registered_is_unknown(chain: World, judge: Judge) -> None:
    refused(judge(issue(chain, did="did:web:cdou.example.com"), chain, chain.policy()), "issuer_unknown", "issuer")


def test_an_identity_of_another_institution_is_unknown(chain: World, judge: Judge) -> None:
    chain.put("Keys", "_dids", keccak256(b"did:web:uestc.example"), institution=2, since=FOUNDED)
    refused(judge(issue(chain, did="did:web:uestc.example"), chain, chain.policy()), "issuer_unknown", "issuer")


@pytest.mark.parametrize("state", [0, 1, 3, 4])
def test_without_a_record_the_registrys_word_about_the_issuer_decides(chain: World, judge: Judge, state: int) -> None:
    chain.put("IssuerRegistry", "_issuers", 1, state=state)
    bundle = chain.issue([credential()], is_anchored=False)[0]
    verdict = judge(bundle, chain, chain.policy())
    assert (verdict.code, verdict.exit_code) == ("issuer_not_recognised", 6)
    stranger = chain.issue([credential(did="did:web:stranger.example")], is_anchored=False)[0]
    assert judge(stranger, chain, chain.policy()).code == "issuer_unknown"


@pytest.mark.parametrize(("state", "notice"), [(3, "issuer_suspended_since"), (4, "issuer_withdrawn_since")])
def test_an_issuer_that_lost_its_standing_since_is_a_notice_unless_the_policy_says_otherwise(
    chain: World, judge: Judge, state: int, notice: str
) -> None:
    bundle = issue(chain)
    chain.put("IssuerRegistry", "_issuers", 1, state=state, since=ANCHORED + 60)
    verdict = judge(bundle, chain, chain.policy())
    assert (verdict.code, verdict.check("issuer").code) == ("ok", notice)
    refused(judge(bundle, chain, chain.policy(issuer_now="required")), "issuer_not_recognised", "issuer")


def test_an_issuer_that_the_policy_does_not_accept_is_refused(chain: World, judge: Judge) -> None:
    bundle = issue(chain)
    assert judge(bundle, chain, chain.policy(accepted_issuers=frozenset({1, 2}))).code == "ok"
    refused(judge(bundle, chain, chain.policy(accepted_issuers=frozenset({2}))), "issuer_not_recognised", "issuer")


@pytest.mark.parametrize(
    "fields",
    [
        {"framework": 2},
        {"qualificationType": TYPE + 1},
        {"lowestRank": RANK + 1},
        {"highestRank": RANK - 1},
        {"region": 5102},
    ],
)
def test_a_level_outside_the_batchs_scope_is_refused(chain: World, judge: Judge, fields: dict[str, int]) -> None:
    bundle = issue(chain)
    chain.put("IssuerRegistry", "_scopes", 1, 1, qualificationType=TYPE, region=5101)
    assert judge(bundle, chain, chain.policy()).code == "ok"
    chain.put("IssuerRegistry", "_scopes", 1, 1, **fields)
    refused(judge(bundle, chain, chain.policy()), "out_of_scope", "issuer")


@pytest.mark.parametrize("label", ["targetFramework", "targetCode", "targetName"])
def test_a_label_that_is_not_the_registered_one_is_refused(chain: World, judge: Judge, label: str) -> None:
    path = f"credentialSubject__achievement__alignment__0__{label}"
    refused(judge(issue(chain, **{path: "7"}), chain, chain.policy()), "out_of_scope", "issuer")


@pytest.mark.parametrize("name", ["QualificationFrameworks", "IssuerRegistry"])
def test_what_an_anchoring_was_judged_by_counts_after_its_contract_was_replaced(
    chain: World, judge: Judge, name: str
) -> None:
    bundle = issue(chain)
    chain.deploy(name, b"\x15" * 20, ANCHORED + 10, version=2)
    verdict = judge(bundle, chain, chain.policy())
    assert verdict.check("issuer").code not in ("out_of_scope", "type_not_in_force")
    if name == "QualificationFrameworks":
        assert verdict.code == "ok"


def test_a_type_at_a_level_where_it_does_not_exist_is_refused(chain: World, judge: Judge) -> None:
    bundle = issue(chain)
    chain.put("QualificationFrameworks", "_types", FRAMEWORK, TYPE, lowestRank=7, highestRank=8)
    refused(judge(bundle, chain, chain.policy()), "out_of_scope", "issuer")


@pytest.mark.parametrize(("window", "is_in_force"), [
    ({"from": ANCHORED}, True),
    ({"from": ANCHORED + 1}, False),
    ({"to": ANCHORED + 1}, True),
    ({"to": ANCHORED}, False),
])  # fmt: skip
def test_a_type_counts_from_its_first_second_until_before_its_end(
    chain: World, judge: Judge, window: dict[str, int], is_in_force: bool
) -> None:
    bundle = issue(chain)
    chain.put("QualificationFrameworks", "_types", FRAMEWORK, TYPE, **window)
    verdict = judge(bundle, chain, chain.policy())
    if is_in_force:
        assert verdict.code == "ok"
    else:
        refused(verdict, "type_not_in_force", "issuer")


def test_the_issuers_name_comes_from_the_registry_never_from_the_file(chain: World, judge: Judge) -> None:
    verdict = judge(issue(chain, issuer__name="北京大学"), chain, chain.policy())
    assert verdict.code == "ok"
    assert verdict.facts["issuer"] in (NAME, "institution 1")
    assert "北京大学" not in str(verdict.to_json())


# 6 key --------------------------------------------------------------------------------------------------------------


def test_a_key_that_is_not_registered_is_refused(chain: World, judge: Judge) -> None:
    refused(judge(issue(chain, key=OTHER_KEY), chain, chain.policy()), "key_not_valid", "key")


@pytest.mark.parametrize("fields", [{"institution": 2}, {"usage": 2}, {"since": ANCHORED + 1}, {"until": ANCHORED}])
def test_a_key_of_another_or_for_another_use_or_out_of_use_is_refused(
    chain: World, judge: Judge, fields: dict[str, int]
) -> None:
    bundle, key = issue(chain), keccak256(raw(ISSUER_KEY))
    chain.put("Keys", "_keys", 1, key, since=ANCHORED, until=ANCHORED + 1)
    assert judge(bundle, chain, chain.policy()).code == "ok"
    chain.put("Keys", "_keys", 1, key, **fields)
    refused(judge(bundle, chain, chain.policy()), "key_not_valid", "key")


def test_a_key_compromised_within_a_heartbeat_after_the_anchoring_is_refused(chain: World, judge: Judge) -> None:
    bundle, key = issue(chain), keccak256(raw(ISSUER_KEY))
    chain.put("Keys", "_keys", 1, key, compromisedSince=ANCHORED + 31)
    assert judge(bundle, chain, chain.policy()).code == "ok"
    chain.put("Keys", "_keys", 1, key, compromisedSince=ANCHORED + 30)
    refused(judge(bundle, chain, chain.policy()), "key_compromised", "key")


def test_an_operator_compromised_within_a_heartbeat_after_the_anchoring_is_refused(chain: World, judge: Judge) -> None:
    bundle = issue(chain)
    chain.put("Operators", "_operators", 1, 3, compromisedSince=ANCHORED + 31)
    assert judge(bundle, chain, chain.policy()).code == "ok"
    chain.put("Operators", "_operators", 1, 3, compromisedSince=ANCHORED + 30)
    refused(judge(bundle, chain, chain.policy()), "key_compromised", "key")


def test_a_key_that_an_account_in_wrong_hands_registered_is_not_the_issuers(chain: World, judge: Judge) -> None:
    bundle = issue(chain)
    chain.put("Operators", "_operators", 1, 2, compromisedSince=FOUNDED + 31)
    assert judge(bundle, chain, chain.policy()).code == "ok"
    chain.put("Operators", "_operators", 1, 2, compromisedSince=FOUNDED + 30)
    verdict = judge(bundle, chain, chain.policy())
    refused(verdict, "key_compromised", "key")
    assert verdict.check("key").facts["of"] == "registrar"


def test_a_key_that_nobody_of_the_issuer_registered_is_refused(chain: World, judge: Judge) -> None:
    bundle = issue(chain)
    chain.put("Keys", "_keys", 1, keccak256(raw(ISSUER_KEY)), operatorIndex=9)
    refused(judge(bundle, chain, chain.policy()), "key_not_valid", "key")


@pytest.mark.parametrize("since", [0, ANCHORED + 31])
def test_an_account_that_a_vote_restored_is_trusted_and_said_to_be_restored(
    chain: World, judge: Judge, since: int
) -> None:
    bundle = issue(chain)
    chain.put("Operators", "_operators", 1, 3, compromisedSince=since)
    chain.put("Operators", "_restorations", 1, 3, clearings=1, at=ANCHORED + 60, former=ANCHORED - 5)
    verdict = judge(bundle, chain, chain.policy())
    found = verdict.check("key")
    assert (verdict.code, found.result, found.code) == ("ok", "pass", "operator_restored_by_vote")
    assert found.facts["clearings"] == 1
    for tag in LANGUAGES:
        (notice,) = view_of(verdict.to_json(), language(tag), NOW).notices
        assert "2026" in notice


@pytest.mark.parametrize("since", [0, ANCHORED + 31])
def test_a_key_that_a_vote_restored_is_valid_and_said_to_be_restored(chain: World, judge: Judge, since: int) -> None:
    bundle = issue(chain)
    restored = {"compromisedSince": since, "clearings": 2, "clearedAt": ANCHORED + 60}
    chain.put("Keys", "_keys", 1, keccak256(raw(ISSUER_KEY)), **restored)
    verdict = judge(bundle, chain, chain.policy())
    found = verdict.check("key")
    assert (verdict.code, found.result, found.code) == ("ok", "pass", "key_restored_by_vote")
    assert found.facts["clearings"] == 2
    for tag in LANGUAGES:
        (notice,) = view_of(verdict.to_json(), language(tag), NOW).notices
        assert "2026" in notice


def test_the_same_key_registered_by_another_institution_changes_nothing(chain: World, judge: Judge) -> None:
    bundle = issue(chain)
    squatted = {"institution": 2, "usage": 1, "since": FOUNDED, "operatorIndex": 2, "compromisedSince": FOUNDED}
    chain.put("Keys", "_keys", 2, keccak256(raw(ISSUER_KEY)), **squatted)
    assert judge(bundle, chain, chain.policy()).code == "ok"


@pytest.mark.parametrize("fields", [{"since": ANCHORED + 1}, {"until": ANCHORED}, {"institution": 0, "since": 0}])
def test_a_did_counts_from_its_first_second_to_before_its_last(
    chain: World, judge: Judge, fields: dict[str, int]
) -> None:
    bundle = issue(chain)
    chain.put("Keys", "_dids", keccak256(DID.encode()), since=ANCHORED, until=ANCHORED + 1)
    assert judge(bundle, chain, chain.policy()).code == "ok"
    chain.put("Keys", "_dids", keccak256(DID.encode()), **fields)
    refused(judge(bundle, chain, chain.policy()), "issuer_unknown", "issuer")


def test_a_successor_of_the_register_touches_neither_keys_nor_history(chain: World, judge: Judge) -> None:
    bundle = issue(chain)
    chain.deploy("IssuerRegistry", b"\x77" * 20, ANCHORED + 60, version=2)
    registry = {"state": 2, "since": ANCHORED + 60, "nameHash": int.from_bytes(keccak256(NAME.encode()), "big")}
    chain.put("IssuerRegistry", "_issuers", 1, **registry, address=b"\x77" * 20)
    assert judge(bundle, chain, chain.policy()).code == "ok"


def test_an_operator_that_retired_since_does_not_matter(chain: World, judge: Judge) -> None:
    bundle = issue(chain)
    chain.put("Operators", "_operators", 1, 3, until=ANCHORED + 1)
    assert judge(bundle, chain, chain.policy()).code == "ok"


# 7 status -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("variable", "code"), [("_revoked", "revoked"), ("_suspended", "suspended")])
def test_a_bit_in_the_list_takes_the_credential_out_of_force_and_its_neighbours_do_not(
    chain: World, judge: Judge, variable: str, code: str
) -> None:
    bundle = issue(chain)
    for index in (70_000, 70_002, 70_001 - 256, 70_001 + 256):
        chain.revoke(index, variable)
    assert judge(bundle, chain, chain.policy()).code == "ok"
    chain.revoke(70_001, variable)
    refused(judge(bundle, chain, chain.policy()), code, "status")
    assert judge(bundle, chain, chain.policy()).exit_code == 4


def test_revoked_beats_suspended(chain: World, judge: Judge) -> None:
    bundle = issue(chain)
    chain.revoke(70_001, "_suspended")
    chain.revoke(70_001, "_revoked")
    refused(judge(bundle, chain, chain.policy()), "revoked", "status")


def test_a_void_batch_is_suspended_until_the_second_written_down_and_then_revoked(chain: World, judge: Judge) -> None:
    bundle = issue(chain)
    now = chain.timestamp if judge is by_believed_node else SEALED
    for revoked_from, code in ((now + 1, "suspended"), (now, "revoked")):
        chain.void(bundle, revoked_from=revoked_from)
        verdict = judge(bundle, chain, chain.policy())
        refused(verdict, code, "status")
        assert verdict.exit_code == 4
        assert verdict.check("status").facts == {
            "list": 1,
            "of": "batch",
            "batchId": "0x" + bundle.anchor.batch_id.hex(),
            "since": iso(ANCHORED + 5),
            "reason": "issued_in_error",
            "revoked_from": iso(revoked_from),
        }


@pytest.mark.parametrize("mark", ["lifted", "cleared"])
def test_a_batch_whose_voiding_was_lifted_or_cleared_is_in_force(chain: World, judge: Judge, mark: str) -> None:
    bundle = issue(chain)
    chain.void(bundle, **{mark: ANCHORED + 6})
    assert judge(bundle, chain, chain.policy()).code == "ok"


def test_the_voiding_of_another_batch_or_of_another_version_says_nothing(chain: World, judge: Judge) -> None:
    bundle, other = issue(chain), chain.issue([credential(9, status_index=9)])[0]
    chain.void(other)
    chain.put("StatusRegistry", "_voids", 2, bundle.anchor.batch_id, since=ANCHORED + 5)
    assert judge(bundle, chain, chain.policy()).code == "ok"
    assert judge(other, chain, chain.policy()).code == "suspended"


def test_what_is_revoked_by_itself_is_told_so_though_its_batch_is_suspended(chain: World, judge: Judge) -> None:
    bundle = issue(chain)
    chain.void(bundle, revoked_from=SEALED + 100)
    chain.revoke(70_001)
    verdict = judge(bundle, chain, chain.policy())
    refused(verdict, "revoked", "status")
    assert "of" not in verdict.check("status").facts
    chain.void(bundle, revoked_from=ANCHORED)
    assert judge(bundle, chain, chain.policy()).code == "revoked"


def test_a_void_batch_beats_a_credentials_own_suspension_once_it_counts_as_revoked(chain: World, judge: Judge) -> None:
    bundle = issue(chain)
    chain.revoke(70_001, "_suspended")
    chain.void(bundle, revoked_from=ANCHORED)
    refused(judge(bundle, chain, chain.policy()), "revoked", "status")


@pytest.mark.parametrize("fields", [{"openedAt": 0}, {"issuer": 2}, {"log2size": 16}])
def test_an_entry_that_is_not_in_a_list_of_the_issuers_proves_nothing(
    chain: World, judge: Judge, fields: dict[str, int]
) -> None:
    bundle = issue(chain)
    chain.put("StatusRegistry", "_lists", 1, **fields)
    verdict = judge(bundle, chain, chain.policy())
    assert (verdict.outcome, verdict.code, verdict.check("status").result) == ("indeterminate", "unproven", "unknown")


def test_status_is_read_where_the_batch_says_even_after_the_registry_was_replaced(chain: World, judge: Judge) -> None:
    bundle = issue(chain)
    chain.deploy("StatusRegistry", b"\x14" * 20, ANCHORED + 10, version=2)
    assert judge(bundle, chain, chain.policy()).code == "ok"
    chain.revoke(70_001)
    assert judge(bundle, chain, chain.policy()).code == "revoked"


# 8 validity ---------------------------------------------------------------------------------------------------------


def test_the_period_of_validity_begins_and_ends_at_its_seconds(chain: World) -> None:
    bundle = issue(chain, valid_until="2026-05-28T20:51:59Z", validFrom="2026-05-28T20:51:50Z")

    def code(second: int) -> str:
        return by_evidence(bundle, chain, chain.policy(), datetime(2026, 5, 28, 20, 51, second, tzinfo=UTC)).code

    assert [code(second) for second in (49, 50, 59)] == ["not_yet_valid", "ok", "ok"]
    late = datetime(2026, 5, 28, 20, 52, 0, tzinfo=UTC)
    refused(by_evidence(bundle, chain, chain.policy(), late), "expired", "validity")


def test_an_expired_credential_is_expired_even_where_the_chain_cannot_be_read(chain: World) -> None:
    bundle = issue(chain, valid_until="2026-05-02T00:00:00Z")
    refused(verify(bundle, Chain.offline(), chain.policy(), NOW), "expired", "validity")


# kinds --------------------------------------------------------------------------------------------------------------


def test_an_imported_entry_is_never_valid_but_its_revocation_counts(chain: World, judge: Judge) -> None:
    own = issue(chain)
    assert own.document is not None
    bundle = imported(chain, own)
    verdict = judge(bundle, chain, chain.policy())
    assert (verdict.outcome, verdict.code, verdict.exit_code) == ("indeterminate", "imported", 7)
    assert [check.result for check in verdict.checks[:2]] == ["skipped", "skipped"]
    chain.revoke(70_001)
    refused(judge(bundle, chain, chain.policy()), "revoked", "status")


def imported(chain: World, own: Bundle) -> Bundle:
    """A batch of one imported entry, at the place and with the claims of a credential."""
    from testamur.batch.anchor import batch_id
    from testamur.proof.merkle import leaf_hash

    assert own.document is not None
    inclusion = replace(own.inclusion, kind=2, leaf_index=0, size=1, path=())
    bundle = Bundle(None, Foreign(b"\x31" * 32, own.document.claims), inclusion, own.anchor)
    root = leaf_hash(bundle.leaf.encode())
    identifier = batch_id(own.anchor.chain_id, own.anchor.contract, 2, 1, 1, 1, root)
    chain.put(
        "CredentialBatches", "_batches", identifier,
        issuer=1, operatorIndex=3, scopeIndex=1, list=1, size=1, time=ANCHORED, blockNumber=3, kind=2, statusVersion=1,
    )  # fmt: skip
    return replace(bundle, anchor=replace(own.anchor, root=root, batch_id=identifier))


def test_the_first_failed_check_decides_and_later_ones_are_still_told(chain: World, judge: Judge) -> None:
    bundle = issue(chain, did="did:web:stranger.example", valid_until="2026-05-02T00:00:00Z")
    chain.revoke(70_001)
    verdict = judge(bundle, chain, chain.policy())
    refused(verdict, "issuer_unknown", "issuer")
    assert [check.code for check in verdict.checks[4:8]] == ["issuer_unknown", None, "revoked", "expired"]


def test_dids_are_looked_up_exactly(chain: World) -> None:
    assert DID == "did:web:cdou.example"
    assert FOUNDED < ANCHORED
    refused(by_evidence(issue(chain, did="did:web:CDOU.example"), chain, chain.policy()), "issuer_unknown", "issuer")
