"""Bearer tokens: what is good, and every way of not being it."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from testamur_node.rpc.access.permissions import Permissions
from testamur_node.rpc.access.principal import Principal
from testamur_node.rpc.access.token_keys import read_public_key, read_secret
from testamur_node.rpc.access.tokens import LONGEST_TOKEN, TokenError, TokenRules, bearer, principal_of

from tests.node.access.tokens import ALGORITHMS, PrivateKey, base64url, forged, new_key, public_pem, signed

NOW = 1_000_000.0
CLAIMS: dict[str, Any] = {"sub": "alice", "exp": NOW + 60, "permissions": ["eth:*", "net:version"]}
KEYS: dict[str, PrivateKey] = {algorithm: new_key(algorithm) for algorithm in ALGORITHMS}


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> dict[str, TokenRules]:
    """Rules with one key each, read from the files that an operator would have."""
    folder, found = tmp_path_factory.mktemp("keys"), {}
    for algorithm, key in KEYS.items():
        file = folder / algorithm
        if isinstance(key, bytes):
            file.write_text(key.hex() + "\n", encoding="ascii")
            found[algorithm] = TokenRules((read_secret(file),))
        else:
            file.write_bytes(public_pem(key))
            found[algorithm] = TokenRules((read_public_key(file),))
    return found


@pytest.fixture(scope="module")
def hs256(rules: dict[str, TokenRules]) -> TokenRules:
    return rules["HS256"]


def token(claims: dict[str, Any], **header: Any) -> str:
    return signed("HS256", KEYS["HS256"], claims, **header)


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in CLAIMS.items() if key != name}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_names_its_holder_and_what_they_may_ask(rules: dict[str, TokenRules], algorithm: str) -> None:
    principal = principal_of(rules[algorithm], signed(algorithm, KEYS[algorithm], CLAIMS), NOW)
    assert (principal.name, principal.is_known, principal.expires_at) == ("token:alice", True, NOW + 65)
    assert principal.may("eth_call")
    assert not principal.may("net_listening")
    assert not principal.may("debug_traceCall")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_one_changed_claim_or_letter_is_refused(rules: dict[str, TokenRules], algorithm: str) -> None:
    good = signed(algorithm, KEYS[algorithm], CLAIMS)
    for bad in (forged(good, permissions=["*:*"]), forged(good, exp=NOW + 10**6), good[:-8] + "AAAAAAAA"):
        with pytest.raises(TokenError):
            principal_of(rules[algorithm], bad, NOW)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_another_key_of_the_same_kind_is_refused(rules: dict[str, TokenRules], algorithm: str) -> None:
    other: PrivateKey = b"another secret of these tests!!!" if algorithm == "HS256" else new_key(algorithm)
    with pytest.raises(TokenError, match="not good"):
        principal_of(rules[algorithm], signed(algorithm, other, CLAIMS), NOW)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_a_public_key_is_never_taken_as_a_secret(rules: dict[str, TokenRules], algorithm: str) -> None:
    """The confusion of RFC 8725, 2.1: an HMAC made with the public key, which everybody has."""
    for secret in (public_pem(KEYS[algorithm]), public_pem(KEYS[algorithm]).strip()):
        with pytest.raises(TokenError, match="not accepted here"):
            principal_of(rules[algorithm], signed("HS256", secret, CLAIMS), NOW)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("name", ["none", "None", "NONE", "", "HS384", "RS512", "PS256", "ES256K", None, 5, ["HS256"]])
def test_an_algorithm_that_the_key_does_not_have_is_refused(
    rules: dict[str, TokenRules], algorithm: str, name: object
) -> None:
    for made in (signed(algorithm, KEYS[algorithm], CLAIMS, alg=name),):
        head, body, _ = made.split(".")
        for bad in (made, f"{head}.{body}."):
            with pytest.raises(TokenError):
                principal_of(rules[algorithm], bad, NOW)


def test_the_new_name_of_eddsa_is_known(rules: dict[str, TokenRules]) -> None:
    made = signed("Ed25519", KEYS["EdDSA"], CLAIMS)
    assert principal_of(rules["EdDSA"], made, NOW).name == "token:alice"
    with pytest.raises(TokenError):
        principal_of(rules["ES256"], made, NOW)


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        (without("exp"), "no end"),
        ({**without("exp"), "iat": NOW - 61}, "no end"),
        ({**without("exp"), "iat": NOW + 61}, "no end"),
        ({**without("exp"), "iat": "now"}, "no end"),
        ({**without("exp"), "iat": float("nan")}, "no end"),
        ({**CLAIMS, "exp": NOW - 5}, "expired"),
        ({**CLAIMS, "exp": "soon"}, "exp"),
        ({**CLAIMS, "exp": None}, "exp"),
        ({**CLAIMS, "exp": True}, "exp"),
        ({**CLAIMS, "exp": float("inf")}, "exp"),
        ({**CLAIMS, "exp": float("nan")}, "exp"),
        ({**CLAIMS, "nbf": NOW + 6}, "not yet valid"),
        ({**CLAIMS, "iat": NOW + 6}, "future"),
        ({**CLAIMS, "nbf": "now"}, "nbf"),
        ({**CLAIMS, "sub": 5}, "sub"),
        ({**CLAIMS, "sub": "a" * 201}, "sub"),
        ({**CLAIMS, "sub": "a\nb"}, "sub"),
        ({**CLAIMS, "permissions": "eth:*"}, "permissions"),
        ({**CLAIMS, "permissions": {"eth": "*"}}, "permissions"),
        ({**CLAIMS, "permissions": ["eth:*", "eth:"]}, "is not a permission"),
        ({**CLAIMS, "permissions": [5]}, "is not a permission"),
        ({**CLAIMS, "permissions": ["*"] * 1_001}, "permissions"),
    ],
)
def test_a_claim_that_is_not_good_is_named(hs256: TokenRules, claims: dict[str, Any], reason: str) -> None:
    with pytest.raises(TokenError, match=reason):
        principal_of(hs256, token(claims), NOW)


def test_clocks_may_be_apart_by_the_leeway_and_no_more(hs256: TokenRules) -> None:
    assert principal_of(hs256, token({**CLAIMS, "exp": NOW - 4}), NOW).name == "token:alice"
    assert principal_of(hs256, token({**CLAIMS, "nbf": NOW + 5, "iat": NOW + 5}), NOW).name == "token:alice"
    strict = TokenRules(hs256.keys, leeway_seconds=0)
    with pytest.raises(TokenError, match="expired"):
        principal_of(strict, token({**CLAIMS, "exp": NOW}), NOW)


@pytest.mark.parametrize(
    ("claims", "is_good"),
    [
        ({"iss": "https://login", "aud": "node"}, True),
        ({"iss": "https://login", "aud": ["other", "node"]}, True),
        ({"iss": "https://evil", "aud": "node"}, False),
        ({"iss": "https://login", "aud": "other"}, False),
        ({"iss": "https://login", "aud": []}, False),
        ({"iss": "https://login"}, False),
        ({"aud": "node"}, False),
        ({"iss": ["https://login"], "aud": "node"}, False),
    ],
)
def test_issuer_and_audience_count_where_they_are_settled(
    hs256: TokenRules, claims: dict[str, Any], is_good: bool
) -> None:
    rules = TokenRules(hs256.keys, issuer="https://login", audience="node")
    if is_good:
        assert principal_of(rules, token({**CLAIMS, **claims}), NOW).is_known
    else:
        with pytest.raises(TokenError):
            principal_of(rules, token({**CLAIMS, **claims}), NOW)
    assert principal_of(hs256, token({**CLAIMS, **claims} | {"iss": "any"}), NOW).is_known


def asked(rules: TokenRules, claims: dict[str, Any]) -> Principal:
    return principal_of(rules, token(claims), NOW)


def test_the_settings_narrow_what_a_token_says_and_never_widen_it(hs256: TokenRules) -> None:
    subjects = {"alice": Permissions.read(["eth", "debug"], ["eth_sign"]), "*": Permissions.read(["net"])}
    rules = TokenRules(hs256.keys, subjects=subjects)
    alice = asked(rules, CLAIMS)
    assert alice.may("eth_call")
    assert not alice.may("eth_sign")
    assert not alice.may("debug_traceCall")
    assert not alice.may("net_version")
    assert asked(rules, without("permissions")).may("debug_traceCall")
    bob = asked(rules, {"sub": "bob", "exp": NOW + 60})
    assert bob.may("net_version")
    assert not bob.may("eth_call")
    assert asked(rules, {"exp": NOW + 60}).may("net_version")
    assert not asked(rules, {"sub": "*", "exp": NOW + 60, "permissions": ["eth"]}).may("eth_call")


def test_a_token_that_says_nothing_grants_nothing(hs256: TokenRules) -> None:
    assert asked(hs256, {"sub": "alice", "exp": NOW + 60}).may_nothing
    assert asked(hs256, {**CLAIMS, "permissions": []}).may_nothing


def test_the_header_must_carry_one_bearer_token() -> None:
    assert bearer(None) is None
    assert bearer("Bearer abc") == "abc"
    assert bearer("bearer   abc ") == "abc"
    for bad in ("", "Bearer", "Bearer ", "Basic abc", "abc", "Token abc", "Bearerabc"):
        with pytest.raises(TokenError):
            bearer(bad)


def test_a_critical_header_that_is_not_understood_is_refused(hs256: TokenRules) -> None:
    assert principal_of(hs256, token(CLAIMS, other="fine"), NOW).is_known
    for header in ({"crit": ["b64"], "b64": False}, {"crit": ["mine"], "mine": 1}, {"crit": []}, {"crit": "exp"}):
        with pytest.raises(TokenError):
            principal_of(hs256, token(CLAIMS, **header), NOW)


@pytest.mark.parametrize("field", ["jku", "jwk", "x5u", "x5c"])
def test_a_key_that_the_token_brings_is_not_looked_at(rules: dict[str, TokenRules], field: str) -> None:
    """CVE-2018-0114 and its like: the header offers a key, or where to fetch one."""
    mine = new_key("ES256")
    value: object = {"jwk": {"kty": "EC"}, "x5c": ["MII"]}.get(field, "https://evil.example/keys.json")
    with pytest.raises(TokenError):
        principal_of(rules["ES256"], signed("ES256", mine, CLAIMS, **{field: value}), NOW)


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")))
def test_any_text_is_refused_in_a_sentence(hs256: TokenRules, text: str) -> None:
    with pytest.raises(TokenError):
        principal_of(hs256, text, NOW)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
                    max_leaves=6)  # fmt: skip


@given(
    st.dictionaries(st.sampled_from(["alg", "typ", "kid", "crit", "b64", "cty"]), JSON, max_size=4),
    st.dictionaries(st.sampled_from(["sub", "exp", "nbf", "iat", "aud", "iss", "permissions"]), JSON, max_size=5)
    | JSON,
)
def test_any_header_and_claims_end_in_a_principal_that_is_entitled_or_a_refusal(
    hs256: TokenRules, header: dict[str, Any], claims: Any
) -> None:
    """Signed with the right key: what is left to go wrong is reading it."""
    try:
        principal = principal_of(hs256, token(claims, **header), NOW)
    except TokenError:
        return
    assert header.get("alg", "HS256") == "HS256"
    assert principal.expires_at is not None
    assert principal.expires_at > NOW
    assert principal.may_nothing or claims["permissions"]


def test_a_token_that_is_too_long_is_refused_unread(hs256: TokenRules) -> None:
    with pytest.raises(TokenError, match="too long"):
        principal_of(hs256, token({**CLAIMS, "more": "x" * LONGEST_TOKEN}), NOW)


def test_deep_nesting_ends_in_a_refusal(hs256: TokenRules) -> None:
    body = base64url(b"[" * 3_000 + b"]" * 3_000)
    head = base64url(json.dumps({"alg": "HS256"}).encode())
    for bad in (f"{head}.{body}.AAAA", f"{body}.{body}.AAAA"):
        with pytest.raises(TokenError):
            principal_of(hs256, bad, NOW)


@pytest.mark.parametrize("seconds", [-60, 0, 60])
def test_a_token_without_an_end_that_was_just_made_ends_a_minute_later(hs256: TokenRules, seconds: int) -> None:
    """geth's rule for its engine API."""
    principal = principal_of(hs256, token({**without("exp"), "iat": NOW + seconds}), NOW)
    assert principal.expires_at == NOW + seconds + 65


def test_a_token_is_called_back_by_its_name_or_its_age(hs256: TokenRules) -> None:
    rules = replace(hs256, revoked=frozenset({"7f3c"}), issued_since=NOW - 10)
    good = {**CLAIMS, "iat": NOW - 10, "jti": "7f3d"}
    assert principal_of(rules, token(good), NOW).name == "token:alice"
    for changed in ({"jti": "7f3c"}, {"iat": NOW - 11}, {"iat": float("nan")}):
        with pytest.raises(TokenError, match=r"was revoked|not good"):
            principal_of(rules, token({**good, **changed}), NOW)
    with pytest.raises(TokenError, match="was revoked, with all that were made before"):
        principal_of(rules, token(CLAIMS), NOW)
