"""What makes a JSON object a credential of ours: each rule of docs/protocol.md 1, accepted and refused."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest
from testamur.batch.claims import Claims
from testamur.credential import document
from testamur.credential.canonical import MAX_BLANK_NODES, canonical_nquads
from testamur.credential.document import Labels
from testamur.credential.errors import MalformedError
from testamur.credential.multibase import encode_key
from testamur.credential.proof import sign
from testamur.credential.strict import MAX_DOCUMENT_BYTES

from tests.client.credential import sample

Tree = dict[str, Any]


def _refusal(change: Callable[[Tree], object]) -> MalformedError:
    tree = sample.signed()
    change(tree)
    with pytest.raises(MalformedError) as caught:
        document.parse(sample.data(tree))
    return caught.value


def _subject(tree: Tree) -> Tree:
    subject: Tree = tree["credentialSubject"]
    return subject


def _achievement(tree: Tree) -> Tree:
    achievement: Tree = tree["credentialSubject"]["achievement"]
    return achievement


def _level(tree: Tree) -> Tree:
    level: Tree = _achievement(tree)["alignment"][0]
    return level


def _set(tree: Tree, path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for key in parents:
        tree = tree[int(key)] if isinstance(tree, list) else tree[key]
    tree[last] = value


def test_a_credential_gives_its_facts() -> None:
    parsed = document.parse(sample.data(sample.signed()))
    assert parsed.issuer_did == sample.DID
    assert parsed.issuer_name == "成都开放大学"
    assert parsed.key == sample.PUBLIC_KEY
    assert parsed.verification_method == sample.METHOD
    assert parsed.claims == Claims(
        1, 2, 5, 5101, 118_500, int(datetime(2036, 6, 30, 15, 59, 59, tzinfo=UTC).timestamp())
    )
    assert parsed.labels == Labels("终身学习成果框架", "5", "专科")
    assert (parsed.list, parsed.status_index) == (3, 94567)
    assert parsed.valid_from == datetime(2026, 6, 30, 16, tzinfo=UTC)
    assert (parsed.subject_name, parsed.achievement_name) == ("李华", "软件工程")


def test_a_credential_without_end_credits_or_name_gives_zero_zero_and_none() -> None:
    tree = sample.unsigned()
    del tree["validUntil"]
    del _subject(tree)["creditsEarned"]
    del _subject(tree)["identifier"]
    parsed = document.parse(sample.data(sample.signed(tree)))
    assert (parsed.claims.valid_until, parsed.claims.credits_thousandths) == (0, 0)
    assert (parsed.valid_until, parsed.subject_name) == (None, None)


def test_space_between_tokens_does_not_change_the_canonical_form() -> None:
    tree = sample.signed()
    spaced = json.dumps(tree, indent=3, ensure_ascii=True).encode()
    assert document.parse(spaced).canonical == document.parse(sample.data(tree)).canonical


def test_every_further_document_of_a_shape_is_judged_by_the_compiled_shape_alike() -> None:
    for number in range(4):
        tree = sample.unsigned()
        _subject(tree)["identifier"][0]["identityHash"] = f'李"{number}\\'
        parsed = document.parse(sample.data(sample.signed(tree)))
        assert parsed.nquads == canonical_nquads(tree)
        broken = sample.signed(tree)
        _achievement(broken)["id"] = "software-engineering"
        with pytest.raises(MalformedError) as caught:
            document.parse(sample.data(broken))
        assert caught.value.path == "$.credentialSubject.achievement.id"
        broken = sample.signed(tree)
        _achievement(broken)["tag"] = ["软件", "软件"]
        with pytest.raises(MalformedError) as caught:
            document.parse(sample.data(broken))
        assert caught.value.path == "$.credentialSubject.achievement.tag[1]"


@pytest.mark.parametrize(
    "contexts",
    [
        [],
        "https://www.w3.org/ns/credentials/v2",
        ["https://www.w3.org/ns/credentials/v2"],
        ["https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json", "https://www.w3.org/ns/credentials/v2"],
        [
            "https://www.w3.org/ns/credentials/v2",
            "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
            {"name": "https://example.org/other"},
        ],
        ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json"],
    ],
)
def test_other_contexts_than_the_two_in_order_are_refused(contexts: Any) -> None:
    assert _refusal(lambda tree: tree.update({"@context": contexts})).path == "$['@context']"


def test_a_context_inside_is_refused() -> None:
    error = _refusal(lambda tree: _subject(tree).update({"@context": {"name": "urn:other"}}))
    assert error.path == '$.credentialSubject["@context"]'


@pytest.mark.parametrize(
    "keyword", ["@id", "@type", "@value", "@graph", "@language", "@included", "@reverse", "@none", "@x"]
)
def test_keywords_of_json_ld_are_refused(keyword: str) -> None:
    assert keyword in _refusal(lambda tree: _subject(tree).update({keyword: "urn:x"})).path


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("", "undefinedTerm"),
        ("", "https://schema.org/name"),
        ("", "OpenBadgeCredential"),
        ("", "alumniOf"),
        ("", "exp"),
        ("", "creditsEarned"),
        ("issuer", "creditsEarned"),
        ("credentialSubject", "email"),
        ("credentialSubject", "proof"),
        ("credentialSubject.achievement", "creditsEarned"),
        ("credentialSubject.achievement.criteria", "targetUrl"),
    ],
)
def test_a_key_that_no_context_in_force_defines_is_refused(path: str, key: str) -> None:
    """MUST: every key is defined in its scope; canonicalisation would drop it unsigned."""

    def add(tree: Tree) -> None:
        for part in path.split(".") if path else ():
            tree = tree[part]
        tree[key] = "urn:x"

    error = _refusal(add)
    assert error.reason == "no context in force here defines this key"


@pytest.mark.parametrize("path", ["id", "issuer.id", "credentialSubject.achievement.id"])
@pytest.mark.parametrize(
    "iri", ["relative", "//host/x", "urn:a%zz", "urn:a#b#c", "urn:a b", "urn:", "_:b0", "", "http://[::1]/", 5]
)
def test_an_id_that_is_no_absolute_iri_is_refused(path: str, iri: Any) -> None:
    """MUST: every id is an absolute IRI; processors drop or resolve the others."""
    assert _refusal(lambda tree: _set(tree, path, iri)).path == f"$.{path}"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", None),
        ("name", []),
        ("name", {}),
        ("name", [["x"]]),
        ("credentialSubject.creditsEarned", "118.5"),
        ("credentialSubject.creditsEarned", True),
        ("credentialSubject.identifier.0.hashed", "false"),
        ("credentialSubject.achievement.tag", ["x", "x"]),
        ("credentialSubject.achievement.tag", ["x", {"name": "y"}]),
        ("credentialSubject.achievement.image", "picture.png"),
        ("credentialSubject.achievement.type", ["Achievement", "Achievement"]),
        ("credentialSubject.achievement.type", ["Achievement", "Unheard"]),
        ("credentialSubject.achievement.type", []),
        ("credentialSubject.achievement.type", {"a": 1}),
        ("awardedDate", "2026-07-01"),
    ],
)
def test_a_value_that_processors_drop_merge_or_read_in_two_ways_is_refused(path: str, value: Any) -> None:
    _refusal(lambda tree: _set(tree, path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("type", ["VerifiableCredential"]),
        ("type", "VerifiableCredential"),
        ("type", ["OpenBadgeCredential", "VerifiableCredential"]),
        ("issuer", sample.DID),
        ("issuer.type", "Profile"),
        ("issuer.id", "https://cdou.example"),
        ("issuer.id", sample.DID + "#key"),
        ("credentialSubject", []),
        ("credentialSubject.type", ["AchievementSubject", "Achievement"]),
        ("credentialSubject.achievement", "urn:x"),
        ("credentialSubject.achievement.criteria", "urn:x"),
        ("validFrom", "2026-06-30"),
        ("validFrom", "2026-06-30T16:00:00"),
        ("validFrom", "2026-06-30T16:00:00.5Z"),
        ("validFrom", "2026-02-30T16:00:00Z"),
        ("validFrom", "1969-12-31T23:59:59Z"),
        ("validFrom", "0001-01-01T00:00:00+14:00"),
        ("validFrom", "9999-12-31T23:59:59-14:00"),
        ("validUntil", "2026-06-30T16:00:00Z"),
        ("credentialSubject.creditsEarned", 1.2345),
        ("credentialSubject.creditsEarned", -1),
        ("credentialSubject.creditsEarned", [118.5]),
        ("credentialSubject.identifier.0.identityHash", ["李华"]),
        ("credentialSubject.creditsEarned", 4294967.296),
    ],
)
def test_another_shape_than_a_credential_of_ours_is_refused_with_its_place(path: str, value: Any) -> None:
    assert _refusal(lambda tree: _set(tree, path, value)).path.startswith(f"$.{path.partition('.0')[0]}")


@pytest.mark.parametrize("key", ["id", "issuer", "validFrom", "credentialSubject", "credentialStatus", "proof"])
def test_a_credential_that_lacks_a_part_is_refused(key: str) -> None:
    assert _refusal(lambda tree: tree.pop(key)).path.startswith(f"$.{key}")


def test_a_credential_that_lacks_its_type_is_refused_for_the_keys_that_nothing_defines_then() -> None:
    assert _refusal(lambda tree: tree.pop("type")).reason == "no context in force here defines this key"


@pytest.mark.parametrize(
    "url",
    [
        "urn:testamur:framework:1:type:2:rank:256:region:5101",
        "urn:testamur:framework:4294967296:type:2:rank:5:region:5101",
        "urn:testamur:framework:01:type:2:rank:5:region:5101",
        "urn:testamur:framework:1:type:2:rank:5",
        "URN:testamur:framework:1:type:2:rank:5:region:5101",
    ],
)
def test_a_level_that_is_not_written_exactly_so_is_refused(url: str) -> None:
    assert "targetUrl" in _refusal(lambda tree: _level(tree).update(targetUrl=url)).path


def test_no_level_and_two_levels_are_refused_and_a_foreign_alignment_beside_it_passes() -> None:
    assert _refusal(lambda tree: _level(tree).update(targetUrl="urn:other")).reason == "no alignment states the level"

    def second(tree: Tree) -> None:
        _achievement(tree)["alignment"].append({**_level(tree), "targetCode": "6"})

    assert _refusal(second).reason == "a second level"
    tree = sample.unsigned()
    _achievement(tree)["alignment"].append({"type": ["Alignment"], "targetUrl": "urn:other", "targetName": "x"})
    assert document.from_tree(sample.signed(tree)).claims.rank == 5


@pytest.mark.parametrize(
    "change",
    [
        lambda entries: entries.pop(),
        lambda entries: entries.append(dict(entries[0])),
        lambda entries: entries.reverse(),
        lambda entries: entries[1].update(statusListIndex="94568"),
        lambda entries: entries[1].update(statusListCredential="https://cdou.example/v1/status-lists/4"),
        lambda entries: [entry.update(statusListIndex="094567") for entry in entries],
        lambda entries: [entry.update(statusListIndex=94567) for entry in entries],
        lambda entries: [entry.update(statusListIndex="4294967296") for entry in entries],
        lambda entries: [
            entry.update(statusListCredential="https://cdou.example/v1/status-lists/x") for entry in entries
        ],
        lambda entries: [
            entry.update(statusListCredential="http://cdou.example/v1/status-lists/3") for entry in entries
        ],
        lambda entries: entries[0].update(type="StatusList2021Entry"),
        lambda entries: entries[0].update(statusSize=1),
    ],
)
def test_other_status_entries_than_revocation_and_suspension_in_one_place_are_refused(
    change: Callable[[list[Tree]], object],
) -> None:
    assert _refusal(lambda tree: change(tree["credentialStatus"])).path.startswith("$.credentialStatus")


@pytest.mark.parametrize(
    "change",
    [
        lambda proof: proof.update(type="Ed25519Signature2020"),
        lambda proof: proof.update(cryptosuite="eddsa-jcs-2022"),
        lambda proof: proof.update(cryptosuite=["eddsa-rdfc-2022"]),
        lambda proof: proof.update(proofPurpose="authentication"),
        lambda proof: proof.update(created="yesterday"),
        lambda proof: proof.update(verificationMethod=sample.METHOD.replace("cdou", "uestc")),
        lambda proof: proof.update(verificationMethod=sample.METHOD + "x"),
        lambda proof: proof.update(verificationMethod=sample.DID + "#key-1"),
        lambda proof: proof.update(verificationMethod=5),
        lambda proof: proof.update(proofValue="u" + proof["proofValue"][1:]),
        lambda proof: proof.update(proofValue="z" + "1" * 64 + "2"),
        lambda proof: proof.update(proofValue=proof["proofValue"] + "O"),
        lambda proof: proof.update(challenge="x"),
        lambda proof: proof.update(expires="2030-01-01T00:00:00Z"),
        lambda proof: proof.update(id="urn:x"),
        lambda proof: proof.pop("created"),
    ],
)
def test_anything_but_one_plain_eddsa_rdfc_2022_proof_is_refused(change: Callable[[Tree], object]) -> None:
    assert _refusal(lambda tree: change(tree["proof"])).path.startswith("$.proof")


def test_an_array_of_proofs_is_refused() -> None:
    assert _refusal(lambda tree: tree.update(proof=[tree["proof"]])).path == "$.proof"
    assert _refusal(lambda tree: tree.update(proof=[tree["proof"], tree["proof"]])).path == "$.proof"


def test_a_did_key_issuer_signs_with_that_key_and_no_other() -> None:
    fragment = encode_key(sample.PUBLIC_KEY)
    tree = sample.unsigned()
    tree["issuer"]["id"] = f"did:key:{fragment}"
    good = sign(tree, sample.KEY, f"did:key:{fragment}#{fragment}", sample.CREATED)
    assert document.from_tree(good).key == sample.PUBLIC_KEY
    other = encode_key(b"\x09" * 32)
    tree["issuer"]["id"] = f"did:key:{other}"
    with pytest.raises(MalformedError, match="did:key"):
        document.from_tree(sign(tree, sample.KEY, f"did:key:{other}#{fragment}", sample.CREATED))


def test_many_alike_objects_are_refused_and_a_few_pass() -> None:
    def with_alike(count: int) -> Tree:
        tree = sample.unsigned()
        _achievement(tree)["resultDescription"] = [{"type": ["ResultDescription"], "name": "x"} for _ in range(count)]
        return tree

    few = with_alike(3)
    assert document.from_tree(sample.signed(few)).nquads == canonical_nquads(few)
    forged = {**with_alike(7), "proof": sample.signed()["proof"]}
    with pytest.raises(MalformedError, match="look alike"):
        document.from_tree(forged)


def test_more_objects_without_an_id_than_the_limit_are_refused_and_as_many_pass() -> None:
    def with_objects(count: int) -> Tree:
        tree = sample.unsigned()
        _achievement(tree)["related"] = [{"type": ["Related"], "version": str(number)} for number in range(count)]
        return {**tree, "proof": sample.signed()["proof"]}

    others = 5  # subject, two identities, criteria, alignment
    assert document.from_tree(with_objects(MAX_BLANK_NODES - others))
    with pytest.raises(MalformedError, match="objects without an id"):
        document.from_tree(with_objects(MAX_BLANK_NODES - others + 1))


def test_the_greatest_credential_inside_a_bundle_is_as_great_as_one_alone() -> None:
    tree = sample.unsigned()
    _achievement(tree)["name"] = "x" * MAX_DOCUMENT_BYTES
    with pytest.raises(MalformedError, match="at most"):
        document.from_tree(sample.signed(tree))


def test_the_official_schema_of_open_badges_accepts_the_sample_but_for_its_two_status_entries(vectors: Any) -> None:
    """The schema wants one status object where VC 2.0 allows, and docs/protocol.md 1 demands, two."""
    schema = json.loads((vectors / "ob3" / "schemas" / "ob_v3p0_achievementcredential_schema.json").read_text())
    errors = list(jsonschema.Draft201909Validator(schema).iter_errors(sample.signed()))
    assert [error.json_path for error in errors] == ["$.credentialStatus"]
