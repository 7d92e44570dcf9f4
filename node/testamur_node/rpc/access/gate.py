"""The gate of one listener: from headers, address and certificate to a caller, and from their request to yes or no.

What the settings ask for must all be there: with a client authority a certificate, with token keys a token. Who comes
without a token is anonymous, and may then only ask what `[permissions.anonymous]` says: nothing, unless it says so.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from testamur_node.rpc.access import certificates
from testamur_node.rpc.access.addresses import Network, client_address, rate_group
from testamur_node.rpc.access.certificates import TlsFiles
from testamur_node.rpc.access.hosts import HostRules
from testamur_node.rpc.access.permissions import EVERYTHING, NOTHING, Permissions
from testamur_node.rpc.access.principal import DEFAULT_API, LOCAL_API, Judgement, Listener, Principal, judge
from testamur_node.rpc.access.rates import RateRules, Rates
from testamur_node.rpc.access.tokens import TokenError, TokenRules, bearer, principal_of
from testamur_node.rpc.errors import (
    MethodNotFoundError,
    RateLimitError,
    RpcError,
    TokenExpiredError,
    UnauthorizedError,
)

__all__ = ["AccessRules", "Caller", "Gate", "Refused"]


@dataclass(frozen=True, slots=True)
class AccessRules:
    """All that the settings say about who may ask what."""

    hosts: HostRules = field(default_factory=HostRules)
    http: Permissions = field(default_factory=lambda: Permissions.read(DEFAULT_API))
    ws: Permissions = field(default_factory=lambda: Permissions.read(DEFAULT_API))
    ipc: Permissions = field(default_factory=lambda: Permissions.read(LOCAL_API))
    """What each listener opens; `admin.ipc` has no list, it is the operator's."""
    anonymous: Permissions | None = None
    """What may be asked without a token; None: everything where no tokens are asked for, else nothing."""
    tokens: TokenRules | None = None
    """None: no tokens are asked for, and a token that comes is not looked at."""
    tls: TlsFiles | None = None
    certificates: Mapping[str, Permissions] | None = None
    """What the holders of client certificates may ask, by name; None: everything that the listener opens."""
    rates: RateRules = field(default_factory=RateRules)
    trusted_proxies: tuple[Network, ...] = ()
    """Whose X-Forwarded-For is believed."""


class Refused(Exception):  # no fault: an answer that is given before the body is read
    """A caller that does not even get to ask."""

    def __init__(self, error: RpcError, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(str(error))
        self.error = error
        self.status = status
        """Of HTTP (RFC 6750, 3.1; RFC 6585, 4)."""
        self.headers = headers


@dataclass(slots=True)
class Caller:
    """Who asks, for the time of one request or one connection."""

    listener: Listener
    principal: Principal
    clock: Callable[[], float]
    """Seconds since 1970."""
    rates: Rates | None = None
    measure: str = ""
    """Whose bucket is emptied; nobody's where that is empty."""
    origin: str = ""
    """Which connection it is, told from all others."""
    _weighed: int = 0
    _has_asked: bool = False
    _refused: RpcError | None = None

    def admit(self, method: str | None) -> None:
        """Raise what a request for this method is answered with, if it may not be asked; None is what is no request:
        there is nothing to judge about it, but it counts."""
        error = self._refusal(method)
        if error is None and method is None:
            return
        if error is None:
            self._has_asked = True
            return
        self._refused = self._refused or error
        raise error

    def _refusal(self, method: str | None) -> RpcError | None:
        if self.rates is not None and self.measure:
            weight = self.rates.rules.weight(method or "")
            wait = self.rates.take(self.measure, weight)
            self._weighed += weight
            if wait:
                return _too_fast(self.rates.rules, wait)
        if method is None:
            return None
        match judge(self.listener, self.principal, method, self.clock()):
            case Judgement.EXPIRED:
                return TokenExpiredError("the token has expired")
            case Judgement.UNAUTHENTICATED:
                return UnauthorizedError("Unauthorized: show a token with Authorization: Bearer")
            case Judgement.FORBIDDEN:
                return UnauthorizedError(f"Unauthorized: {self.principal.name} may not ask {method}")
            case Judgement.CLOSED:
                return MethodNotFoundError.of(method)
            case Judgement.ALLOWED:
                return None

    @property
    def name(self) -> str:
        """With whom they share turns: whoever is not measured has those of one connection."""
        return self.measure or self.origin

    def charge(self, seconds: float) -> None:
        """Count the seconds of processors that were used: as many requests as the rate lets pass in that time, less
        what they were weighed at."""
        if self.rates is None or not self.measure:
            return
        weighed, self._weighed = self._weighed, 0
        self.rates.charge(self.measure, int(seconds * self.rates.rules.requests_per_second) - weighed)

    def seconds_left(self) -> float | None:
        """How long the token is still good; None where there is none."""
        ends = self.principal.expires_at
        return None if ends is None else max(0.0, ends - self.clock())

    def refusal(self) -> Refused | None:
        """What all that was asked met, where nothing of it got through: one request, or every item of a batch."""
        if self._has_asked or self._refused is None or isinstance(self._refused, MethodNotFoundError):
            return None
        return _refused(self._refused, self.principal.is_known)


def _too_fast(rules: RateRules, wait: float) -> RateLimitError:
    rate = f"{rules.requests_per_second:g}"
    return RateLimitError(f"limit exceeded: at most {rate} requests a second; wait {math.ceil(wait)} s", wait)


def _refused(error: RpcError, is_known: bool = False) -> Refused:
    """With its HTTP status and headers."""
    if isinstance(error, RateLimitError):
        return Refused(error, 429, {"retry-after": str(math.ceil(error.wait_seconds))})
    if isinstance(error, TokenExpiredError):
        return Refused(error, 401, {"www-authenticate": 'Bearer error="invalid_token"'})
    if is_known:
        return Refused(error, 403, {"www-authenticate": 'Bearer error="insufficient_scope"'})
    return Refused(error, 401, {"www-authenticate": "Bearer"})


@dataclass(frozen=True, slots=True)
class Gate:
    """What stands before one network listener."""

    listener: Listener
    rules: AccessRules
    rates: Rates
    clock: Callable[[], float]
    """Seconds since 1970."""

    def caller(
        self, headers: Sequence[tuple[str, str]], peer: str, certificate: bytes | None, origin: str = ""
    ) -> Caller:
        """Who asks: `headers` with names in lower case, the address of the connection, the verified client certificate,
        and a name for the connection that no other has.

        Raises `Refused` for a token that is not good, and for who could not ask anything.
        """
        address = client_address(peer, _values(headers, "x-forwarded-for"), self.rules.trusted_proxies)
        is_measured = address is not None and (self.rules.rates.loopback or not address.is_loopback)
        measure = f"address:{rate_group(address)}" if address is not None and is_measured else ""
        try:
            principal = self._principal(headers, certificate)
        except TokenError as error:
            raise self._turned_away(measure, TokenExpiredError(f"Unauthorized: {error}"), False) from error
        if principal.may_nothing:
            nothing = UnauthorizedError(f"Unauthorized: {principal.name} may not ask anything")
            raise self._turned_away(measure, nothing, principal.is_known)
        if principal.is_known and measure:
            measure = principal.name
        return Caller(self.listener, principal, self.clock, self.rates, measure, origin)

    def _turned_away(self, measure: str, error: RpcError, is_known: bool) -> Refused:
        """The answer to who does not get to ask; guessing is asking, and counts as one request."""
        wait = self.rates.take(measure, 1) if measure else 0.0
        return _refused(_too_fast(self.rules.rates, wait) if wait else error, is_known)

    def _principal(self, headers: Sequence[tuple[str, str]], certificate: bytes | None) -> Principal:
        rules, shown = self.rules, []
        if certificate is not None:
            shown.append(certificates.principal_of(certificate, rules.certificates))
        if rules.tokens is not None:
            values = _values(headers, "authorization")
            if len(values) > 1:
                raise TokenError("there is more than one Authorization header")
            token = bearer(values[0] if values else None)
            if token is not None:
                shown.append(principal_of(rules.tokens, token, self.clock()))
            else:
                shown.append(Principal("anonymous", (rules.anonymous or NOTHING,)))
        elif not shown:
            shown.append(Principal("anonymous", (EVERYTHING if rules.anonymous is None else rules.anonymous,)))
        return _joined(shown)


def _joined(shown: Sequence[Principal]) -> Principal:
    """One principal out of a certificate's and a token's: both must permit."""
    if len(shown) == 1:
        return shown[0]
    return replace(
        shown[-1],  # the token's, with its end
        name=" + ".join(principal.name for principal in shown),
        grants=tuple(grant for principal in shown for grant in principal.grants),
        is_known=all(principal.is_known for principal in shown),
    )


def _values(headers: Sequence[tuple[str, str]], name: str) -> list[str]:
    return [value for key, value in headers if key == name]
