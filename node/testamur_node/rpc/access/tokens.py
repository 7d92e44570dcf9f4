"""From a bearer token to a principal: RFC 7519 tokens, checked against keys that were read at start or on SIGHUP.

The token names a key by `kid`, never an algorithm that the key does not have. It must end (`exp`) or be made just now
(`iat`, as for geth's engine API), and tells what its holder may ask in Besu's claim `permissions`; what
`[permissions.token]` says of its subject narrows that. Tokens are called back by `jti`, or all of a time together.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError, UnsupportedAlgorithmError
from joserfc.jws import JWSRegistry, extract_compact

from testamur_node.errors import NodeError
from testamur_node.rpc.access.permissions import PermissionEntryError, Permissions
from testamur_node.rpc.access.principal import Principal
from testamur_node.rpc.access.token_keys import TokenKey

__all__ = ["DEFAULT_LEEWAY_SECONDS", "LONGEST_TOKEN", "TokenError", "TokenRules", "bearer", "principal_of"]

LONGEST_TOKEN = 8_192
"""Characters; more than any of ours needs, and less than what would be worth sending."""
DEFAULT_LEEWAY_SECONDS = 5
FRESH_SECONDS = 60
"""How far from now a token without `exp` may have been made, as geth and the engine API have it."""
_MOST_PERMISSIONS = 1_000
_LONGEST_SUBJECT = 200
ANYBODY = "*"


class TokenError(NodeError):
    """A token is not good; the sentence is for its holder and tells nothing about the keys."""


@dataclass(frozen=True, slots=True)
class TokenRules:
    """What makes a token good here."""

    keys: tuple[TokenKey, ...]
    issuer: str | None = None
    """What `iss` must be; None: anything."""
    audience: str | None = None
    """What `aud` must be or hold; None: anything."""
    leeway_seconds: int = DEFAULT_LEEWAY_SECONDS
    """How far the clocks of issuer and node may be apart."""
    subjects: Mapping[str, Permissions] = field(default_factory=dict)
    """What `[permissions.token]` says about subjects, `*` about all others."""
    revoked: frozenset[str] = frozenset()
    """`jti` of tokens that were called back."""
    issued_since: float | None = None
    """Seconds since 1970: tokens that were made before are called back, and so are those that do not say when."""


class _OneAlgorithm(JWSRegistry):
    """Knows the algorithm of one key. The library warns that `EdDSA` is the old name of Ed25519 (RFC 9864): issuers
    still write it, so here it is taken without a warning at each request."""

    def __init__(self, key: TokenKey) -> None:
        super().__init__(algorithms=key.algorithms, strict_check_header=False)

    def get_alg(self, name: str) -> Any:
        """The algorithm of that name, if it is this key's."""
        if name not in (self.allowed or ()):
            raise UnsupportedAlgorithmError(f"Algorithm of '{name}' is not allowed")
        return self.algorithms[name]


def bearer(authorization: str | None) -> str | None:
    """The token of an Authorization header; None where there is no header. Raises `TokenError` for another scheme."""
    if authorization is None:
        return None
    scheme, _, token = authorization.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenError("the Authorization header holds no bearer token")
    return token.strip()


def _key(rules: TokenRules, token: str) -> TokenKey:
    """The one key that a token may be checked with, by what its header says."""
    if len(token) > LONGEST_TOKEN or not token.isascii():
        raise TokenError("the token is too long or not ASCII")
    try:
        header = extract_compact(token.encode()).headers()
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise TokenError("the token is not a signed JSON Web Token") from error
    if "crit" in header or "b64" in header:
        raise TokenError("the token wants an extension that is not known here")  # RFC 7515, 4.1.11; RFC 7797, 7
    identity, algorithm = header.get("kid"), header.get("alg")
    named = [key for key in rules.keys if identity is not None and key.identity == identity]
    candidates = named or [key for key in rules.keys if identity is None or key.identity is None]
    fitting = [key for key in candidates if algorithm in key.algorithms]
    if len(fitting) != 1:
        raise TokenError("the token was signed with a key or an algorithm that is not accepted here")
    return fitting[0]


def _claims(rules: TokenRules, token: str, now: float) -> dict[str, object]:
    key = _key(rules, token)
    wanted: dict[str, jwt.ClaimsOption] = {
        name: {"essential": True, "value": value}
        for name, value in (("iss", rules.issuer), ("aud", rules.audience))
        if value is not None
    }
    try:
        claims: dict[str, object] = jwt.decode(token, key.key, registry=_OneAlgorithm(key)).claims
        leeway = rules.leeway_seconds
        if "exp" not in claims:
            claims, leeway = {**claims, "exp": _end_of_fresh(claims.get("iat"), now)}, max(leeway, FRESH_SECONDS)
        jwt.JWTClaimsRegistry(int(now), leeway, exp={"essential": True}, **wanted).validate(claims)
    except ExpiredTokenError as error:
        raise TokenError("the token has expired") from error
    except JoseError as error:
        raise TokenError(f"the token is not good: {error}") from error
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise TokenError("the token is not good: it cannot be read") from error
    return claims


def _end_of_fresh(made_at: object, now: float) -> float:
    """When a token ends that names no end; `TokenError` where it was not made just now."""
    if isinstance(made_at, bool) or not isinstance(made_at, int | float) or not abs(now - made_at) <= FRESH_SECONDS:
        raise TokenError(f"the token has no end, and was not made within {FRESH_SECONDS} s of now")
    return made_at + FRESH_SECONDS


def _demand_in_force(rules: TokenRules, claims: Mapping[str, object]) -> None:
    """Refuse what was called back."""
    identity = claims.get("jti")
    if isinstance(identity, str) and identity in rules.revoked:
        raise TokenError("the token was revoked")
    if rules.issued_since is not None:
        made_at = claims.get("iat")
        if not isinstance(made_at, int | float) or not made_at >= rules.issued_since:
            raise TokenError("the token was revoked, with all that were made before a certain time")


def principal_of(rules: TokenRules, token: str, now: float) -> Principal:
    """Who shows this token, at `now` in seconds since 1970; raises `TokenError`.

    1. its header names one of our keys, with that key's algorithm     2. the signature is that key's
    3. `exp` is ahead, or `iat` is now; `nbf`, `iat`, `iss`, `aud` fit 4. it was not called back
    5. `permissions`, where there, can be read
    6. the claim or the settings grant something: silence on both sides grants nothing
    """
    claims = _claims(rules, token, now)
    _demand_in_force(rules, claims)
    expires_at = claims.get("exp")
    if not isinstance(expires_at, int | float) or not math.isfinite(expires_at):
        raise TokenError("the token is not good: exp is no time")
    subject = claims.get("sub", "")
    if not isinstance(subject, str) or len(subject) > _LONGEST_SUBJECT or not subject.isprintable():
        raise TokenError("the token is not good: sub is no name")
    grants = []
    if "permissions" in claims:
        said = claims["permissions"]
        if not isinstance(said, list) or len(said) > _MOST_PERMISSIONS:
            raise TokenError("the token is not good: permissions is no list")
        try:
            grants.append(Permissions.read(said))
        except PermissionEntryError as error:
            raise TokenError(f"the token is not good: {error}") from error
    settled = rules.subjects.get(subject, rules.subjects.get(ANYBODY)) if subject else rules.subjects.get(ANYBODY)
    if settled is not None:
        grants.append(settled)
    return Principal(f"token:{subject}", tuple(grants), True, expires_at + rules.leeway_seconds)
